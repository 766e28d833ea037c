"""What takes the room, and what could go: proposals with reasons. Nothing is done before a person asks for it."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from modelyard.catalogue.model import Health, Model
from modelyard.catalogue.space import Idle, Part
from modelyard.errors import BadValue
from modelyard.jobs.dedupe import duplicates
from modelyard.jobs.stock import Stock
from modelyard.jobs.trash import listed
from modelyard.library.atimes import last_read, mounts
from modelyard.programs.installed.found import Program
from modelyard.programs.installed.machine import Machine, this_machine
from modelyard.programs.installed.searching import recognise
from modelyard.values.week import DAY

UNUSED_DAYS = 180
_SMALL = 1 << 20


class Drive(msgspec.Struct, frozen=True):
    """One file system that roots lie on. Bytes.

    Attributes:
        path: The first of these roots.
        models: Bytes of the models there.
    """

    path: str
    roots: list[str]
    total: int
    free: int
    models: int


class Space(msgspec.Struct, frozen=True, kw_only=True):
    """What takes the room. Bytes.

    Attributes:
        program: By the programs in whose folders the roots lie; without a name what lies in none.
        duplicates: What `modelyard dedupe` would give back.
        unused: Models that nobody used for `unused_days`.
        uses_known: Whether any program ever told of a use; without that every model is unused.
    """

    models: int
    size: int
    kind: list[Part]
    folder: list[Part]
    root: list[Part]
    hub: list[Part]
    family: list[Part]
    program: list[Part]
    duplicates: int
    trash: int
    unused: Part
    unused_days: int
    uses_known: bool
    drives: list[Drive]


Action = Literal["keep", "archive", "offer"]
Source = Literal["program", "access-time", "nobody"]


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What could be done with a model that nobody used for long.

    Attributes:
        action: `keep`, `archive` (move it to another root), `offer` (for deletion, into the trash).
        reason: Stable, in kebab-case: `favourite`, `rated`, `small`, `read`, `removed` (at its hub), `only-copy`,
            `noted`, `fetched-again`, `damaged`.
        words: The same for people.
        last: The latest sign of a use, seconds since 1970; 0 for none.
        source: Who says so: a `program` reported it; the file's `access-time` says that it was read, by
            whatever program that was; `nobody`.
    """

    id: int
    title: str
    path: str
    size: int
    uses: int
    used: float
    last: float
    source: Source
    action: Action
    reason: str
    words: str


class Proposals(msgspec.Struct, frozen=True, kw_only=True):
    """Some of them, the largest first.

    Attributes:
        uses_known: Whether any program ever told of a use; without that these are guesses.
        next: Mark of the next page, empty at the end.
    """

    proposals: list[Proposal]
    uses_known: bool
    next: str


def space(stock: Stock, days: int = UNUSED_DAYS) -> Space:
    """What takes the room now.

    Args:
        days: A model that was not used for so long is unused.
    """
    sums, unused, known = stock.catalogue.space(stock.wall() - days * DAY)
    return Space(
        models=sum(part.models for part in sums["root"]),
        size=sum(part.size for part in sums["root"]),
        **sums,
        program=_by_program(sums["root"], this_machine()),
        duplicates=duplicates(stock).frees,
        trash=sum(one.size for one in listed(stock)),
        unused=unused,
        unused_days=days,
        uses_known=known,
        drives=_drives(stock, {part.name: part.size for part in sums["root"]}),
    )


def _by_program(roots: Sequence[Part], machine: Machine) -> list[Part]:
    """The same models by program, the largest first; programs of one name are told apart by their folders."""
    known: dict[Path, Program | None] = {}
    by_program: dict[Program | None, list[Part]] = {}
    for part in roots:
        by_program.setdefault(_owner(Path(os.path.realpath(part.name)), machine, known), []).append(part)
    names = Counter(one.name for one in by_program if one)
    parts = [
        Part(
            "" if one is None else one.name if names[one.name] == 1 else f"{one.name} ({one.path})",
            sum(part.models for part in held),
            sum(part.size for part in held),
        )
        for one, held in by_program.items()
    ]
    return sorted(parts, key=lambda part: (-part.size, part.name))


def _owner(root: Path, machine: Machine, known: dict[Path, Program | None]) -> Program | None:
    """The program whose folder this is, or is inside of, the nearest one."""
    for folder in (root, *root.parents):
        if folder not in known:
            known[folder] = recognise(folder, machine)
        if program := known[folder]:
            return program
    return None


def _drives(stock: Stock, sizes: dict[str, int]) -> list[Drive]:
    by_device: dict[int, list[str]] = {}
    for root in stock.roots().all:
        if root.path.is_dir():
            by_device.setdefault(os.stat(root.path).st_dev, []).append(str(root.path))
    drives = []
    for roots in by_device.values():
        found = shutil.disk_usage(roots[0])
        drives.append(Drive(roots[0], roots, found.total, found.free, sum(sizes.get(root, 0) for root in roots)))
    return drives


def proposals(
    stock: Stock, days: int = UNUSED_DAYS, most: int = 100, after: str = "", actions: tuple[Action, ...] = ()
) -> Proposals:
    """What could be done with models that nobody used for so many days.

    Args:
        after: `next` of the page before.
        actions: Only these; empty is all.
    """
    place = _place(after) if after else None
    since, places = stock.wall() - days * DAY, mounts()
    found: list[Proposal] = []
    while True:
        idle = stock.catalogue.idle(since, most, place)
        for one in idle:
            place = one.model.size, one.model.id
            read = last_read(one.model.path, places, (one.model.added, one.model.checked))
            told = proposal(one, read, since)
            if not actions or told.action in actions:
                found.append(told)
            if len(found) == most:
                return Proposals(proposals=found, uses_known=stock.catalogue.ever_used(), next=f"{place[0]}-{place[1]}")
        if len(idle) < most:
            return Proposals(proposals=found, uses_known=stock.catalogue.ever_used(), next="")


def _place(after: str) -> tuple[int, int]:
    """Size and number of the last one of a page.

    Raises:
        BadValue: That is no mark of a page.
    """
    found = re.fullmatch(r"(\d{1,18})-(\d{1,18})", after, re.ASCII)
    if found is None:
        raise BadValue(f"{after[:50]!r} is no mark of a page.", hint="Take `next` of the page before.")
    return int(found[1]), int(found[2])


def proposal(idle: Idle, read: float = 0.0, since: float = 0.0) -> Proposal:
    """What could be done with one model that is not used. What its owner said of it comes first. Pure.

    Args:
        read: When some program last read its main file, 0 when nobody says.
        since: From when on a reading counts as a use.
    """
    model = idle.model
    action, reason, words = _judge(model, removed=idle.removed)
    if action != "keep" and read > since > 0:
        day = time.strftime("%Y-%m-%d", time.localtime(read))
        action, reason, words = "keep", "read", f"No program told of a use, but one read it on {day} (access time)."
    source: Source = "access-time" if read > model.used else "program" if model.used else "nobody"
    return Proposal(
        id=model.id,
        title=model.title,
        path=model.path,
        size=model.size,
        uses=model.uses,
        used=model.used,
        last=max(read, model.used),
        source=source,
        action=action,
        reason=reason,
        words=words,
    )


def _judge(model: Model, *, removed: bool) -> tuple[Action, str, str]:
    if model.favourite:
        return "keep", "favourite", "A favourite."
    if model.rating >= 4:
        return "keep", "rated", f"You gave it {model.rating} of 5."
    if model.size < _SMALL:
        return "keep", "small", "Too small to matter."
    if removed:
        return "archive", "removed", f"{model.hub or 'Its hub'} removed it: this may be the last copy."
    if model.hub and model.hub_model:
        again = f"{model.hub} has it and it can be fetched again"
        if model.health is Health.DAMAGED:
            return "offer", "damaged", f"It is damaged; {again}."
        if model.notes or model.team:
            return "archive", "noted", f"You wrote about it; {again}."
        return "offer", "fetched-again", f"Not used for long; {again}."
    return "archive", "only-copy", "Not used for long, and no hub is known to have it: this may be the only copy."
