"""The answer to "what does this workflow still need?": one row a model, and what all of them weigh."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["here", "renamed", "likely", "found", "gated", "differs", "unresolved", "unsafe"]
"""What is known of a model:

`here` under its name and folder; `renamed`: its very bytes are here under another name; `likely`: a file here may
be it, which a person says; `found`: it can be fetched; `gated`: its hub wants something first; `differs`: another
file stands in its place; `unresolved`: nobody knows where it can be had; `unsafe`: its name will not be followed.
"""

READY = ("here", "renamed")


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A file that may be the one that is wanted; a person chooses.

    Attributes:
        path: Where it lies, when it is here.
        score: 0 to 100, see `jobs.workflows.ranking`.
        why: What speaks for it and against it.
    """

    title: str
    address: str = ""
    path: str = ""
    page: str = ""
    size: int | None = None
    score: int = 0
    why: str = ""


class PlannedModel(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One model that a workflow needs.

    Attributes:
        name: As the workflow says it.
        directory: As the workflow says it.
        state: See `State`.
        path: Where its bytes lie.
        model: Its number in the library.
        lists_as: The name under which programs list the file that is here, where that is another one.
        twin: A file with the wanted bytes that ComfyUI does not list for this folder.
        verified: Somebody's hash confirmed the bytes that are here.
        target: Where it will be saved.
        address: Where it is fetched from.
        url: What the workflow says.
        hub: Name of the hub that offers it.
        page: For people.
        size: Bytes.
        rounded: The size is a note's word.
        hash: SHA-256 that its hub or the workflow claims.
        gate: The page on which terms are accepted or a key is made.
        error: Code of what its hub said.
        candidates: Files that may be it, the likeliest first.
        steps: What a person can do, in words.
        why: What led to the state, in a sentence.
    """

    name: str
    directory: str
    state: State
    path: str = ""
    model: int | None = None
    lists_as: str = ""
    twin: str = ""
    verified: bool = False
    target: str = ""
    address: str = ""
    url: str = ""
    hub: str = ""
    page: str = ""
    size: int | None = None
    rounded: bool = False
    hash: str = ""
    licence: str = ""
    gate: str = ""
    error: str = ""
    candidates: tuple[Candidate, ...] = ()
    steps: tuple[str, ...] = ()
    why: str = ""

    @property
    def fetched(self) -> bool:
        """Whether getting fetches it."""
        return self.state in ("found", "likely") and bool(self.address and self.target)


class Room(msgspec.Struct, frozen=True):
    """One disk that would be written to. Bytes.

    Attributes:
        folder: A folder on it.
        needed: What is to be fetched to it, as far as sizes are known.
        free: What may be written; None when unknown.
    """

    folder: str
    needed: int
    free: int | None
    fits: bool


class Plan(msgspec.Struct, frozen=True):
    """What a workflow's models are here.

    Attributes:
        models: One row for each needed row, in its order.
        bytes: To fetch, as far as sizes are known.
        unknown_sizes: Models to fetch whose size nobody says.
        room: The disks that would be written to.
        complete: Every needed model is here.
        notes: What could not be asked or looked at.
    """

    models: tuple[PlannedModel, ...]
    bytes: int
    unknown_sizes: int
    room: tuple[Room, ...]
    complete: bool
    notes: tuple[str, ...] = ()


def plan_of(models: tuple[PlannedModel, ...], room: tuple[Room, ...] = (), notes: tuple[str, ...] = ()) -> Plan:
    """Rows with their sums."""
    todo = {one.target: one for one in models if one.fetched}.values()
    return Plan(
        models,
        sum(one.size or 0 for one in todo),
        sum(one.size is None for one in todo),
        room,
        all(one.state in READY for one in models),
        notes,
    )
