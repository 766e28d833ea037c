"""The cover that some trainers put into a safetensors header. What comes out is not trusted yet."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping

from modelyard.library.previews.containers import form_of

_LARGEST = 20 << 20
_PICTURES = ("png", "jpeg", "webp", "gif", "avif")


def cover(metadata: Mapping[str, object]) -> bytes | None:
    """The picture in ``modelspec.thumbnail`` (a data URI) or ``ssmd_cover_images`` (a JSON list), None without one.

    Args:
        metadata: ``__metadata__`` of the header: texts by name.
    """
    told = [metadata.get("modelspec.thumbnail"), _first(metadata.get("ssmd_cover_images"))]
    return next((picture for text in told if (picture := _decoded(text)) is not None), None)


def of_file(path: str) -> bytes | None:
    """The picture in the header of a file, None without one. Runs in the limited child only.

    Raises:
        OSError: It cannot be read.
    """
    from modelyard.library.formats.reading import read_header

    return cover(read_header(path).metadata)


def _first(value: object) -> object:
    if not isinstance(value, str) or len(value) > 2 * _LARGEST:
        return None
    try:
        entries = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return entries[0] if isinstance(entries, list) and entries else None


def _decoded(text: object) -> bytes | None:
    if not isinstance(text, str) or len(text) > 2 * _LARGEST:
        return None
    encoded = text.partition(",")[2] if text.startswith("data:") else text
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if form_of(data) in _PICTURES and len(data) <= _LARGEST else None
