"""Pictures as a hub's image server gives them: small true PNGs, made from a number."""

from __future__ import annotations

import struct
import zlib

_WIDE, _HIGH = 64, 96


def png(number: int) -> bytes:
    """A picture of 64 x 96 in colours of its own."""
    red, green, blue = number * 47 % 256, number * 91 % 256, number * 13 % 256
    rows = (bytes([0]) + bytes([red, green, (blue + 2 * row) % 256]) * _WIDE for row in range(_HIGH))
    head = struct.pack(">IIBBBBB", _WIDE, _HIGH, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def mp4() -> bytes:
    """The beginning of a video: what it is can be told, but there is nothing to see."""
    return struct.pack(">I", 24) + b"ftypisom" + struct.pack(">I", 512) + b"isomiso2" + bytes(1000)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
