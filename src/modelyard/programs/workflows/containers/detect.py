"""Which container a file is, by its first bytes; its name decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from modelyard.programs.workflows.containers import exif, id3, matroska, metadata, mp4, png, vorbis
from modelyard.programs.workflows.containers.source import Texts

Reader = Callable[[BinaryIO], Texts]


def container(head: bytes, size: int) -> tuple[str, Reader] | None:
    """Name and reader of a container, None for everything else (plain JSON too).

    Args:
        head: The first 16 bytes.
        size: Bytes of the file.
    """
    if head.startswith(exif.WEBP) and head[8:12] == b"WEBP":
        return "webp", exif.in_webp
    if head[4:8] == mp4.MAGIC:
        return "mp4", mp4.texts
    for magic, name, reader in _BY_MAGIC:
        if head.startswith(magic):
            return name, reader
    return ("safetensors", metadata.texts) if metadata.is_safetensors(head, size) else None


_BY_MAGIC: tuple[tuple[bytes, str, Reader], ...] = (
    (png.MAGIC, "png", png.texts),
    (exif.JPEG, "jpeg", exif.in_jpeg),
    (matroska.MAGIC, "matroska", matroska.texts),
    (vorbis.FLAC, "flac", vorbis.in_flac),
    (vorbis.OGG, "ogg", vorbis.in_ogg),
    (id3.MAGIC, "mp3", id3.texts),
)
