"""Tiny writers for model files: valid safetensors and GGUF of any size, from a seed."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping

from modelyard.testing.content import Bytes, Content, Noise, Sparse

WIDTHS = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I8": 1, "U8": 1, "F8_E4M3": 1, "BOOL": 1}
_ROOM = 160
_F32, _I8 = 0, 24
_UINT32, _STRING = 4, 8


def safetensors(
    tensors: Mapping[str, tuple[str, tuple[int, ...]]], *, metadata: Mapping[str, str] | None = None, seed: int = 1
) -> Content:
    """A safetensors file with these tensors (``{name: (dtype, shape)}``) and noise as their data."""
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    at = 0
    for name, (dtype, shape) in tensors.items():
        end = at + WIDTHS[dtype] * math.prod(shape)
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, end]}
        at = end
    head = _framed(json.dumps(header, separators=(",", ":")).encode())
    return Noise(len(head) + at, seed, head)


def safetensors_of_size(size: int, *, seed: int = 1, sparse: bool = False) -> Content:
    """A valid safetensors file of exactly ``size`` bytes (below 168 bytes: plain noise)."""
    count = size - 8 - _ROOM
    if count < 0:
        return Noise(size, seed)
    tensor = {"dtype": "U8", "shape": [count], "data_offsets": [0, count]}
    text = json.dumps({"__metadata__": {"format": "pt"}, "weight": tensor}, separators=(",", ":"))
    return (Sparse if sparse else Noise)(size, seed, _framed(text.encode().ljust(_ROOM)))


def safetensors_header(content: Content) -> dict[str, dict[str, object]]:
    """The tensors that a safetensors file names; empty when it is none."""
    if content.size < 8:
        return {}
    (length,) = struct.unpack("<Q", content.read(0, 8))
    if length > min(content.size - 8, 1 << 26) or bytes(content.read(8, 9)) != b"{":
        return {}
    header = json.loads(bytes(content.read(8, 8 + length)))
    return {name: facts for name, facts in header.items() if name != "__metadata__"}


def gguf_of_size(size: int, *, seed: int = 1, architecture: str = "llama", sparse: bool = False) -> Content:
    """A valid GGUF v3 file of exactly ``size`` bytes with one tensor (below 320 bytes: plain noise)."""
    keys = _text("general.architecture") + struct.pack("<I", _STRING) + _text(architecture)
    keys += _text("general.alignment") + struct.pack("<II", _UINT32, 32)
    keys += _text(f"{architecture}.context_length") + struct.pack("<II", _UINT32, 4096)
    fixed = struct.pack("<4sIQQ", b"GGUF", 3, 1, 3) + keys + _text("token_embd.weight")
    room = (len(fixed) + 4 + 8 + 4 + 8 + 31) // 32 * 32
    if size < room:
        return Noise(size, seed)
    head = (fixed + struct.pack("<IQIQ", 1, size - room, _I8, 0)).ljust(room, b"\0")
    return (Sparse if sparse else Noise)(size, seed, head)


def model_content(name: str, data: bytes | int | Content, *, seed: int = 1, sparse: bool = False) -> Content:
    """Content for a file of this name: given bytes as they are, a given size as a valid model of its kind."""
    if isinstance(data, Content):
        return data
    if isinstance(data, bytes):
        return Bytes(data, _head_of(data))
    if name.endswith((".safetensors", ".sft")):
        return safetensors_of_size(data, seed=seed, sparse=sparse)
    if name.endswith(".gguf"):
        return gguf_of_size(data, seed=seed, sparse=sparse)
    return (Sparse if sparse else Noise)(data, seed)


def _head_of(data: bytes) -> int:
    if len(data) < 9 or data[8:9] != b"{":
        return 0
    length = 8 + int.from_bytes(data[:8], "little")
    return length if length <= len(data) else 0


def _framed(header: bytes) -> bytes:
    padded = header + b" " * (-len(header) % 8)
    return struct.pack("<Q", len(padded)) + padded


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data
