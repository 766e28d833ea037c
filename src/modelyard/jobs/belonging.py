"""Which of ComfyUI's folders a file belongs in, by what its hub says of it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from modelyard.library.roots.comfy import NOT_MODELS, OLD_NAMES, PLACES
from modelyard.values.offers import Offer
from modelyard.values.suffixes import LISTED, suffix_of

KINDS: Mapping[str, str] = {
    "checkpoint": "checkpoints",
    "lora": "loras",
    "locon": "loras",
    "dora": "loras",
    "vae": "vae",
    "textualinversion": "embeddings",
    "hypernetwork": "hypernetworks",
    "controlnet": "controlnet",
    "upscaler": "upscale_models",
    "textencoder": "text_encoders",
    "text encoder": "text_encoders",
    "clip": "text_encoders",
    "clipvision": "clip_vision",
    "unet": "diffusion_models",
}
"""CivitAI's words for kinds, in lower case, and ComfyUI's folders."""

_TAGS: Mapping[str, str] = {"lora": "loras", "textual_inversion": "embeddings", "controlnet": "controlnet"}
"""Tags of Hugging Face that name a kind; a repository of several kinds has folders, or says nothing."""


def folder_of(offer: Offer, tags: Collection[str] = ()) -> str:
    """ComfyUI's folder for a file; empty when nobody says.

    The hub's word for the file counts first, then a folder in its path that is called like one of ComfyUI's
    (`split_files/vae/ae.safetensors`), then what its model is tagged as.

    Args:
        tags: Of the model.
    """
    if suffix_of(offer.name) not in LISTED:
        return ""
    if kind := KINDS.get(offer.kind.lower()):
        return kind
    for part in reversed(offer.path.lower().split("/")[:-1]):
        if part in PLACES and part not in NOT_MODELS:
            return part
        if part in OLD_NAMES:
            return OLD_NAMES[part]
    told = {folder for tag, folder in _TAGS.items() if tag in tags}
    return told.pop() if len(told) == 1 else ""
