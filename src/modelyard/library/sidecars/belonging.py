"""Which small files belong to a model and move, are renamed and go with it. Pure code.

A file belongs by an exact ending after the model's stem: ``a.b.png`` is no preview of ``a.safetensors``.
``a.png`` belongs to ``a.ckpt`` and to ``a.safetensors``, when both are there: it is shared and stays.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import msgspec

from modelyard.errors import BadValue
from modelyard.values.suffixes import MODELS, suffix_of

PIPELINE = "model_index.json"
"""The file that makes a folder one model: a diffusers pipeline."""
FOLDER_FORMS = ("info", "md")
"""The forms of sidecars inside of such a folder."""
WHOLE_NAME = ".rgthree-info.json"
_PICTURES = ("webp", "png", "jpg", "jpeg", "gif", "bmp", "avif", "jxl")
_VIDEOS = ("mp4", "webm")
_TEXTS = (".info", ".civitai.info", ".metadata.json", ".cm-info.json", ".cminfo.json", ".json", ".api_info.json") + (
    ".swarm.json",
    ".md",
    ".description.txt",
    ".txt",
    ".html",
    ".yaml",
    ".yml",
)
_SHOWN = (
    *(f"{middle}.{end}" for middle in ("", ".preview") for end in _PICTURES + _VIDEOS),
    *(f".thumb.{end}" for end in _PICTURES),
    *(f".example.{index}.{end}" for index in range(10) for end in (*_PICTURES, *_VIDEOS)),
    *(f"_{index}.{end}" for index in range(10) for end in ("jpg", "jpeg", "png", "webp")),
    *(f".preview.{end}.bak" for end in _PICTURES + _VIDEOS),
)
_ENDINGS = frozenset(_TEXTS + _SHOWN)
_LONGEST_FIRST = tuple(sorted(_ENDINGS, key=len, reverse=True))


class Belonging(msgspec.Struct, frozen=True):
    """The files beside one model.

    Attributes:
        moves: Belong to it alone.
        shared: Belong to another model beside it, too; they stay as long as that one stays.
    """

    moves: tuple[Path, ...]
    shared: tuple[Path, ...]


def anchor_of(path: Path, *, folder: bool) -> Path:
    """The file that a model's sidecars and previews are named after: its main one; of a diffusers folder its index.

    They lie inside such a folder, so that they go where it goes; no other tool has a form for them (field.md 2).
    """
    return path / PIPELINE if folder else path


def stem_of(name: str) -> str:
    """A file's name without its last ending."""
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name


def sidecars_of(model: Path, names: Collection[str]) -> Belonging:
    """Every file that belongs to a model: sidecars, previews, the config of a checkpoint.

    Args:
        names: The names of all files in its folder; a set is the fastest.
    """
    ours = sorted(name for name in names if _belongs(name, model.name))
    lower = {name.lower() for name in names if name != model.name and suffix_of(name) in MODELS} if ours else set()
    shared = {name for name in ours if _other_owner(name, model.name, lower)}
    return Belonging(
        tuple(model.with_name(name) for name in ours if name not in shared),
        tuple(model.with_name(name) for name in ours if name in shared),
    )


def renamed(sidecar: Path, old_model: Path, new_model: Path) -> Path:
    """Where a sidecar goes when its model goes.

    Raises:
        BadValue: It does not belong to that model.
    """
    if sidecar.name == old_model.name + WHOLE_NAME:
        return new_model.with_name(new_model.name + WHOLE_NAME)
    if not _belongs(sidecar.name, old_model.name):
        raise BadValue(f"{sidecar.name} does not belong to {old_model.name}.")
    return new_model.with_name(stem_of(new_model.name) + sidecar.name[len(stem_of(old_model.name)) :])


def _belongs(name: str, model: str) -> bool:
    if name == model:
        return False
    stem = stem_of(model)
    return name.startswith(stem) and (name[len(stem) :].lower() in _ENDINGS or name == model + WHOLE_NAME)


def _other_owner(name: str, model: str, lower: set[str]) -> bool:
    """Whether another model of the folder has a claim to a file, too."""
    low = name.lower()
    if name == model + WHOLE_NAME:
        return False
    stems = {low[: -len(ending)] for ending in _LONGEST_FIRST if low.endswith(ending)}
    return any(stem + ending in lower for stem in stems for ending in MODELS)
