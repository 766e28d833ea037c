"""Nodes that list models and open them, as ComfyUI's own loaders do; and how nodes are told to the front end."""

from __future__ import annotations

from typing import Any

_LOADERS: dict[str, tuple[tuple[tuple[str, str], ...], tuple[str, ...]]] = {
    "CheckpointLoaderSimple": ((("ckpt_name", "checkpoints"),), ("MODEL", "CLIP", "VAE")),
    "LoraLoader": ((("lora_name", "loras"),), ("MODEL", "CLIP")),
    "LoraLoaderModelOnly": ((("lora_name", "loras"),), ("MODEL",)),
    "VAELoader": ((("vae_name", "vae"),), ("VAE",)),
    "UNETLoader": ((("unet_name", "diffusion_models"),), ("MODEL",)),
    "CLIPLoader": ((("clip_name", "text_encoders"),), ("CLIP",)),
    "UpscaleModelLoader": ((("model_name", "upscale_models"),), ("UPSCALE_MODEL",)),
}
"""Class, its lists of names with their folders, and what comes out."""


class PreviewAny:
    """Shows what comes in, and so ends a prompt."""

    RETURN_TYPES = ()
    FUNCTION = "show"
    CATEGORY = "utils"
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802  # the host's word
        """The host asks this."""
        return {"required": {"source": ("*", {})}}

    def show(self, source: Any) -> dict[str, Any]:
        """What the page is shown."""
        return {"ui": {"text": [str(source)]}, "result": ()}


def loaders(folder_paths: Any) -> dict[str, type]:
    """The classes, over a module of folders."""
    found = {name: _loader(folder_paths, name, widgets, out) for name, (widgets, out) in _LOADERS.items()}
    return found | {"PreviewAny": PreviewAny}


def _loader(folder_paths: Any, name: str, widgets: tuple[tuple[str, str], ...], out: tuple[str, ...]) -> type:
    folders = dict(widgets)

    def input_types(_cls: type) -> dict[str, Any]:
        return {"required": {widget: (folder_paths.get_filename_list(folder),) for widget, folder in widgets}}

    def load(_self: object, **given: str) -> tuple[str, ...]:
        paths = [folder_paths.get_full_path(folders[widget], value) for widget, value in given.items()]
        if None in paths:
            raise FileNotFoundError(str(given))
        return tuple(map(str, paths * len(out)))[: len(out)]

    body = {"INPUT_TYPES": classmethod(input_types), "load": load, "FUNCTION": "load", "RETURN_TYPES": out}
    return type(name, (), body | {"CATEGORY": "loaders"})


def told(name: str, node: Any, title: str = "") -> dict[str, Any]:
    """A node as `/object_info` tells it."""
    inputs = node.INPUT_TYPES()
    return {
        "input": inputs,
        "input_order": {kind: list(fields) for kind, fields in inputs.items()},
        "output": list(node.RETURN_TYPES),
        "output_is_list": [False] * len(node.RETURN_TYPES),
        "output_name": list(getattr(node, "RETURN_NAMES", node.RETURN_TYPES)),
        "name": name,
        "display_name": title or name,
        "description": getattr(node, "DESCRIPTION", ""),
        "python_module": "nodes",
        "category": node.CATEGORY,
        "output_node": getattr(node, "OUTPUT_NODE", False),
    }
