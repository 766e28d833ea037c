"""Two models of one name in a folder: it has room for one; the other is told and never taken for it. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import msgspec

from modelyard.jobs.workflows.plan import Candidate, PlannedModel
from modelyard.jobs.workflows.wanted import Wanted


def rivals(wanted: Sequence[Wanted]) -> list[list[int]]:
    """The rows that share a name and a folder, by their places."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for at, one in enumerate(wanted):
        groups.setdefault(one.key, []).append(at)
    return [group for group in groups.values() if len(group) > 1]


def owner(rows: Sequence[PlannedModel]) -> PlannedModel | None:
    """Of rows of one name the one that has it: the file that is here, else the first that can be fetched."""
    here = next((one for one in rows if one.state == "here"), None)
    return here or next((one for one in rows if one.fetched), None)


def doubted(row: PlannedModel) -> PlannedModel:
    """A file that is here under a name that two models have; which one it is nobody was asked."""
    why = "A file of that name is here, but the workflows name two places of it; whether both have it nobody was asked."
    steps = ("Ask hubs: `modelyard workflow plan --search`.", "Or say that it is the one: `--accept likely`.")
    return msgspec.structs.replace(row, state="likely", verified=False, why=why, steps=steps)


def apart(first: PlannedModel, second: PlannedModel) -> PlannedModel:
    """Another row than the one that has the name: it cannot have it too, unless it means the same bytes."""
    if second is first or not second.fetched or (first.hash and first.hash == second.hash):
        return second
    place = first.address or first.url or first.path
    why = f"Another model has this name in this folder: that of {place}. They cannot both have it."
    if not (first.hash and second.hash):
        why = f"{why} Whether they are the same nobody says."
    other = f"modelyard get {shlex.quote(second.address)} --to FOLDER/ANOTHER-NAME"
    steps = (f"Fetch it under another name, and choose that in the workflow: `{other}`.",)
    near = Candidate(title=second.name, address=second.address, page=second.page, size=second.size, why="the other one")
    told = {"target": "", "candidates": (near,), "steps": steps, "why": why}
    return msgspec.structs.replace(second, state="unresolved", **told)
