"""The other programs of this machine: what they keep, what lies there twice, and what sharing would free."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from modelyard.jobs.dedupe import Group, duplicates
from modelyard.jobs.extending import Extension, seen
from modelyard.jobs.finding import by_real_path, found, is_held, places, rewriting_of
from modelyard.jobs.stock import Stock
from modelyard.library.roots.roots import Root
from modelyard.programs.installed.found import Care, Means, Program
from modelyard.programs.installed.machine import Machine
from modelyard.programs.installed.weighing import weigh


class FolderView(msgspec.Struct, frozen=True, kw_only=True):
    """One folder of a program's models.

    Attributes:
        folder: ComfyUI's name of what lies in it, empty for a mixed one.
        care: `free`; `rewrites` (writes into its files), `prunes` (removes what it does not know), `indexed` (sees
            only what came in through itself).
        declared: Its settings name it.
        registered: It is a root, or lies in one of the same kind.
    """

    path: str
    folder: str
    care: Care
    declared: bool
    registered: bool


class FoundKey(msgspec.Struct, frozen=True):
    """Where a program keeps a key; never the key."""

    hub: str
    path: str


class ProgramView(msgspec.Struct, frozen=True, kw_only=True):
    """One program that was found.

    Attributes:
        id: Its name for commands.
        models: How many model files lie in its folders, as `bytes`; those that share their bytes count once.
        shared: Bytes of its measured files that lie in another place as well, outside of this program.
        frees: Bytes among these that sharing their place would give back.
        imported: All its folders are roots.
        means: How a model can be lent to it, the gentlest first.
        why: Why not by others.
        proxy: Its settings name one; without its password.
        notes: What in its settings could not be used.
        extension: Our extension in it; null where it is no ComfyUI.
    """

    id: str
    kind: str
    name: str
    path: str
    version: str
    folders: list[FolderView]
    models: int
    bytes: int
    shared: int
    frees: int
    imported: bool
    means: list[Means]
    why: str
    configs: list[str]
    keys: list[FoundKey]
    proxy: str
    notes: list[str]
    extension: Extension | None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """All programs.

    Attributes:
        places: Folders where a person said that programs are.
        shared: Bytes that lie in two of them, or in one and in a folder of ours; each model counts once.
        frees: What `modelyard dedupe` would give back of these.
        unmeasured: Files of which nobody knows yet whether they have a double.
    """

    programs: list[ProgramView]
    places: list[str]
    shared: int
    frees: int
    unmeasured: int


def survey(stock: Stock, machine: Machine | None = None) -> Found:
    """Every program with what it keeps, and what lies there twice."""
    programs, reals = found(stock, machine), by_real_path(stock.roots())
    doubles = duplicates(stock, rewriting_of(programs))
    owners = [(str(folder.path) + os.sep, one.id) for one in programs for folder in one.folders]
    shared, freed, between = _between(doubles.groups, owners)
    return Found(
        programs=[_view(stock, one, reals, shared.get(one.id, 0), freed.get(one.id, 0)) for one in programs],
        places=places(stock),
        shared=sum(group.size for group in between),
        frees=sum(group.frees for group in between),
        unmeasured=doubles.unmeasured,
    )


def _between(
    groups: Iterable[Group], owners: Sequence[tuple[str, str]]
) -> tuple[dict[str, int], dict[str, int], list[Group]]:
    """Bytes by program that lie elsewhere, too, those that sharing would free, and the groups of several owners."""
    shared: dict[str, int] = {}
    freed: dict[str, int] = {}
    between = []
    for group in groups:
        by_owner: dict[str, list[str]] = {}
        for one in group.files:
            real = os.path.realpath(one.path)
            owner = next((name for path, name in owners if real.startswith(path)), "")
            by_owner.setdefault(owner, []).append(one.state)
        if len(by_owner) < 2:
            continue
        between.append(group)
        for owner, states in by_owner.items():
            shared[owner] = shared.get(owner, 0) + group.size
            freed[owner] = freed.get(owner, 0) + group.size * states.count("double")
    return shared, freed, between


def _view(stock: Stock, program: Program, reals: Sequence[tuple[Path, Root]], shared: int, frees: int) -> ProgramView:
    weight = weigh(tuple(folder.path for folder in program.folders))
    folders = [
        FolderView(
            path=str(one.path),
            folder=one.folder,
            care=one.care,
            declared=one.declared,
            registered=is_held(one, reals),
        )
        for one in program.folders
    ]
    return ProgramView(
        id=program.id,
        kind=program.kind,
        name=program.name,
        path=str(program.path),
        version=program.version,
        folders=folders,
        models=weight.models,
        bytes=weight.size,
        shared=shared,
        frees=frees,
        imported=bool(folders) and all(one.registered for one in folders),
        means=list(program.means),
        why=program.why,
        configs=[str(one) for one in program.configs],
        keys=[FoundKey(one.hub, str(one.path)) for one in program.keys],
        proxy=program.proxy,
        notes=list(program.notes),
        extension=seen(stock, program),
    )
