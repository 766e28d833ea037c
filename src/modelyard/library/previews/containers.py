"""What a picture's or video's first bytes say it is; names and declared types are not asked. Pure code."""

from __future__ import annotations

_BRANDS_STILL = (b"avif", b"avis")
_EBML = b"\x1a\x45\xdf\xa3"
_HEAD = 64


def form_of(data: bytes) -> str:
    """``png``, ``jpeg``, ``webp``, ``gif``, ``avif``, ``mp4``, ``webm``, or an empty text."""
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
    if data.startswith(_EBML) and (b"webm" in data[:_HEAD] or b"matroska" in data[:_HEAD]):
        return "webm"
    return ""
