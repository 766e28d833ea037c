"""ComfyUI's model folders: its 27 names, their places, and what its switches and YAML files make of them.

Source: ComfyUI 0.33.0, `folder_paths.py`, `main.py`, `utils/extra_config.py`, read and run (facts 1.3, 1.6).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

PLACES: dict[str, tuple[str, ...]] = {
    "checkpoints": ("checkpoints",),
    "configs": ("configs",),
    "loras": ("loras",),
    "vae": ("vae",),
    "text_encoders": ("text_encoders", "clip"),
    "diffusion_models": ("unet", "diffusion_models"),
    "clip_vision": ("clip_vision",),
    "style_models": ("style_models",),
    "embeddings": ("embeddings",),
    "diffusers": ("diffusers",),
    "vae_approx": ("vae_approx",),
    "controlnet": ("controlnet", "t2i_adapter"),
    "gligen": ("gligen",),
    "upscale_models": ("upscale_models",),
    "latent_upscale_models": ("latent_upscale_models",),
    "custom_nodes": (),  # lies beside the models and holds programs
    "datasets": ("datasets",),
    "hypernetworks": ("hypernetworks",),
    "photomaker": ("photomaker",),
    "classifiers": ("classifiers",),
    "model_patches": ("model_patches",),
    "audio_encoders": ("audio_encoders",),
    "background_removal": ("background_removal",),
    "frame_interpolation": ("frame_interpolation",),
    "geometry_estimation": ("geometry_estimation",),
    "optical_flow": ("optical_flow",),
    "detection": ("detection",),
}
"""Name of a folder to its places below `models/`, in ComfyUI's order."""

OUTPUTS = {"checkpoints": "checkpoints", "text_encoders": "clip", "vae": "vae"} | {
    "diffusion_models": "diffusion_models",
    "loras": "loras",
}
"""Places below `output/` that its own save nodes write to; read last."""

OLD_NAMES = {"unet": "diffusion_models", "clip": "text_encoders"}

NOT_MODELS = frozenset(("configs", "custom_nodes", "datasets"))
"""Folders whose files are no models: never listed, never a place to save one."""


def folder_name(name: str) -> str:
    """Today's name of a folder."""
    return OLD_NAMES.get(name, name)


class Extra(msgspec.Struct, frozen=True):
    """One line of an `extra_model_paths.yaml`."""

    folder: str
    path: Path
    first: bool


@dataclass
class ComfyPaths:
    """The folders of one ComfyUI, each an ordered list; the place in the list is its index.

    Args:
        home: Where `main.py` lies.
        base: `--base-directory`, when it is used.
        models: `--models-directory`; wins for models.
        output: `--output-directory`, where its own save nodes write to.
    """

    home: Path
    base: Path | None = None
    models: Path | None = None
    output: Path | None = None
    paths: dict[str, list[Path]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        below = self.models or (self.base or self.home) / "models"
        for name, places in PLACES.items():
            self.paths[name] = [below / place for place in places]

    def add(self, lines: Iterable[Extra]) -> None:
        """Add the lines of a YAML file as ComfyUI adds them: a default one goes to the front, each before the last."""
        for line in lines:
            known = self.paths.setdefault(line.folder, [])
            if line.first and known[:1] != [line.path]:
                if line.path in known:
                    known.remove(line.path)
                known.insert(0, line.path)
            elif line.path not in known:
                known.append(line.path)

    def finish(self) -> dict[str, list[Path]]:
        """All folders, with those of its save nodes at their ends."""
        output = self.output or (self.base or self.home) / "output"
        self.add(Extra(name, output / place, first=False) for name, place in OUTPUTS.items())
        return {name: paths for name, paths in self.paths.items() if name not in NOT_MODELS}


def is_comfy(folder: Path) -> bool:
    """Whether a ComfyUI lies here, by its own files; a folder that nobody may look into is none."""
    try:
        return all((folder / name).exists() for name in ("main.py", "folder_paths.py", "comfy"))
    except OSError:
        return False


def expanded(path: str, home: Path, expand: Callable[[str], str] = os.path.expandvars) -> Path:
    """A `base_path` as ComfyUI expands it: `~`, then variables, then from the folder of the YAML file."""
    return Path(os.path.normpath(home / expand(os.path.expanduser(path))))  # noqa: PTH111  # as ComfyUI does it
