"""What Ollama's registry holds: images of layers, each blob named by the hash of its bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from modelyard.testing.content import Bytes, Content
from modelyard.testing.models import gguf_of_size

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.ollama.image."


@dataclass
class Image:
    """A model under one tag.

    Attributes:
        layers: Content by the last word of its media type, in order: model, template, params, system, license,
            projector, adapter.
        pages: Where Hugging Face has a layer's bytes, by digest.
    """

    layers: Mapping[str, Content]
    private: bool = False
    pages: Mapping[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Content:
        """What Ollama keeps of a model beside its layers."""
        layers = {"type": "layers", "diff_ids": [f"sha256:{one.sha256}" for one in self.layers.values()]}
        told = {"model_format": "gguf", "model_family": "llama", "architecture": "amd64", "os": "linux"}
        return Bytes(json.dumps({**told, "rootfs": layers}).encode())

    @property
    def manifest(self) -> bytes:
        """The list of its blobs, byte for byte the same each time."""
        layers = [_entry(LAYER + kind, content) for kind, content in self.layers.items()]
        told = {"schemaVersion": 2, "mediaType": MANIFEST, "config": _entry(CONFIG, self.config), "layers": layers}
        return json.dumps(told, separators=(",", ":")).encode()

    @property
    def blobs(self) -> dict[str, Content]:
        """Its blobs by digest."""
        return {f"sha256:{one.sha256}": one for one in (self.config, *self.layers.values())}


def images(seed: int) -> dict[tuple[str, str], Image]:
    """The fixtures by name and tag: all seven kinds of layers between them, and one model that wants a token."""
    model = gguf_of_size(1_200_000, seed=seed)
    words = {"template": Bytes(b"{{ .Prompt }}"), "params": Bytes(b'{"stop":["<s>"]}')}
    more = {"system": Bytes(b"You are a model to practise on."), "license": Bytes(b"Apache License 2.0\n")}
    sight = {"projector": gguf_of_size(300_000, seed=seed + 1, architecture="clip")}
    tuned = {"adapter": gguf_of_size(200_000, seed=seed + 2)}
    return {
        ("library/tiny", "latest"): Image({"model": model, **words, **more}),
        ("library/seeing", "latest"): Image({"model": model, **sight, **words}),
        ("ada/tuned", "v1"): Image({"model": model, **tuned, **more}),
        ("ada/private", "latest"): Image({"model": model, **words}, private=True),
    }


def _entry(kind: str, content: Content) -> dict[str, object]:
    return {"mediaType": kind, "digest": f"sha256:{content.sha256}", "size": content.size}
