"""Which folder a file belongs in, by what its hub says."""

from __future__ import annotations

import pytest

from modelyard.jobs.belonging import KINDS, folder_of
from modelyard.library.roots.comfy import PLACES
from modelyard.values.offers import Address, Offer, Source


def offer(path: str, kind: str = "file") -> Offer:
    return Offer(Address("huggingface", "a/b", path=path), path, 1, {}, (Source("https://hub.example/x"),), kind=kind)


@pytest.mark.parametrize(
    ("path", "kind", "tags", "folder"),
    [
        ("a.safetensors", "LORA", (), "loras"),
        ("a.safetensors", "VAE", ("lora",), "vae"),
        ("split_files/text_encoders/clip_l.safetensors", "file", (), "text_encoders"),
        ("unet/a.gguf", "file", (), "diffusion_models"),
        ("a.safetensors", "file", ("lora", "flux"), "loras"),
        ("a.safetensors", "file", ("lora", "controlnet"), ""),
        ("a.safetensors", "file", (), ""),
        ("custom_nodes/a.safetensors", "file", (), ""),
        ("loras/readme.md", "LORA", (), ""),
    ],
)
def test_the_hubs_word_comes_before_a_folder_and_that_before_a_tag(
    path: str, kind: str, tags: tuple[str, ...], folder: str
) -> None:
    assert folder_of(offer(path, kind), tags) == folder


def test_every_kind_leads_to_a_folder_of_comfyui() -> None:
    assert set(KINDS.values()) <= set(PLACES)
