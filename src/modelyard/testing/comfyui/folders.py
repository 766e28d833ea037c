"""A module like ComfyUI's `folder_paths`: the names of folders, and what lies in them."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType
from typing import Any

from modelyard.library.roots.comfy import PLACES

SUFFIXES = {".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft"}


def folder_paths(base: Path) -> ModuleType:
    """The module of a ComfyUI at a place."""
    module: Any = ModuleType("folder_paths")
    models = base / "models"
    known = {name: ([str(models / place) for place in places], SUFFIXES) for name, places in PLACES.items()}
    known["custom_nodes"] = ([str(base / "custom_nodes")], set())

    def get_folder_paths(folder: str) -> list[str]:
        return list(known[folder][0])

    def get_filename_list(folder: str) -> list[str]:
        return sorted({name for place in known[folder][0] for name in _names(Path(place), known[folder][1])})

    def get_full_path(folder: str, name: str) -> str | None:
        if folder not in known:
            return None
        relative = os.path.relpath(os.path.join("/", name), "/")
        found = (os.path.join(place, relative) for place in known[folder][0])
        return next((path for path in found if os.path.isfile(path)), None)  # noqa: PTH113  # as the host does it

    for call in (get_folder_paths, get_filename_list, get_full_path):
        setattr(module, call.__name__, call)
    module.base_path, module.models_dir, module.folder_names_and_paths = str(base), str(models), known
    found: ModuleType = module
    return found


def _names(place: Path, suffixes: set[str]) -> list[str]:
    walked = os.walk(place, followlinks=True)
    paths = [Path(folder, name) for folder, _, names in walked for name in names]
    return [str(path.relative_to(place)) for path in paths if path.suffix.lower() in suffixes]
