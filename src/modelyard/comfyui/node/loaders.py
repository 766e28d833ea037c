"""Which node loads the models of a folder, and into which of its widgets the name goes."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

_Row = tuple[str, str, str]
_log = logging.getLogger("modelyard")

LOADERS: list[_Row] = [
    ("checkpoints", "CheckpointLoaderSimple", "ckpt_name"),
    ("loras", "LoraLoader", "lora_name"),
    ("loras", "LoraLoaderModelOnly", "lora_name"),
    ("vae", "VAELoader", "vae_name"),
    ("diffusion_models", "UNETLoader", "unet_name"),
    ("diffusion_models", "UnetLoaderGGUF", "unet_name"),
    ("text_encoders", "CLIPLoader", "clip_name"),
    ("text_encoders", "CLIPLoaderGGUF", "clip_name"),
    ("text_encoders", "DualCLIPLoader", "clip_name1"),
    ("text_encoders", "DualCLIPLoader", "clip_name2"),
    ("clip_vision", "CLIPVisionLoader", "clip_name"),
    ("controlnet", "ControlNetLoader", "control_net_name"),
    ("controlnet", "DiffControlNetLoader", "control_net_name"),
    ("upscale_models", "UpscaleModelLoader", "model_name"),
    ("latent_upscale_models", "LatentUpscaleModelLoader", "model_name"),
    ("style_models", "StyleModelLoader", "style_model_name"),
    ("gligen", "GLIGENLoader", "gligen_name"),
    ("hypernetworks", "HypernetworkLoader", "hypernetwork_name"),
    ("photomaker", "PhotoMakerLoader", "photomaker_model_name"),
    ("model_patches", "ModelPatchLoader", "name"),
    ("audio_encoders", "AudioEncoderLoader", "audio_encoder_name"),
    ("diffusers", "DiffusersLoader", "model_path"),
]
"""Folder, class and widget; the first that the host knows is made, the first widget of a node is filled."""

SUFFIXES = {"UnetLoaderGGUF": (".gguf",), "CLIPLoaderGGUF": (".gguf",)}
"""Nodes that load such files only; the others do not load them."""


def loaders(home: Path) -> list[dict[str, Any]]:
    """The table, what its owner added in front: `comfyui-loaders.json` in the data folder, rows of three words."""
    own = home / "comfyui-loaders.json"
    added: list[_Row] = []
    try:
        added = [(str(one[0]), str(one[1]), str(one[2])) for one in json.loads(own.read_bytes())]
    except FileNotFoundError:
        pass  # most have none
    except (OSError, ValueError, LookupError, TypeError) as error:
        _log.warning("Modelyard: %s is passed over, rows of three words are needed: %s", own, error)
    return [
        {"folder": folder, "node": node, "widget": widget, "suffixes": list(SUFFIXES.get(node, ()))}
        for folder, node, widget in (*added, *LOADERS)
    ]


def folder_of(rows: list[dict[str, Any]], node: str, widget: str) -> str:
    """The folder that a widget of a node lists, empty when no row tells it."""
    return next((row["folder"] for row in rows if (row["node"], row["widget"]) == (node, widget)), "")
