"""Which programs are on this machine, and where else a person said that one lies."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from modelyard.errors import BadValue, NoSuchProgram
from modelyard.jobs.stock import Stock
from modelyard.keys.private_file import read_private, write_private
from modelyard.library.roots.entries import Entry
from modelyard.library.roots.roots import Root, Roots, roots_of
from modelyard.programs.installed.configs import is_place
from modelyard.programs.installed.found import Folder, Program
from modelyard.programs.installed.machine import Machine, this_machine
from modelyard.programs.installed.searching import search, search_near

_MOST_PLACES = 200
_PLACES = threading.Lock()


def found(stock: Stock, machine: Machine | None = None) -> list[Program]:
    """Every program that is found, with its folders; reads names and settings, no model."""
    machine = machine or this_machine()
    return [_with_folders(one, machine) for one in search(machine, map(Path, places(stock)))]


def rewriting_of(every: Iterable[Program]) -> tuple[Path, ...]:
    """Folders of models into which a program writes metadata, in place: every other name of such a file changes too."""
    return tuple(folder.path for one in every for folder in one.folders if folder.care == "rewrites")


def rewritten(stock: Stock) -> tuple[Path, ...]:
    """These folders, of every program that is found."""
    return rewriting_of(found(stock))


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


def by_real_path(roots: Roots) -> list[tuple[Path, Root]]:
    """Every root with its path, links resolved."""
    return [(Path(os.path.realpath(root.path)), root) for root in roots.all]


def is_held(folder: Folder, reals: Iterable[tuple[Path, Root]]) -> bool:
    """Whether a root holds a program's folder as its kind: it is one, or lies in one of the same kind."""
    return any(
        folder.path == real or (folder.path.is_relative_to(real) and folder.folder == root.folder)
        for real, root in reals
    )


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
    machine = this_machine()
    below = search_near(machine, path)
    if not below:
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
