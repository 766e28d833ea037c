"""What a picture's or video's first bytes say it is; names and declared types are not asked. Pure code."""

from __future__ import annotations

_BRANDS_STILL = (b"avif", b"avis")
_EBML = b"\x1a\x45\xdf\xa3"
_HEAD = 64
_JXL = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")
_BMP_HEADS = frozenset((12, 40, 52, 56, 64, 108, 124))
"""Bytes of the second header of a BMP, by its version."""


def form_of(data: bytes) -> str:
    """``png``, ``jpeg``, ``webp``, ``gif``, ``avif``, ``bmp``, ``jxl``, ``mp4``, ``webm``, or an empty text."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if data[4:8] == b"ftyp" and len(data) >= 16:
        return "avif" if data[8:12] in _BRANDS_STILL else "mp4"
    if data[:2] == b"BM" and data[6:10] == bytes(4) and int.from_bytes(data[14:18], "little") in _BMP_HEADS:
        return "bmp"
    if data.startswith(_JXL):
        return "jxl"
    if data.startswith(_EBML) and (b"webm" in data[:_HEAD] or b"matroska" in data[:_HEAD]):
        return "webm"
    return ""
