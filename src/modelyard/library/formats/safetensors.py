"""Headers of safetensors files, checked more strictly than the reference reader does.

Layout (safetensors README, "Format"): u64 little-endian header length N, N bytes of JSON, data. Offsets count
from the end of the header; together the tensors must cover the data exactly, so one read finds truncation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from math import prod
from operator import mul, sub
from typing import Any

import msgspec

from modelyard.library.formats.header import Code, Header, Problem, Tensor
from modelyard.store.positioned import pread

LARGEST = 12 << 20
"""Bytes of header that we parse; the reference reads 100 MB, real ones stay below 8 MiB."""

_MOST_TENSORS, _MOST_COMMAS, _LONGEST_DIMENSION = 100_000, 1_000_000, 1 << 48
_SURELY_FEW = 1 << 20
BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
    "C128": 128,
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
}


class _Metadata(msgspec.Struct, rename={"metadata": "__metadata__"}):
    metadata: dict[str, str] = {}


class _RawMetadata(msgspec.Struct, rename={"metadata": "__metadata__"}):
    metadata: msgspec.Raw = msgspec.Raw(b"{}")


_TENSORS = msgspec.json.Decoder(dict[str, Tensor])
_METADATA = msgspec.json.Decoder(_Metadata)
_RAW_METADATA = msgspec.json.Decoder(_RawMetadata)
_ENTRIES = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TENSOR = msgspec.json.Decoder(Tensor)


def plausible(start: bytes, size: int) -> bool:
    """Whether a file that begins like this is meant to be a safetensors file."""
    return len(start) > 8 and start[8:9] == b"{" and 2 <= int.from_bytes(start[:8], "little") <= 1 << 40 and size > 8


def read(fd: int, start: bytes, size: int) -> Header:
    """The header of a safetensors file; never raises for what the file holds.

    Args:
        fd: The open file.
        start: Its first bytes, as many as were read already.
        size: Bytes of the whole file.
    """
    if size < 8:
        return _bad(size, Code.TRUNCATED, f"It has {size} bytes; even its header's length needs 8.")
    length = int.from_bytes(start[:8], "little")
    if length > size - 8:
        code = Code.TRUNCATED if length <= 100_000_000 else Code.BAD_HEADER
        return _bad(size, code, f"Its header should have {length} bytes, the file has {size}.")
    if length < 2:
        return _bad(size, Code.BAD_HEADER, f"Its header has {length} bytes, which cannot hold one.")
    if length > LARGEST:
        return _bad(size, Code.HEADER_TOO_LARGE, f"Its header has {length} bytes; more than {LARGEST} are not read.")
    raw = start[8 : 8 + length] if len(start) >= 8 + length else pread(fd, length, 8)
    if len(raw) < length or raw[:1] != b"{":
        return _bad(size, Code.BAD_HEADER, "Its header is no JSON object.")
    if length > _SURELY_FEW and (raw.count(b'"dtype"') > _MOST_TENSORS or raw.count(b",") > _MOST_COMMAS):
        return _bad(size, Code.HEADER_TOO_LARGE, f"Its header names more than {_MOST_TENSORS} tensors.")
    return _parsed(raw, size)


def _bad(size: int, code: Code, words: str) -> Header:
    return Header("safetensors", size, findings=(Problem(code, words),))


def _parsed(raw: bytes, size: int) -> Header:
    metadata: Mapping[str, object] = {}
    findings: list[Problem] = []
    try:
        tensors = _decoded(raw)
        if b'"__metadata__"' in raw:
            metadata = _METADATA.decode(raw).metadata
    except msgspec.ValidationError as error:
        return _bad(size, _code(str(error)), f"Its header is wrong: {error}.")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _bad(size, Code.BAD_HEADER, f"Its header is no JSON: {error}.")
    escaped = b"\\" in raw and _escapes_outside(raw, tensors)
    if _may_repeat(raw, len(tensors), escaped=escaped):
        findings += _repeated(raw)
    findings += _wrong(tensors, size - 8 - len(raw))
    names = "".join(tensors)
    suspect = "/" in names or "\\" in names or (escaped and not names.isprintable())
    if suspect and any(_odd(name) for name in tensors):
        findings.append(Problem(Code.BAD_NAME, "A tensor has a name that is a path or holds control letters."))
    return Header("safetensors", size, tensors, metadata, tuple(findings))


def _decoded(raw: bytes) -> dict[str, Tensor]:
    try:
        tensors = _TENSORS.decode(raw)
    except msgspec.ValidationError:
        # __metadata__ may hold words that a tensor has too
        entries = _ENTRIES.decode(raw)
        entries.pop("__metadata__", None)
        return {name: _TENSOR.decode(entry) for name, entry in entries.items()}
    tensors.pop("__metadata__", None)
    return tensors


def _code(message: str) -> Code:
    if "__metadata__" in message or "Expected `str`" in message:
        return Code.BAD_METADATA
    return Code.BAD_SHAPE if "shape" in message else Code.BAD_OFFSETS if "data_offsets" in message else Code.BAD_HEADER


def _odd(name: str) -> bool:
    return not name.isprintable() or name.startswith("/") or ".." in name.replace("\\", "/").split("/")


def _escapes_outside(raw: bytes, tensors: Mapping[str, Tensor]) -> bool:
    """Whether a backslash stands anywhere but in metadata at the start, where trainers put JSON inside JSON."""
    entry = raw.rfind(b"{", 0, raw.find(b'"data_offsets"'))
    name = next(iter(tensors), "").encode()
    plain = raw.startswith(b'{"__metadata__"') and raw[:entry].endswith(b'"' + name + b'":')
    return not plain or raw.rfind(b"\\") > entry - len(name) - 4


def _may_repeat(raw: bytes, tensors: int, *, escaped: bool) -> bool:
    r"""Whether a key may stand twice: words are counted, which only an escaped (\u) spelling could hide."""
    if any(raw.count(word) != tensors for word in (b'"data_offsets"', b'"dtype"', b'"shape"')):
        return True
    if raw.find(b'"__metadata__"', raw.find(b'"__metadata__"') + 1) > 0 and raw.count(b'"__metadata__"') > 1:
        return True
    if not escaped:
        return False
    escapes = raw.count(b"\\u")
    return bool(escapes and escapes != bytes(_RAW_METADATA.decode(raw).metadata).count(b"\\u"))


def _repeated(raw: bytes) -> Iterator[Problem]:
    twice: list[str] = []
    lacking: list[int] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items):
            seen: set[str] = set()
            twice.extend(key for key, _ in items if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        return found

    if len(raw) > _SURELY_FEW * 4:
        yield Problem(Code.DUPLICATE_KEY, "Its header may name a tensor twice; it is too long to say which.")
        return
    try:
        whole = json.loads(raw, object_pairs_hook=pairs)
    except (ValueError, RecursionError) as error:
        yield Problem(Code.BAD_HEADER, f"Its header is no sound JSON: {str(error)[:120]}.")
        return
    lacking.extend(
        1
        for name, entry in whole.items()
        if name != "__metadata__" and not {"dtype", "shape", "data_offsets"} <= set(entry)
    )
    if twice:
        yield Problem(
            Code.DUPLICATE_KEY, f"Its header names {twice[0][:80]!r} twice; readers differ in which one they take."
        )
    if lacking:
        yield Problem(Code.BAD_HEADER, "A tensor has no type, shape or place.")


def _wrong(tensors: Mapping[str, Tensor], data: int) -> Iterator[Problem]:
    """What is wrong with the tensors of a header, given the bytes of data behind it; columns are compared in C."""
    if not tensors:
        if data:
            yield Problem(Code.TRAILING_BYTES, f"It holds no tensor, yet {data} bytes of data.")
        yield Problem(Code.NO_TENSORS, "It holds no tensor.")
        return
    values = list(tensors.values())
    dtypes, shapes = [tensor.dtype for tensor in values], [tensor.shape for tensor in values]
    unknown = set(dtypes) - BITS.keys()
    if unknown:
        yield Problem(Code.UNKNOWN_DTYPE, f"It has numbers of an unknown type, {min(unknown)[:40]!r}.")
        return
    begins, ends = map(list, zip(*[tensor.data_offsets for tensor in values], strict=True))
    bits = list(map(mul, map(prod, shapes), map(BITS.__getitem__, dtypes)))
    if 0 in bits:
        yield from _strange(tensors)
    if bits != [8 * length for length in map(sub, ends, begins)]:
        yield from _misfits(tensors)
        return
    yield from _layout(sorted(begins), sorted(ends), data, tensors)


def _strange(tensors: Mapping[str, Tensor]) -> Iterator[Problem]:
    for name, tensor in tensors.items():
        shape = tensor.shape or (1,)
        if 0 in shape and max(shape) > _LONGEST_DIMENSION:
            yield Problem(Code.BAD_SHAPE, f"{name[:80]!r} has dimensions that cannot be.")
            return


def _misfits(tensors: Mapping[str, Tensor]) -> Iterator[Problem]:
    for name, tensor in tensors.items():
        begin, end = tensor.data_offsets
        if end < begin:
            yield Problem(Code.BAD_OFFSETS, f"{name[:80]!r} lies at {begin} to {end}, which cannot be.")
            return
        if max(tensor.shape, default=1) > _LONGEST_DIMENSION:
            yield Problem(Code.BAD_SHAPE, f"{name[:80]!r} has a dimension that cannot be.")
            return
        if prod(tensor.shape) * BITS[tensor.dtype] != (end - begin) * 8:
            yield Problem(Code.SIZE_MISMATCH, f"{name[:80]!r} has {end - begin} bytes, which its shape does not fill.")
            return


def _layout(begins: list[int], ends: list[int], data: int, tensors: Mapping[str, Tensor]) -> Iterator[Problem]:
    """Whether the tensors cover the data exactly once: sorted, each must begin where one ends."""
    last = ends[-1]
    if last > data:
        yield Problem(Code.TRUNCATED, f"{last - data} of {last} bytes of its data are missing.")
    elif last < data:
        yield Problem(Code.TRAILING_BYTES, f"{data - last} bytes lie behind its last tensor; something may hide there.")
    if begins[0] > 0 or begins[1:] != ends[:-1]:
        yield from _gaps(sorted(tensor.data_offsets for tensor in tensors.values()))


def _gaps(places: list[tuple[int, int]]) -> Iterator[Problem]:
    reached, found = 0, set()
    for begin, end in places:
        if begin != reached:
            found.add(Code.HOLE if begin > reached else Code.OVERLAP)
        reached = max(reached, end)
    if Code.OVERLAP in found:
        yield Problem(Code.OVERLAP, "Two tensors claim the same bytes.")
    if Code.HOLE in found:
        yield Problem(Code.HOLE, "Some bytes of its data belong to no tensor.")
