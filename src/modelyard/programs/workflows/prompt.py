"""API JSON (what a run is queued with): `{id: {class_type, inputs}}`; muted nodes are gone, names are given. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.programs.workflows import spoken
from modelyard.programs.workflows.references import Candidate, Found
from modelyard.programs.workflows.widgets import MOST_VALUES, models_in
from modelyard.values.untrusted import record, text

MOST_NODES = 300_000

_WRITTEN = frozenset(
    ("text", "prompt", "string", "value", "markdown", "filename_prefix", "text_g", "text_l", "negative")
)
"""Inputs that a person writes into: a sentence may end as a model's name does."""


def walk(prompt: Mapping[str, Any]) -> Found:
    """Everything a queued prompt says about models.

    Which inputs are choices is not written down: in nodes of unknown type every one-line value that ends as models do
    is taken for one, but for inputs that are known to be written into.
    """
    candidates: list[Candidate] = []
    mentioned: list[dict[str, Any]] = []
    for key, value in list(prompt.items())[:MOST_NODES]:
        node, path = record(value), text(key)
        kind = text(node.get("class_type"))
        inputs = dict(list(record(node.get("inputs")).items())[:MOST_VALUES])
        for name, folder, widget in models_in(kind, inputs, frozenset(inputs) - _WRITTEN, frozenset()):
            candidates.append(Candidate(name, folder, path, kind, text(widget)))
        mentioned += spoken.mentions(inputs, path, kind)
    problems = (f"More than {MOST_NODES} nodes: the rest was not looked at.",) if len(prompt) > MOST_NODES else ()
    return Found(tuple(candidates), (), tuple(mentioned), problems)
