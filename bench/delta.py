"""How much of an old version a new one can reuse: aligned pieces as we do it, beside content-defined chunks.

New versions are made the ways that models really change. A figure is the share of the new file that is found in
the old one, and the CPU seconds that finding it costs for each GiB. Content-defined chunking (a gear hash, as FastCDC
and Xet have it) is written in C here, for the measure only: what is compared must not lose for being Python.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import random
import shutil
import struct
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from modelyard.engine.delta import OldFile, Way

MIB = 2**20
GIB = 2**30
Tensors = dict[str, tuple[str, bytes]]
"""What a model has: dtype and bytes of each tensor, in the order of the file."""

_GEAR = """
#include <stddef.h>
#include <stdint.h>
size_t cut(const uint8_t *data, size_t size, const uint64_t *gear, size_t least, size_t most, uint64_t mask) {
    uint64_t hash = 0;
    size_t end = size < most ? size : most, at = least < end ? least : end;
    for (; at < end; at++) { hash = (hash << 1) + gear[data[at]]; if (!(hash & mask)) return at + 1; }
    return end;
}
"""


def bench(scratch: Path) -> int:
    """Print a table; there is no bar."""
    old, old_path = model(), scratch / "old.bin"
    chunked = chunker(scratch)
    print(f"{'share reused / CPU s per GiB':32}" + "".join(f"{name:>22}" for name in _COLUMNS))
    for says, before, after in versions(old):
        old_path.write_bytes(before)
        figures = [aligned(old_path, after, count) for count in (1, 2, 3)]
        figures += [chunks(chunked, before, after, size) for size in (MIB, 64 * 2**10)] if chunked else []
        print(f"{says:32}" + "".join(f"{share:15.1%} / {cpu:4.2f}" for share, cpu in figures), flush=True)
    return 0


_COLUMNS = ("same place", "+ from the end", "+ by tensors (ours)", "chunks of 1 MiB", "chunks of 64 KiB")


def model(layers: int = 16) -> Tensors:
    """A transformer of 300 MiB in small: large matrices, and norms that are small and odd."""
    noise = random.Random(9)
    sizes = {"attn.qkv": 6 * MIB, "attn.out": 2 * MIB, "mlp.down": 5 * MIB + 4096, "mlp.up": 5 * MIB, "norm": 6144}
    return {
        f"layers.{number:02}.{name}": ("F16", noise.randbytes(size))
        for number in range(layers)
        for name, size in sizes.items()
    }


def safetensors(tensors: Tensors, **metadata: str) -> bytes:
    """The file."""
    head, at = {"__metadata__": {"format": "pt", **metadata}}, 0
    for name, (dtype, data) in tensors.items():
        shape = [len(data) // (2 if dtype == "F16" else 4)]
        head[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data)]}  # type: ignore[dict-item]
        at += len(data)
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(data for _, data in tensors.values())


def versions(old: Tensors) -> Sequence[tuple[str, bytes, bytes]]:
    """What changed, the old file, the new one."""
    noise, name = random.Random(10), "layers.07.mlp.up"
    new = lambda size: ("F16", noise.randbytes(size))  # noqa: E731
    size = len(old[name][1])
    many = {key: new(len(data)) if "qkv" in key else (dtype, data) for key, (dtype, data) in old.items()}
    wider = {key: ("F32", noise.randbytes(2 * size)) if key == name else one for key, one in old.items()}
    inserted = dict(sorted({**old, "layers.03.lora": new(98304), "layers.11.lora": new(98304)}.items()))
    removed = {key: one for key, one in old.items() if not key.startswith("layers.05.")}
    other_order = dict(sorted(old.items(), key=lambda one: one[0][::-1]))
    before, opaque = safetensors(old), b"".join(data for _, data in old.values())
    return [
        ("one tensor retrained", before, safetensors({**old, name: new(size)})),
        ("a third of all tensors retrained", before, safetensors(many)),
        ("metadata edited, head grown", before, safetensors(old, title="another title " * 40)),
        ("two tensors inserted", before, safetensors(inserted)),
        ("a layer removed", before, safetensors(removed)),
        ("a tensor in another dtype", before, safetensors(wider)),
        ("all tensors in another order", before, safetensors(other_order)),
        ("GGUF, its head grown", b"GGUF" + bytes(60_000) + opaque, b"GGUF" + bytes(63_008) + opaque),
        ("another model", before, safetensors({key: new(len(data)) for key, (_, data) in old.items()})),
    ]


def aligned(old: Path, new: bytes, count: int) -> tuple[float, float]:
    """Share and cost of our way: pieces of 1 MiB, looked for in the first `count` ways."""
    digests = [hashlib.sha256(new[start : start + MIB]).hexdigest() for start in range(0, len(new), MIB)]
    begun, found = time.process_time(), 0
    with old.open("rb") as file:
        ways: list[Way] = OldFile(file.fileno(), len(new), new[: 2 * MIB]).ways[:count]
        for index, digest in enumerate(digests):
            size = min(MIB, len(new) - index * MIB)
            for way in ways:
                if hashlib.sha256(way(index * MIB, size)).hexdigest() == digest:
                    found += size
                    ways = [way, *(other for other in ways if other is not way)]
                    break
    return found / len(new), (time.process_time() - begun) * GIB / len(new)


Cut = Callable[[bytes, int], list[bytes]]


def chunker(scratch: Path) -> Cut | None:
    """Cuts bytes where their content says so, into chunks of about so many bytes; None without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        print("no C compiler: content-defined chunks are not measured")
        return None
    source, library = scratch / "gear.c", scratch / "gear.so"
    source.write_text(_GEAR)
    subprocess.run([compiler, "-O3", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    native = ctypes.CDLL(str(library)).cut
    native.restype = ctypes.c_size_t
    native.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, *[ctypes.c_size_t] * 2, ctypes.c_uint64]
    gear = (ctypes.c_uint64 * 256)(*[random.Random(number).getrandbits(64) for number in range(256)])

    def cut(data: bytes, average: int) -> list[bytes]:
        mask = ((1 << (average.bit_length() - 1)) - 1) << (64 - average.bit_length() + 1)
        buffer = ctypes.create_string_buffer(data, len(data))
        base, at, found = ctypes.addressof(buffer), 0, []
        while at < len(data):
            size = native(base + at, len(data) - at, gear, average // 4, average * 4, mask)
            found.append(data[at : at + size])
            at += size
        return found

    return cut


def chunks(cut: Cut, old: bytes, new: bytes, average: int) -> tuple[float, float]:
    """Share and cost of content-defined chunks: the old file is cut and hashed, whatever of it is needed."""
    wanted = [(hashlib.sha256(chunk).digest(), len(chunk)) for chunk in cut(new, average)]
    begun = time.process_time()
    have = {hashlib.sha256(chunk).digest() for chunk in cut(old, average)}
    cpu = time.process_time() - begun
    return sum(size for digest, size in wanted if digest in have) / len(new), cpu * GIB / len(old)
