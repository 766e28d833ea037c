"""*Ensure model*: an address goes in, the name under which ComfyUI lists the file comes out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import folder_paths

from .asking import ask
from .here import YARD
from .problems import Refused

_TURN = 1.0
"""Seconds that the service is asked to wait; an interrupt is noticed in between."""
_CATEGORY = "modelyard"


class AnyName(str):
    """A type that fits every list of names: the host compares with `!=`."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False


_NAME = AnyName("*")


class EnsureModel:
    """Have a model of any folder."""

    FOLDER = ""
    RETURN_TYPES = (_NAME,)
    RETURN_NAMES = ("name",)
    FUNCTION = "ensure"
    CATEGORY = _CATEGORY
    DESCRIPTION = "Fetches a model when it is not here yet, proves it, and gives the name for the loader behind it."
    _paths: dict[tuple[str, ...], str] = {}  # noqa: RUF012  # where earlier runs found what was wanted

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802  # the host's word
        """The host asks this."""
        address = {"default": "", "tooltip": "hf:owner/repo/file.safetensors, civitai:123@456, or a link to a hub."}
        needed: dict[str, Any] = {"address": ("STRING", address)}
        if not cls.FOLDER:
            needed["folder"] = (sorted(set(folder_paths.folder_names_and_paths) - {"configs", "custom_nodes"}),)
        name = {"default": "", "tooltip": "Its file name, when it shall have another one than at the hub."}
        sha256 = {"default": "", "tooltip": "SHA-256 that its bytes must have."}
        return {
            "required": needed,
            "optional": {"name": ("STRING", name), "sha256": ("STRING", sha256)},
            "hidden": {"node": "UNIQUE_ID"},
        }

    @classmethod
    def IS_CHANGED(cls, **inputs: Any) -> Any:  # noqa: N802  # the host's word
        """Run again only when the file that an earlier run found is gone."""
        path = cls.found(inputs)
        return float("nan") if path and not Path(path).exists() else ""

    @classmethod
    def found(cls, inputs: dict[str, Any]) -> str:
        """Where an earlier run found the model of these inputs, empty when none did."""
        return cls._paths.get(cls._wanted(inputs), "")

    @classmethod
    def _wanted(cls, inputs: dict[str, Any]) -> tuple[str, ...]:
        told = {"folder": cls.FOLDER, **inputs}
        return tuple(str(told.get(name, "")) for name in ("folder", "address", "name"))

    def ensure(self, address: str, folder: str = "", name: str = "", sha256: str = "", node: str = "") -> tuple[str]:
        """Wait until the model is here; gives its name.

        Raises:
            RuntimeError: It cannot be had, or this ComfyUI does not list where it is.
        """
        wanted = self._wanted({"address": address, "folder": folder or self.FOLDER, "name": name})
        folder = wanted[0]
        want = {"address": address.strip(), "folder": folder, "name": name.strip(), "sha256": sha256.strip()}
        found = self._wait(want, node)
        self._paths[wanted] = found["path"]
        return (_listed(folder, found["path"]),)

    def _wait(self, want: dict[str, str], node: str) -> dict[str, Any]:
        bar = _Bar(node)
        again = True
        while True:
            _check_interrupted()
            body = {"wants": [want], "wait": _TURN, "again": again}
            try:
                (found,) = ask(YARD, "POST", "/api/v1/ensure", body)
            except Refused as error:
                raise RuntimeError(f"Modelyard: {error} {error.hint}") from error
            again = False
            if found["state"] == "ready":
                bar.show(1, 1)
                ready: dict[str, Any] = found
                return ready
            if found["state"] == "missing":
                raise RuntimeError(f"Modelyard: {found.get('reason', '')} {' '.join(found.get('steps', []))}")
            bar.show(found.get("done", 0), found.get("size"))


class _Bar:
    """Progress on the node, where the host has such a thing."""

    def __init__(self, node: str) -> None:
        try:
            from comfy.utils import ProgressBar

            self._bar: Any = ProgressBar(1000, node_id=node)
        except (ImportError, TypeError):  # an older host, or none
            self._bar = None

    def show(self, done: int, size: int | None) -> None:
        """How far it is."""
        if self._bar is not None and size:
            self._bar.update_absolute(int(1000 * done / size), 1000)


def _check_interrupted() -> None:
    """Stop when somebody pressed the host's cross; the download itself goes on in the service."""
    try:
        from comfy.model_management import throw_exception_if_processing_interrupted
    except ImportError:  # a host without it
        return
    throw_exception_if_processing_interrupted()


def _listed(folder: str, path: str) -> str:
    """The name under which this ComfyUI lists a file.

    Raises:
        RuntimeError: It does not.
    """
    real = os.path.realpath(path)
    for name in folder_paths.get_filename_list(folder):
        place = folder_paths.get_full_path(folder, name)
        if place and os.path.realpath(place) == real:
            return str(name)
    raise RuntimeError(
        f"Modelyard: the model is at {path}, where this ComfyUI does not look for {folder}. "
        "Share it: `modelyard link`, or add its folder to extra_model_paths.yaml."
    )


_KINDS = {
    "Checkpoint": "checkpoints",
    "LoRA": "loras",
    "VAE": "vae",
    "DiffusionModel": "diffusion_models",
    "TextEncoder": "text_encoders",
    "CLIPVision": "clip_vision",
    "ControlNet": "controlnet",
    "Upscaler": "upscale_models",
}
_TITLES = {"DiffusionModel": "diffusion model", "TextEncoder": "text encoder", "CLIPVision": "CLIP vision"}

NODE_CLASS_MAPPINGS: dict[str, Any] = {
    f"ModelyardEnsure{kind}": type(f"Ensure{kind}", (EnsureModel,), {"FOLDER": folder})
    for kind, folder in _KINDS.items()
} | {"ModelyardEnsureModel": EnsureModel}
NODE_DISPLAY_NAME_MAPPINGS = {
    f"ModelyardEnsure{kind}": f"Ensure {_TITLES.get(kind, kind)} (Modelyard)" for kind in _KINDS
} | {"ModelyardEnsureModel": "Ensure model (Modelyard)"}
