"""The chunks of a PNG (RFC 2083 and its third edition), walked without decoding: what only describes is left out.

Pillow reads all texts before anything else, and refuses honest workflows over 1 MiB; so they never reach it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXT_LARGEST = 8 << 20
"""Bytes of all kept texts together, unpacked."""

_NEEDED = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"))
_TEXTS = frozenset((b"tEXt", b"zTXt", b"iTXt"))
_WORDS = frozenset(("parameters", "prompt", "workflow"))
_EXIF_LARGEST = 64 << 10


def bare(data: bytes) -> bytes:
    """The PNG with nothing in it but its first picture and how it is turned."""
    view = memoryview(data)
    kept = [SIGNATURE]
    for name, start, end in _chunks(data):
        if name in _NEEDED or (name == b"eXIf" and end - start <= _EXIF_LARGEST):
            kept.append(view[start - 8 : end + 4].tobytes())
    return b"".join(kept)


def texts(data: bytes) -> dict[str, str]:
    """The workflow and parameters that ComfyUI and AUTOMATIC1111 put into their pictures; 8 MiB at most."""
    found: dict[str, str] = {}
    left = TEXT_LARGEST
    for name, start, end in _chunks(data):
        keyword = data[start : min(end, start + 80)].partition(b"\0")[0].decode("latin-1")
        if name in _TEXTS and keyword in _WORDS and keyword not in found:
            told = _text(name, data[start + len(keyword) + 1 : end], left)
            if told is not None:
                found[keyword] = told
                left -= len(told.encode("utf-8", "replace"))
    return found


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


def _text(name: bytes, content: bytes, most: int) -> str | None:
    """The text of a chunk after its keyword, None when it is broken or too long."""
    if name == b"tEXt":
        return content.decode("latin-1") if len(content) <= most else None
    packed = True
    if name == b"iTXt":
        packed, content = content[:1] == b"\1", content[2:]
        content = content.partition(b"\0")[2].partition(b"\0")[2]
    else:
        content = content[1:]
    unpacked = _unpacked(content, most) if packed else content
    if unpacked is None or len(unpacked) > most:
        return None
    return unpacked.decode("utf-8" if name == b"iTXt" else "latin-1", "replace")


def _unpacked(content: bytes, most: int) -> bytes | None:
    stream = zlib.decompressobj()
    try:
        told = stream.decompress(content, most + 1)
    except zlib.error:
        return None
    return told if stream.eof and len(told) <= most else None
