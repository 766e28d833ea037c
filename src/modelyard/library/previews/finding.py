"""Which file beside a model is its preview, under every tool's naming (field.md 2b). Pure code."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import msgspec

from modelyard.library.sidecars.belonging import stem_of

VIDEOS = ("mp4", "webm")
_PICTURES = ("webp", "png", "jpeg", "jpg", "gif", "avif", "bmp")
ENDINGS = (
    (".preview.png", ".preview.webp", ".preview.jpeg", ".preview.jpg", ".preview.gif", ".preview.avif", ".preview.bmp")
    + tuple(f".{end}" for end in _PICTURES)
    + tuple(f".thumb.{end}" for end in ("webp", "png", "jpg", "jpeg", "gif"))
    + tuple(f"{middle}.{end}" for middle in (".preview", "") for end in VIDEOS)
    + tuple(f".example.0.{end}" for end in ("jpeg", "jpg", "png", "webp"))
    + tuple(f"_0.{end}" for end in ("jpg", "jpeg", "png", "webp"))
    + (".jxl",)
)
"""What follows the model's stem, the one that we and most programs write first; pictures before videos.

Last comes JPEG XL, which nothing here decodes: anything else shows more.
"""


class Preview(msgspec.Struct, frozen=True):
    """A file that shows what a model makes.

    Attributes:
        kind: ``image`` or ``video``, by its name.
    """

    path: Path
    kind: str


def find(model: Path, names: Collection[str] | None = None) -> Preview | None:
    """A model's preview, None when it has none. An exact name wins over one in other case.

    Args:
        names: The names in its folder when they are known, or those of them that begin as the model's does; a set.
    """
    if names is None:
        try:
            names = set(os.listdir(model.parent))
        except OSError:
            return None
    stem = stem_of(model.name)
    for ending in ENDINGS:
        if stem + ending in names:
            return _preview(model, stem + ending)
    low = stem.lower()
    others = {name.lower(): name for name in names}
    return next((_preview(model, others[low + ending]) for ending in ENDINGS if low + ending in others), None)


def _preview(model: Path, name: str) -> Preview:
    return Preview(model.with_name(name), "video" if name.lower().endswith(VIDEOS) else "image")
