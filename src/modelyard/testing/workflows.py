"""Workflows and the pictures they sit in, and a practice hub that has what one needs."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from modelyard.testing.pictures import png

if TYPE_CHECKING:
    from modelyard.testing.hub import PracticeHub

HOME = "https://huggingface.co"
"""What workflows name; a client that is led to the practice hub asks it instead."""

LOADERS: Mapping[str, tuple[str, str]] = {
    "checkpoints": ("CheckpointLoaderSimple", "ckpt_name"),
    "loras": ("LoraLoaderModelOnly", "lora_name"),
    "vae": ("VAELoader", "vae_name"),
    "text_encoders": ("CLIPLoader", "clip_name"),
    "diffusion_models": ("UNETLoader", "unet_name"),
    "controlnet": ("ControlNetLoader", "control_net_name"),
    "upscale_models": ("UpscaleModelLoader", "model_name"),
}
"""Folder to a node that loads from it and the name of its input."""


def picture(workflow: Mapping[str, Any] | None = None, **texts: str) -> bytes:
    """A PNG as ComfyUI saves it: the workflow in a text before the pixels.

    Args:
        texts: Further texts: `prompt`, `parameters`.
    """
    whole = png(7)
    told = {"workflow": json.dumps(workflow)} if workflow is not None else {}
    chunks = (_chunk(b"tEXt", key.encode() + b"\0" + text.encode()) for key, text in {**told, **texts}.items())
    head = 8 + 25  # the signature and IHDR
    return whole[:head] + b"".join(chunks) + whole[head:]


def needing(*models: Mapping[str, str], note: str = "") -> dict[str, Any]:
    """A canvas with a loader for each model: `name`, `directory`, and what else the node declares (`url`, `hash`)."""
    nodes: list[dict[str, Any]] = []
    for number, model in enumerate(models, 1):
        kind, widget = LOADERS[model["directory"]]
        declared = [{key: value for key, value in model.items() if value}] if len(model) > 2 else []
        inputs = [{"name": widget, "type": "COMBO", "widget": {"name": widget}, "link": None}]
        properties = {"models": declared} if declared else {}
        values = [model["name"], 1] if kind == "LoraLoaderModelOnly" else [model["name"]]
        nodes.append(
            {
                "id": number,
                "type": kind,
                "mode": 0,
                "inputs": inputs,
                "widgets_values": values,
                "properties": properties,
            }
        )
    if note:
        nodes.append({"id": len(nodes) + 1, "type": "MarkdownNote", "mode": 0, "widgets_values": [note]})
    return {"version": 0.4, "nodes": nodes, "links": []}


def stocked(hub: PracticeHub, size: int = 300_000) -> dict[str, Any]:
    """Put models on the hub; the workflow that needs all of them, each found in another way.

    By address; by an address whose last part is another name; by a mirror, since the address is dead; by name.
    """
    hub.hf.add_repo(
        "Comfy-Org/practice", {"split_files/vae/yard_vae.safetensors": size, "old/v1.safetensors": size + 8}
    )
    hub.modelscope.add_repo("Comfy-Org/practice", {"yard_lora.safetensors": size + 16})
    hub.hf.add_repo("black-forest-labs/yard-encoder", {"text_encoders/yard-encoder.safetensors": size + 24})
    files = f"{HOME}/Comfy-Org/practice/resolve/main"
    mirror = "https://modelscope.cn/models/Comfy-Org/practice/resolve/master/yard_lora.safetensors"
    return needing(
        {"name": "yard_vae.safetensors", "directory": "vae", "url": f"{files}/split_files/vae/yard_vae.safetensors"},
        {"name": "yard.safetensors", "directory": "diffusion_models", "url": f"{files}/old/v1.safetensors"},
        {"name": "yard_lora.safetensors", "directory": "loras", "url": f"{HOME}/gone/gone/resolve/main/x.safetensors"},
        {"name": "yard-encoder.safetensors", "directory": "text_encoders"},
        note=f"- [yard_lora.safetensors]({mirror}) ({(size + 16) / 1000:.0f} KB)",
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
