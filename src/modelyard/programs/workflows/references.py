"""What a workflow says about models: plain facts, the keys of one answer."""

from __future__ import annotations

from typing import Any

import msgspec

SUFFIXES = (".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".sft", ".onnx", ".gguf")
"""Endings that ComfyUI's front end takes for models in a combo box."""

LONGEST_NAME = 1000


class Candidate(msgspec.Struct, frozen=True):
    """One value of one active node that names a model."""

    name: str
    directory: str
    node: str
    type: str
    widget: str
    place: str = ""
    """Where its node is defined: the same for every instance of a subgraph."""


class Declared(msgspec.Struct, frozen=True):
    """One model that a node, or the workflow as a whole, describes."""

    name: str
    directory: str = ""
    url: str = ""
    hash: str = ""
    hash_type: str = ""
    node: int | str = ""
    type: str = ""
    mode: int = 0
    subgraph: str = ""
    place: str = ""
    """Where the node that declares it is defined; empty when the workflow as a whole does."""


class Found(msgspec.Struct, frozen=True):
    """What a walk over one workflow met."""

    candidates: tuple[Candidate, ...] = ()
    declared: tuple[Declared, ...] = ()
    mentioned: tuple[dict[str, Any], ...] = ()
    problems: tuple[str, ...] = ()


class Workflow(msgspec.Struct, frozen=True):
    """What a file asks for.

    `needed` are the models that a run would load; `declared_not_needed` those that are described and switched off;
    `mentioned` those that a text names (embeddings, LoRAs in prompts). `format` is `ui`, `api`, `a1111`, `comfy-lock`
    or `snapshot`, `container` what kind of file it sits in.
    """

    format: str
    needed: list[dict[str, Any]]
    declared_not_needed: list[dict[str, Any]]
    mentioned: list[dict[str, Any]] = msgspec.field(default_factory=list)
    problems: list[str] = msgspec.field(default_factory=list)
    container: str = "json"


def names_model(value: object) -> bool:
    """Whether a value is the name of a model file: one line with a known ending."""
    return isinstance(value, str) and len(value) <= LONGEST_NAME and "\n" not in value and has_suffix(value)


def has_suffix(name: str) -> bool:
    """Whether a name ends as models do."""
    return name.lower().endswith(SUFFIXES)
