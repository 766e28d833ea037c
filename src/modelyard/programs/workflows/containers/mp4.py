"""MP4 and MOV: the metadata keys of `moov` (QuickTime File Format, Metadata), and the comment of iTunes lists."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from modelyard.programs.workflows.containers.source import LONGEST, MOST_PARTS, Texts, exactly, key_of, skip

MAGIC = b"ftyp"
"""Stands at byte 4."""

ITUNES = {b"\xa9cmt": "comment", b"desc": "description"}


def texts(stream: BinaryIO) -> Texts:
    """Texts of known keys; boxes of the way are entered, everything else is stepped over."""
    names: list[str] = []
    for _ in range(MOST_PARTS):
        size, kind = _head(stream)
        if kind in (b"moov", b"udta"):
            continue
        if kind == b"meta":
            _enter(stream)
        elif kind in (b"keys", b"ilst") and size <= LONGEST:
            body = exactly(stream, size)
            if kind == b"keys":
                names = [told[4:].decode("utf-8", "replace") for _, told in _boxes(body[8:], named=False)]
            else:
                yield from _list(body, names)
        elif size < 0:
            return
        else:
            skip(stream, size)


def _head(stream: BinaryIO) -> tuple[int, bytes]:
    """Bytes that follow in a box, -1 for all of the rest, and its type."""
    size, kind = struct.unpack(">I4s", exactly(stream, 8))
    if size == 1:
        return int.from_bytes(exactly(stream, 8)) - 16, kind
    return (size - 8 if size else -1), kind


def _enter(stream: BinaryIO) -> None:
    """Pass over version and flags, which MP4 has and QuickTime has not."""
    at = stream.tell()
    if exactly(stream, 8)[4:] == b"hdlr":
        stream.seek(at)
    else:
        stream.seek(at + 4)


def _list(body: bytes, names: list[str]) -> Texts:
    for kind, value in _boxes(body):
        at = int.from_bytes(kind)
        key = key_of(names[at - 1]) if 0 < at <= len(names) else ITUNES.get(kind, "")
        for inner, data in _boxes(value):
            if key and inner == b"data":
                yield key, data[8:].decode("utf-8", "replace")


def _boxes(body: bytes, *, named: bool = True) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of each box; entries of `keys` keep their namespace in the content."""
    at, head = 0, 8 if named else 4
    while at + 8 <= len(body):
        size, kind = struct.unpack_from(">I4s", body, at)
        if size < 8:
            return
        yield kind, body[at + head : at + size]
        at += size
