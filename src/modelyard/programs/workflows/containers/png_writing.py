"""Changes texts of a PNG or APNG; every other chunk stays as it is."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator

from modelyard.programs.workflows.containers.png import MAGIC
from modelyard.programs.workflows.containers.source import LONGEST, Truncated, inflated, key_of

_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"comf")


def changed(raw: bytes, change: Callable[[str], str]) -> bytes:
    """A picture whose texts of known keys are what `change` makes of them; the rest, also after a cut, is kept.

    Raises:
        ValueError: A chunk is damaged.
    """
    out, done = [MAGIC], len(MAGIC)
    for start, end, kind in _chunks(raw):
        body = raw[start + 8 : end - 4]
        new = _changed(kind, body, change)
        out.append(raw[done:start])
        out.append(raw[start:end] if new == body else _chunk(kind, new))
        done = end
    return b"".join([*out, raw[done:]])


def _chunks(raw: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Start, end and kind of each chunk that may hold a text."""
    at = len(MAGIC)
    while at + 12 <= len(raw):
        length, kind = struct.unpack_from(">I4s", raw, at)
        if kind == b"IEND" or at + 12 + length > len(raw):
            return
        if kind in _TEXTS and length <= LONGEST:
            yield at, at + 12 + length, kind
        at += 12 + length


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _changed(kind: bytes, body: bytes, change: Callable[[str], str]) -> bytes:
    name, zero, rest = body.partition(b"\0")
    if not key_of(name[:80].decode("latin-1")):
        return body
    lead, packed = rest[:0], False
    if kind == b"zTXt":
        lead, packed = rest[:1], True
    elif kind == b"iTXt":
        language = rest[2:].partition(b"\0")
        lead = rest[:2] + language[0] + b"\0" + language[2].partition(b"\0")[0] + b"\0"
        packed = rest[:1] == b"\x01"
    told = inflated(rest[len(lead) :]) if packed else rest[len(lead) :]
    new = _encoded(told, change)
    if new == told:
        return body
    return name + zero + lead + (zlib.compress(new) if packed else new)


def _encoded(told: bytes, change: Callable[[str], str]) -> bytes:
    try:
        return change(told.decode("utf-8")).encode("utf-8")
    except UnicodeDecodeError:
        new = change(told.decode("latin-1"))
    try:
        return new.encode("latin-1")
    except UnicodeEncodeError as error:
        raise Truncated("the new name has letters that this picture's texts cannot hold") from error
