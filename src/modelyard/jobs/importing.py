"""Import in place: a program's folders become roots, and what it knows of its models is learnt; no byte moves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from modelyard.errors import BadValue, NoSuchModel
from modelyard.jobs.chores import Chore, Options, Step, Tell
from modelyard.jobs.finding import by_real_path, entry_of, found, is_held, named
from modelyard.jobs.learning import cleaned, filled
from modelyard.jobs.scan import Scan
from modelyard.jobs.stock import Stock
from modelyard.library.roots.entries import Entry
from modelyard.library.roots.roots import Root, Roots, roots_of
from modelyard.net.stop import Stop
from modelyard.programs.installed.configs import is_place
from modelyard.programs.installed.found import Folder, Program
from modelyard.programs.installed.machine import this_machine
from modelyard.programs.installed.metadata import told_by
from modelyard.values.about import About

_MOST_TOLD = 100


class ImportOptions(Options, frozen=True, kw_only=True):
    """Whose models are imported.

    Attributes:
        programs: Ids, see `modelyard programs`.
    """

    programs: tuple[str, ...]


def import_programs(stock: Stock, options: ImportOptions, stop: Stop, tell: Tell) -> dict[str, Any]:
    """Register the folders of programs, look at them, and learn what the programs know.

    Raises:
        NoSuchProgram: One of them is not found; nothing was registered.
        BadValue: One has no folder of models.
    """
    machine = this_machine()
    every = found(stock, machine)
    chosen = [named(stock, text, every=every) for text in options.programs]
    for one in chosen:
        if not one.folders:
            raise BadValue(
                f"{one.name} at {one.path} has no folder of models.", hint=one.why or "Nothing need be done."
            )
    fresh = [path for one in chosen for path in register(stock, one)]
    roots = stock.roots()
    reals = by_real_path(roots)
    places = [folder.path for one in chosen for folder in one.folders]
    wanted = [root for real, root in reals if any(map(partial(_meet, real), places))]
    scanned = Scan(stock, stop, lambda done: tell(Step(done.seen, None, f"{done.seen:,} models seen"))).run(wanted)
    learnt = 0
    for one in chosen:
        facts = told_by(one, machine)
        for at, fact in enumerate(facts):
            stop.check()
            tell(Step(at, len(facts), f"Learning what {one.name} knows"))
            learnt += _learn(stock, _known_as(roots, reals, fact.path), fact.about)
    return {
        "programs": [one.id for one in chosen],
        "roots": fresh[:_MOST_TOLD],
        "models": scanned.seen,
        "added": scanned.added,
        "learnt": learnt,
    }


def register(stock: Stock, program: Program) -> list[str]:
    """Register what of a program's folders no root holds yet; gives the new places.

    Raises:
        BadValue: A ComfyUI's settings name what is no place for models; nothing was registered.
    """
    entries = entries_of(stock, program)
    known = {os.path.realpath(one.path) for one in stock.entries.all()}
    kept = [stock.entries.keep(one) for one in entries if os.path.realpath(one.path) not in known]
    return [one.path for one in kept]


def entries_of(stock: Stock, program: Program) -> list[Entry]:
    """What to register of a program's folders.

    Raises:
        BadValue: A ComfyUI's settings name what is no place for models.
    """
    if program.kind == "comfyui":
        entry = entry_of(program)
        strange = [root.path for root in roots_of([entry]).all if root.path.is_dir() and not _fits(root.path)]
        if strange:
            raise BadValue(
                f"The settings of {program.name} name {strange[0]}, which is no place for models.",
                hint="Take it out of extra_model_paths.yaml, or register single folders: modelyard roots add.",
            )
        return [entry]
    return [Entry(path=str(one.path), folder=one.folder, read_only=one.read_only) for one in _outer(stock, program)]


def _fits(path: Path) -> bool:
    return is_place(Path(os.path.realpath(path)), this_machine().real_home)


def _outer(stock: Stock, program: Program) -> list[Folder]:
    """Folders that no root holds as their kind."""
    reals = by_real_path(stock.roots())
    return [one for one in program.folders if not is_held(one, reals)]


def _meet(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def _learn(stock: Stock, path: str, fact: About) -> int:
    """Keep what a program says of a file; its owner's words and a hub's own stay. Whether it was news."""
    try:
        model = stock.catalogue.at(path)
    except NoSuchModel:
        return 0
    before = stock.catalogue.details(model.id).about
    after = _over(before, fact)
    if after != before:
        stock.catalogue.describe(model.id, partial(_over, fact=fact))
    return int(after != before)


def _over(old: About, fact: About) -> About:
    return cleaned(filled(old, fact))


def _known_as(roots: Roots, reals: Sequence[tuple[Path, Root]], path: Path) -> str:
    """The path as the catalogue has it: roots may be registered by another way to the same folder."""
    if roots.holding(path) is not None:
        return str(path)
    real = Path(os.path.realpath(path.parent), path.name)
    root = next(((base, root) for base, root in reals if real.is_relative_to(base)), None)
    return str(path if root is None else root[1].path / real.relative_to(root[0]))


IMPORT = Chore("import", "Import the models of other programs", ImportOptions, import_programs)
