"""What stands in a node's widgets: names and values, whichever way a workflow wrote them down. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from modelyard.programs.workflows.loaders import LOADERS, folder_of
from modelyard.programs.workflows.references import names_model
from modelyard.values.untrusted import record, text

MOST_VALUES = 10_000
"""Values of one node that are looked at."""


def list_of(value: object) -> list[Any]:
    """A JSON array, empty when it is anything else."""
    return value if isinstance(value, list) else []


def word(value: object) -> str:
    """An id, a type or a name as text; a whole number counts as its digits."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return str(value)
    return text(value)


def values_of(node: Mapping[str, Any]) -> dict[str, object]:
    """Values by input name; one whose name is not known has its position (`#3`) instead.

    Where a list and named values differ, ComfyUI loads the list; the names then only say what is what.
    """
    written, named = node.get("widgets_values"), record(node.get("widgets_values_named"))
    if isinstance(written, dict) or not written:
        return dict(record(written) or named)
    values = list_of(written)[:MOST_VALUES]
    names = list(named) if len(named) == len(values) else _names(node, len(values))
    return {names[at] if at < len(names) else f"#{at}": value for at, value in enumerate(values)}


def _names(node: Mapping[str, Any], count: int) -> list[str]:
    """Names for a list of values: the node's own where it names each of them, else those its type is known for."""
    own = [
        name for entry in list_of(node.get("inputs")) if (name := text(record(record(entry).get("widget")).get("name")))
    ]
    if len(own) == count and len(set(own)) == count:
        return own
    known = LOADERS.get(text(node.get("type")), {})
    return [] if text(node.get("type")) == "TrainLoraNode" else list(known)


def combos_of(node: Mapping[str, Any]) -> frozenset[str]:
    """Names of the inputs that are a choice from a list."""
    return frozenset(
        text(entry.get("name"))
        for entry in map(record, list_of(node.get("inputs")))
        if entry.get("type") == "COMBO" and entry.get("widget")
    )


def models_in(
    node_type: str, values: Mapping[str, object], combos: frozenset[str], declared: frozenset[str]
) -> Iterator[tuple[str, str, str]]:
    """Name, folder and input of each value that names a model.

    A node whose type is known has models only where its type reads them. In any other node a value counts when its
    input is a choice from a list, when the node declares that model, or when the node calls itself a loader.
    """
    known, loader = node_type in LOADERS, "loader" in node_type.lower()
    for name, value in values.items():
        for told in _names_in(value):
            if known or loader or name in combos or told in declared:
                yield text(told), folder_of(node_type, name) or _folder_of_entry(value), name


def _names_in(value: object) -> Iterator[str]:
    """The model names in a value: itself, or those of a list of LoRAs that some nodes keep, unless switched off."""
    if isinstance(value, str):
        if names_model(value):
            yield value
    elif isinstance(value, dict):
        if value.get("on", value.get("active", True)) is not False:
            yield from (told for key in _KEYS if isinstance(told := value.get(key), str) and names_model(told))
    elif isinstance(value, list):
        for entry in value[:MOST_VALUES]:
            if isinstance(entry, dict):
                yield from _names_in(entry)


_KEYS = ("lora", "lora_name", "content", "ckpt_name", "model_name")


def _folder_of_entry(value: object) -> str:
    entries = value if isinstance(value, list) else [value]
    return (
        "loras"
        if any(isinstance(entry, dict) and ("lora" in entry or "lora_name" in entry) for entry in entries)
        else ""
    )
