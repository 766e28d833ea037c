"""The other programs of this machine: what they keep, what lies there twice, and what sharing would free."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from modelyard.errors import BadValue, NoSuchProgram
from modelyard.jobs.dedupe import Group, duplicates
from modelyard.jobs.stock import Stock
from modelyard.keys.private_file import read_private, write_private
from modelyard.keys.redaction import Redactor
from modelyard.library.roots.entries import Entry
from modelyard.library.roots.roots import Roots, roots_of
from modelyard.programs.installed.configs import is_place
from modelyard.programs.installed.found import Care, Folder, Means, Program
from modelyard.programs.installed.machine import Machine, this_machine
from modelyard.programs.installed.searching import recognise, search
from modelyard.programs.installed.weighing import Weight, weigh

_MOST_PLACES = 200
_PLACES = threading.Lock()
_REDACTOR = Redactor()


class FolderView(msgspec.Struct, frozen=True, kw_only=True):
    """One folder of a program's models.

    Attributes:
        folder: ComfyUI's name of what lies in it, empty for a mixed one.
        care: `free`; `rewrites` (writes into its files), `prunes` (removes what it does not know), `indexed` (sees
            only what came in through itself).
        declared: Its settings name it.
        registered: It lies in a root.
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


def found(stock: Stock, machine: Machine | None = None) -> list[Program]:
    """Every program that is found, with its folders; reads names and settings, no model."""
    machine = machine or this_machine()
    return [_with_folders(one, machine) for one in search(machine, map(Path, places(stock)))]


def named(stock: Stock, text: str, *, every: Sequence[Program] | None = None) -> Program:
    """The program of an id, a path, or a kind of which there is one.

    Args:
        every: All programs, where they were looked for already.

    Raises:
        NoSuchProgram: There is none, or there are several.
    """
    every = found(stock) if every is None else every
    real = os.path.realpath(text) if Path(text).is_absolute() else ""
    exact = [one for one in every if one.id == text or str(one.path) == real]
    fitting = exact or [one for one in every if text.lower() in (one.kind, one.name.lower())]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise NoSuchProgram(
            f"There are {len(fitting)} of {text[:80]}.", hint=f"Say {', '.join(one.id for one in fitting)}."
        )
    raise NoSuchProgram(f"No program {text[:80]!r} was found.")


def _with_folders(program: Program, machine: Machine) -> Program:
    """A ComfyUI with its folders, as the library reads them."""
    if not program.kind.startswith("comfyui"):
        return program
    notes = list(program.notes)
    folders: dict[Path, Folder] = {}
    roots = roots_of([entry_of(program)])
    for root in roots.all:
        real = Path(os.path.realpath(root.path))
        own = real.is_relative_to(program.path)
        if not real.is_dir():
            continue
        if not is_place(real, machine.real_home):
            notes.append(f"Its settings name {root.path}, which is no place for models; it is passed over.")
            continue
        if root.path.is_relative_to(program.path) and not own:
            notes.append(f"{root.path} is a link to {real}; register that folder itself: modelyard roots add.")
        elif "output" not in real.relative_to(program.path).parts[:1] if own else True:
            folders.setdefault(real, Folder(real, root.folder, "free", declared=not own))
    notes += [f"{one.path}: {one.words}" for one in roots.problems if one.code == "bad-yaml"]
    return replace(program, folders=tuple(folders.values()), notes=tuple(notes))


def entry_of(program: Program) -> Entry:
    """A ComfyUI as a place to register."""
    return Entry(path=str(program.path), comfy=True, extra=tuple(map(str, program.extra)))


# --- places that a person named ---------------------------------------------------------------------


def places(stock: Stock) -> list[str]:
    """Folders where a person said that programs are.

    Raises:
        BadValue: The file is damaged.
    """
    try:
        return msgspec.json.decode(read_private(stock.folder / "programs.json") or b"[]", type=list[str])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadValue("programs.json holds no places.", hint="Mend it, or remove it.") from error


def keep_place(stock: Stock, text: str) -> list[Program]:
    """Remember a folder where programs are; gives those in it.

    Raises:
        BadValue: It is no folder, or no program that we know is there.
    """
    path = Path(text)
    if "\0" in text or not path.is_absolute() or not path.is_dir():
        raise BadValue(f"{text[:200]!r} is no folder.", hint="Name the folder of the program, or the one above it.")
    machine, real = this_machine(), Path(os.path.realpath(path))
    below = [one for one in search(machine, [real]) if one.path == real or real in one.path.parents]
    if not below and recognise(real, machine) is None:
        raise BadValue(
            f"No program that we know is in {path}.", hint="`modelyard programs --help` names those we know."
        )
    with _PLACES:
        known = [one for one in places(stock) if one != str(path)]
        write_private(stock.folder / "programs.json", msgspec.json.encode([*known, str(path)][-_MOST_PLACES:]))
    return [_with_folders(one, machine) for one in below]


def forget_place(stock: Stock, text: str) -> None:
    """Look no more in a folder.

    Raises:
        NoSuchProgram: It was not named before.
    """
    with _PLACES:
        known = places(stock)
        if text not in known:
            raise NoSuchProgram(f"{text[:200]} was not named.")
        write_private(stock.folder / "programs.json", msgspec.json.encode([one for one in known if one != text]))


# --- what is there twice -----------------------------------------------------------------------------


def survey(stock: Stock, machine: Machine | None = None) -> Found:
    """Every program with what it keeps, and what lies there twice."""
    programs, roots, doubles = found(stock, machine), stock.roots(), duplicates(stock)
    owners = [(str(folder.path) + os.sep, one.id) for one in programs for folder in one.folders]
    shared, freed, between = _between(doubles.groups, owners)
    return Found(
        programs=[_view(one, roots, shared.get(one.id, 0), freed.get(one.id, 0)) for one in programs],
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


def _view(program: Program, roots: Roots, shared: int, frees: int) -> ProgramView:
    weight = weigh(tuple(folder.path for folder in program.folders)) if program.folders else Weight()
    real = [os.path.realpath(root.path) for root in roots.all]
    folders = [
        FolderView(
            path=str(one.path),
            folder=one.folder,
            care=one.care,
            declared=one.declared,
            registered=any(str(one.path) == root or str(one.path).startswith(root + os.sep) for root in real),
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
        proxy=_REDACTOR.text(program.proxy),
        notes=list(program.notes),
    )
