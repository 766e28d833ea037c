"""Headers of GGUF files (ggml docs/gguf.md, versions 2 and 3), walked with counts: no list of tokens is ever built."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from math import prod

from modelyard.library.formats.bytewise import Ended, Window
from modelyard.library.formats.gguf_types import FILE_TYPES, FIXED, TENSOR_TYPES
from modelyard.library.formats.header import Code, Header, Problem, Tensor

_MOST_TENSORS, _MOST_FIELDS, _MOST_STRINGS, _MOST_ARRAYS = 100_000, 50_000, 4_000_000, 10_000
_LONGEST_NAME, _LONGEST_TEXT, _MOST_TEXT, _KEPT_ITEMS, _DEEPEST = 4096, 1 << 18, 8 << 20, 16, 4
_STRING, _ARRAY = 8, 9
_U64, _U32 = struct.Struct("<Q"), struct.Struct("<I")


class _Bad(Exception):
    """The header breaks the format."""

    def __init__(self, code: Code, words: str) -> None:
        super().__init__(words)
        self.problem = Problem(code, words)


@dataclass(slots=True)
class _Walk:
    """What was read so far, and how much more may be."""

    window: Window
    metadata: dict[str, object] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    findings: list[Problem] = field(default_factory=list)
    strings: int = _MOST_STRINGS
    arrays: int = _MOST_ARRAYS
    text: int = _MOST_TEXT


def read(fd: int, start: bytes, size: int) -> Header:
    """The header of a GGUF file; never raises for what the file holds."""
    walk = _Walk(Window(fd, size, at=4, piece=1 << 20))
    try:
        tensors, fields = _counts(walk, start)
        for _ in range(fields):
            _field(walk)
        _tensors(walk, tensors)
    except _Bad as bad:
        walk.findings.append(bad.problem)
    except Ended:
        walk.findings.append(Problem(Code.TRUNCATED, "It ends in the middle of its header, or a count in it lies."))
    kind = walk.metadata.get("general.file_type")
    if isinstance(kind, int):
        walk.metadata["general.file_type"] = FILE_TYPES.get(kind, str(kind))
    return Header("gguf", size, walk.tensors, walk.metadata, tuple(walk.findings))


def _counts(walk: _Walk, start: bytes) -> tuple[int, int]:
    version = _u32(walk)
    if version not in (2, 3):
        order = "big-endian " if int.from_bytes(start[4:8], "big") in (1, 2, 3) else ""
        raise _Bad(Code.UNSUPPORTED_VERSION, f"It is {order}GGUF of version {version}; 2 and 3 are read.")
    tensors, fields = _u64(walk), _u64(walk)
    if tensors > _MOST_TENSORS or fields > _MOST_FIELDS or tensors * 24 + fields * 13 > walk.window.left:
        raise _Bad(Code.BAD_HEADER, f"It claims {tensors} tensors and {fields} fields, which its size cannot hold.")
    return tensors, fields


def _field(walk: _Walk) -> None:
    key = _name(walk)
    if key in walk.metadata:
        walk.findings.append(Problem(Code.DUPLICATE_KEY, f"It names {key[:80]!r} twice."))
    walk.metadata[key] = _value(walk, _u32(walk), 0)


def _value(walk: _Walk, kind: int, depth: int) -> object:
    if kind in FIXED:
        form = FIXED[kind]
        return form.unpack(walk.window.take(form.size))[0]
    if kind == _STRING:
        return _text(walk)
    if kind == _ARRAY:
        return _array(walk, depth)
    raise _Bad(Code.BAD_METADATA, f"It has a field of the unknown type {kind}.")


def _text(walk: _Walk) -> str:
    length = _u64(walk)
    if length > min(_LONGEST_TEXT, walk.text):
        walk.window.skip(length)
        return ""
    walk.text -= length
    return walk.window.take(length).decode("utf-8", "replace")


def _array(walk: _Walk, depth: int) -> object:
    """A short list of numbers as a tuple; of everything else only how many items there are."""
    kind, count = _u32(walk), _u64(walk)
    walk.arrays -= 1
    if depth >= _DEEPEST or walk.arrays < 0:
        raise _Bad(Code.BAD_METADATA, "Its lists are nested too deep.")
    if kind in FIXED:
        form = FIXED[kind]
        if count <= _KEPT_ITEMS:
            return tuple(form.unpack(walk.window.take(form.size))[0] for _ in range(count))
        walk.window.skip(count * form.size)
        return {"items": count}
    if count * (8 if kind == _STRING else 12) > walk.window.left:
        raise _Bad(Code.BAD_METADATA, f"It claims a list of {count} items, which its size cannot hold.")
    if kind == _STRING:
        _skip_strings(walk, count)
    elif kind == _ARRAY:
        for _ in range(count):
            _array(walk, depth + 1)
    else:
        raise _Bad(Code.BAD_METADATA, f"It has a list of the unknown type {kind}.")
    return {"items": count}


def _skip_strings(walk: _Walk, count: int) -> None:
    walk.strings -= count
    if walk.strings < 0:
        raise _Bad(Code.HEADER_TOO_LARGE, f"It has more than {_MOST_STRINGS} words.")
    take, skip, unpack = walk.window.take, walk.window.skip, _U64.unpack
    for _ in range(count):
        skip(unpack(take(8))[0])


def _tensors(walk: _Walk, count: int) -> None:
    alignment = walk.metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment % 8 or not 0 < alignment <= 1 << 20:
        raise _Bad(Code.BAD_METADATA, f"Its alignment is {str(alignment)[:40]!r}, which cannot be.")
    places = [_tensor(walk, alignment) for _ in range(count)]
    if not count:
        walk.findings.append(Problem(Code.NO_TENSORS, "It holds a vocabulary or metadata only, no weights."))
        return
    begin = -(-walk.window.at // alignment) * alignment
    _layout(walk, places, begin, alignment)


def _tensor(walk: _Walk, alignment: int) -> tuple[int, int]:
    """One tensor's name, shape and place; gives begin and end inside the data."""
    name, dimensions = _name(walk), _u32(walk)
    if dimensions > 4:
        raise _Bad(Code.BAD_SHAPE, f"{name[:80]!r} has {dimensions} dimensions; 4 are the most.")
    shape = tuple(_u64(walk) for _ in range(dimensions))
    kind, offset = _u32(walk), _u64(walk)
    if name in walk.tensors:
        walk.findings.append(Problem(Code.DUPLICATE_KEY, f"It names the tensor {name[:80]!r} twice."))
    if kind not in TENSOR_TYPES:
        raise _Bad(Code.UNKNOWN_DTYPE, f"{name[:80]!r} has the type {kind}, which is unknown or was taken out.")
    word, block, packed = TENSOR_TYPES[kind]
    elements = prod(shape)
    if elements >= 1 << 60 or (shape and shape[0] % block) or any(length > 1 << 48 for length in shape):
        raise _Bad(Code.BAD_SHAPE, f"{name[:80]!r} has a shape that cannot be.")
    if offset % alignment:
        walk.findings.append(Problem(Code.BAD_OFFSETS, f"{name[:80]!r} is not aligned."))
    end = offset + elements // block * packed
    original = walk.metadata.get(f"comfy.gguf.orig_shape.{name}")
    kept = original if isinstance(original, tuple) and original else shape[::-1]
    walk.tensors[name] = Tensor(word, tuple(int(n) for n in kept if isinstance(n, int)), (offset, end))
    return offset, end


def _layout(walk: _Walk, places: list[tuple[int, int]], begin: int, alignment: int) -> None:
    reached, overlap, hole = 0, False, False
    for start, end in sorted(places):
        overlap = overlap or start < reached
        hole = hole or start >= reached + alignment
        reached = max(reached, end)
    left = walk.window.size - begin - reached
    if left < 0:
        walk.findings.append(Problem(Code.TRUNCATED, f"{-left} of {reached} bytes of its data are missing."))
    if left >= alignment:
        walk.findings.append(Problem(Code.TRAILING_BYTES, f"{left} bytes lie behind its last tensor."))
    if overlap:
        walk.findings.append(Problem(Code.OVERLAP, "Two tensors claim the same bytes."))
    if hole:
        walk.findings.append(Problem(Code.HOLE, "Some bytes of its data belong to no tensor."))


def _name(walk: _Walk) -> str:
    length = _u64(walk)
    if length > _LONGEST_NAME:
        raise _Bad(Code.BAD_HEADER, f"It has a name of {length} bytes.")
    return walk.window.take(length).decode("utf-8", "replace")


def _u32(walk: _Walk) -> int:
    return int(_U32.unpack(walk.window.take(4))[0])


def _u64(walk: _Walk) -> int:
    return int(_U64.unpack(walk.window.take(8))[0])
