"""Fuzzes the readers of model files with coverage: `python tests/fuzz/fuzz_formats.py -max_total_time=60 [CORPUS]`."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["modelyard.library"]):
    import msgspec

    from modelyard.library.formats.reading import read_header
    from modelyard.library.identify.identify import identify

_SUFFIXES = (".safetensors", ".gguf", ".ckpt", ".onnx", ".index.json")
_SLOW = 5.0


def one(data: bytes) -> None:
    """Read and identify one input: no exception, in time, and what comes out can be written as JSON."""
    if not data:
        return
    path = Path(tempfile.gettempdir()) / f"fuzz-formats{_SUFFIXES[data[0] % len(_SUFFIXES)]}"
    path.write_bytes(data[1:])
    began = time.monotonic()
    header = read_header(path)
    found = identify(header, path.name)
    msgspec.json.encode((found, header.findings))
    if time.monotonic() - began > _SLOW:
        raise AssertionError("too slow")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
