"""JSON of strangers, and what kind of workflow it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from modelyard.programs.workflows import canvas, notes, prompt
from modelyard.programs.workflows.gathering import gather
from modelyard.programs.workflows.notes import noted
from modelyard.programs.workflows.references import Workflow
from modelyard.programs.workflows.snapshots import of_snapshot
from modelyard.values.untrusted import record

LONGEST = 32 * 2**20
"""Characters of one document. Real ones stay below 5 MiB; this bounds the memory that parsing takes."""


def read_document(raw: str | bytes) -> Workflow | None:
    """The workflow in a JSON text, None when there is none.

    NaN and infinities are read: ComfyUI writes them. Nesting and numbers beyond Python's limits are no workflow.
    """
    if len(raw) > LONGEST:
        return None
    try:
        return of_value(json.loads(raw))
    except (ValueError, RecursionError):
        return None


def of_value(value: object, depth: int = 0) -> Workflow | None:
    """The workflow in a JSON value: a canvas, a prompt, an object that holds one by that name, or a snapshot."""
    told = record(value)
    if isinstance(told.get("nodes"), list):
        return noted(gather(canvas.walk(told), "ui"), notes.read(told))
    if _is_prompt(told):
        return gather(prompt.walk(told), "api")
    for key in ("workflow", "prompt"):
        inside = told.get(key)
        if depth < 2 and inside:
            read = read_document(inside) if isinstance(inside, str) else of_value(inside, depth + 1)
            if read:
                return read
    return of_snapshot(told)


def _is_prompt(told: Mapping[str, Any]) -> bool:
    return any(isinstance(node, dict) and isinstance(node.get("class_type"), str) for node in told.values())
