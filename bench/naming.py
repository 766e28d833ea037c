"""How many true headers are named right: a folder of `NAME.json.gz` with name, kind, family, metadata and tensors.

Each is written as a sparse safetensors file, under its own name and under one that says nothing, and identified as
`modelyard identify` does it. Right is kind and family; of equal tensors the family may be among those that are told.
"""

from __future__ import annotations

import gzip
import json
import math
import struct
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from modelyard.library.reading.look import Look
from modelyard.library.reading.pool import Pool

_BYTES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I16": 2}
_DATA = 8


def bench(folder: Path) -> int:
    """Print the score, and every answer that is not right; 1 when one is certain and wrong."""
    known = [json.loads(gzip.decompress(path.read_bytes())) for path in sorted(folder.glob("*.json.gz"))]
    surely_wrong = 0
    with tempfile.TemporaryDirectory() as scratch, Pool() as readers:
        for title, name in (("under their names", "{name}"), ("under names that say nothing", "model-{number}")):
            paths = [
                _written(Path(scratch), name.format(name=one["name"], number=number), one)
                for number, one in enumerate(known)
            ]
            began = time.monotonic()
            found = readers.read([str(path) for path in paths])
            seconds = time.monotonic() - began
            verdicts = Counter(_verdict(one, look) for one, look in zip(known, found, strict=True))
            surely_wrong += verdicts["certain and wrong"]
            right = verdicts["right"] + verdicts["one of several"]
            print(
                f"{title}: {right} of {len(known)} right ({100 * right / max(1, len(known)):.1f} %) in {seconds:.2f} s"
            )
            for verdict, count in verdicts.most_common():
                print(f"  {count:4} {verdict}")
    return 1 if surely_wrong else 0


def _written(folder: Path, name: str, one: dict[str, Any]) -> Path:
    head: dict[str, Any] = {"__metadata__": {key: str(value) for key, value in one["metadata"].items()}}
    at = 0
    for tensor, (dtype, shape) in one["tensors"].items():
        size = _BYTES.get(dtype, 1) * math.prod(shape)
        head[tensor] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(head).encode()
    path = folder / f"{name}.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(_DATA + len(text) + at)
    return path


def _verdict(one: dict[str, Any], look: Look) -> str:
    found = look.identity
    if (found.kind, found.family) == (one["kind"], one["family"]):
        return "right"
    if found.kind == one["kind"] and one["family"] in found.candidates:
        return "one of several"
    told = f"{found.kind} {found.family} for {one['name']}, which is {one['kind']} {one['family']}"
    if found.certainty == "certain":
        print(f"  CERTAIN AND WRONG: {told}")
        return "certain and wrong"
    print(f"  {found.certainty}: {told}")
    return "unknown" if found.family in ("", "unknown") else "not certain, and another one"
