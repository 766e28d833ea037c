"""The chunks of a PNG (RFC 2083 and its third edition), walked without decoding: what only describes is left out.

Pillow reads all texts before anything else, and refuses honest workflows over 1 MiB; so they never reach it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_NEEDED = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"))
_EXIF_LARGEST = 64 << 10


def bare(data: bytes) -> bytes:
    """The PNG with nothing in it but its first picture and how it is turned."""
    view = memoryview(data)
    kept = [SIGNATURE]
    for name, start, end in _chunks(data):
        if name in _NEEDED or (name == b"eXIf" and end - start <= _EXIF_LARGEST):
            kept.append(view[start - 8 : end + 4].tobytes())
    return b"".join(kept)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, begin and end of the content of each whole chunk, up to the end mark."""
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length = int(struct.unpack_from(">I", data, at)[0])
        name, start = data[at + 4 : at + 8], at + 8
        if start + length + 4 > len(data):
            return
        yield name, start, start + length
        if name == b"IEND":
            return
        at = start + length + 4
