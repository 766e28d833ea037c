"""PNG and APNG: tEXt, zTXt, iTXt (PNG 3rd edition, 11.3.3), and ComfyUI's private `comf` after the picture's data."""

from __future__ import annotations

import struct
from typing import BinaryIO

from modelyard.programs.workflows.containers.source import LONGEST, MOST_PARTS, Texts, exactly, inflated, key_of, skip

MAGIC = b"\x89PNG\r\n\x1a\n"
_HEAD = struct.Struct(">I4s")
MOST_TRIES = 16
"""Texts under known keys that are unpacked; a file with more is a trap."""


def texts(stream: BinaryIO) -> Texts:
    """Texts of known keys. Checksums are not asked for: a picture that was cut still tells its workflow."""
    exactly(stream, len(MAGIC))
    tries = 0
    for _ in range(MOST_PARTS):
        length, kind = _HEAD.unpack(exactly(stream, _HEAD.size))
        if kind == b"IEND" or tries >= MOST_TRIES:
            return
        if kind not in (b"tEXt", b"zTXt", b"iTXt", b"comf") or length > LONGEST:
            skip(stream, length + 4)
            continue
        name, _, rest = exactly(stream, length).partition(b"\0")
        skip(stream, 4)
        if key := key_of(name[:80].decode("latin-1")):
            tries += 1
            yield key, _decoded(kind, rest)


def _decoded(kind: bytes, rest: bytes) -> str:
    """The text of a chunk after its key; UTF-8 where that reads, since writers put it in every kind."""
    if kind == b"zTXt":
        rest = inflated(rest[1:])
    elif kind == b"iTXt":
        packed, rest = rest[:1] == b"\x01", rest[2:]
        rest = rest.partition(b"\0")[2].partition(b"\0")[2]
        rest = inflated(rest) if packed else rest
    try:
        return rest.decode("utf-8")
    except UnicodeDecodeError:
        return rest.decode("latin-1")
