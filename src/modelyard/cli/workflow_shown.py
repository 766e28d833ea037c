"""Plans of workflows as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from modelyard.jobs.workflows.plan import Plan, PlannedModel
from modelyard.programs.workflows.references import Workflow
from modelyard.values.sizes import show_size

_WORDS = {"found": "to fetch", "differs": "DIFFERS", "gated": "GATED", "unresolved": "UNKNOWN", "unsafe": "UNSAFE"}


def plan_lines(shown: str, workflow: Workflow, plan: Plan) -> Iterator[str]:
    """What a file needs: a line each, and what to do below it."""
    counts = f"{len(workflow.needed)} needed, {len(workflow.declared_not_needed)} switched off"
    yield f"{shown}: {counts}{_sum(plan)}"
    for model in plan.models:
        yield from model_lines(model)
    yield from (f"  off       {_told(row)}" for row in workflow.declared_not_needed)
    yield from (f"  in a text {_told(row)}" for row in workflow.mentioned)
    yield from (f"  wrong     {problem}" for problem in workflow.problems)


def model_lines(model: PlannedModel) -> Iterator[str]:
    """A model: its state, place, size and address, then why and what to do."""
    size = f"  {'about ' if model.rounded else ''}{show_size(model.size)}" if model.size is not None else ""
    where = model.path if model.state in ("here", "renamed", "likely") else model.address
    licence = f"  licence: {model.licence}" if model.licence else ""
    folder = model.directory or "(folder unknown)"
    name = f"{folder}/{model.name or '(no name)'}"
    state = f"{_WORDS.get(model.state, model.state)}{' ✓' if model.verified else ''}"
    yield f"  {state:9} {name}{f'  {where}' if where else ''}{size}{licence}"
    if model.state != "here":
        yield f"            {model.why}"
    for one in model.candidates:
        points = f" ({one.score} of 100: {one.why})" if one.score else f" ({one.why})"
        yield f"            perhaps {one.address or one.path}{points}"
    yield from (f"            → {step}" for step in model.steps)


def room_lines(plan: Plan) -> Iterator[str]:
    """What is to be fetched, and whether it fits."""
    more = f" and {plan.unknown_sizes} of unknown size" if plan.unknown_sizes else ""
    if plan.bytes or more:
        yield f"{show_size(plan.bytes)}{more} to fetch."
    for room in plan.room:
        free = "unknown room" if room.free is None else f"{show_size(room.free)} free"
        yield f"  {free} on the disk of {room.folder}{'' if room.fits else ': NOT ENOUGH'}"
    yield from (f"  {note}" for note in plan.notes)


def _sum(plan: Plan) -> str:
    if not plan.models:
        return ""
    counts: dict[str, int] = {}
    for model in plan.models:
        counts[model.state] = counts.get(model.state, 0) + 1
    return f" ({', '.join(f'{number} {_WORDS.get(state, state)}' for state, number in counts.items())})"


def _told(row: Mapping[str, Any]) -> str:
    return f"{row.get('directory') or '(folder unknown)'}/{row['name'] or '(no name)'}" + "".join(
        f"  {row[key]}" for key in ("url", "address", "hash") if row.get(key)
    )
