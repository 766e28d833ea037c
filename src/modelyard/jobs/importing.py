"""Import in place: a program's folders become roots, and what it knows of its models is learnt; no byte moves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from modelyard.errors import BadValue, NoSuchModel
from modelyard.jobs.chores import Chore, Options, Step, Tell
from modelyard.jobs.finding import entry_of, found, named
from modelyard.jobs.learning import cleaned
from modelyard.jobs.scan import Scan
from modelyard.jobs.stock import Stock
from modelyard.library.roots.entries import Entry
from modelyard.library.roots.roots import roots_of
from modelyard.net.stop import Stop
from modelyard.programs.installed.configs import is_place
from modelyard.programs.installed.found import Folder, Program
from modelyard.programs.installed.machine import this_machine
from modelyard.programs.installed.metadata import Told, told_by
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
    fresh = [path for one in chosen for path in _register(stock, one)]
    roots = stock.roots()
    places = [str(folder.path) for one in chosen for folder in one.folders]
    wanted = [root for root in roots.all if _meets(os.path.realpath(root.path), places)]
    scanned = Scan(stock, stop, lambda done: tell(Step(done.seen, None, f"{done.seen:,} models seen"))).run(wanted)
    learnt = 0
    for one in chosen:
        facts = told_by(one, machine)
        for at, fact in enumerate(facts):
            stop.check()
            tell(Step(at, len(facts), f"Learning what {one.name} knows"))
            learnt += _learn(stock, fact)
    return {
        "programs": [one.id for one in chosen],
        "roots": fresh[:_MOST_TOLD],
        "models": scanned.seen,
        "added": scanned.added,
        "learnt": learnt,
    }


def _register(stock: Stock, program: Program) -> list[str]:
    """Register what no root holds yet; gives the new places."""
    if program.kind == "comfyui":
        entries = [entry_of(program)]
        strange = [root.path for root in roots_of(entries).all if root.path.is_dir() and not _fits(root.path)]
        if strange:
            raise BadValue(
                f"The settings of {program.name} name {strange[0]}, which is no place for models.",
                hint="Take it out of extra_model_paths.yaml, or register single folders: modelyard roots add.",
            )
    else:
        entries = [
            Entry(path=str(one.path), folder=one.folder, read_only=one.read_only) for one in _outer(stock, program)
        ]
    known = {os.path.realpath(one.path) for one in stock.entries.all()}
    kept = [stock.entries.keep(one) for one in entries if os.path.realpath(one.path) not in known]
    return [one.path for one in kept]


def _fits(path: Path) -> bool:
    return is_place(Path(os.path.realpath(path)), this_machine().real_home)


def _outer(stock: Stock, program: Program) -> list[Folder]:
    """Folders that no root holds as their kind."""
    held = [(os.path.realpath(root.path), root.folder) for root in stock.roots().all]
    return [
        one
        for one in program.folders
        if not any(
            str(one.path) == path or (str(one.path).startswith(path + os.sep) and one.folder == folder)
            for path, folder in held
        )
    ]


def _meets(path: str, places: Sequence[str]) -> bool:
    return any(path == one or path.startswith(one + os.sep) or one.startswith(path + os.sep) for one in places)


def _learn(stock: Stock, fact: Told) -> int:
    """Keep what a program says of a file; its owner's words and a hub's own stay. Whether it was known."""
    try:
        model = stock.catalogue.at(_known_as(stock, fact.path))
    except NoSuchModel:
        return 0
    before = stock.catalogue.details(model.id).about
    after = _over(before, fact)
    if after != before:
        stock.catalogue.describe(model.id, partial(_over, fact=fact))
    return int(after != before)


def _over(old: About, fact: Told) -> About:
    """What was known, with its gaps filled by what the program says."""
    new = About(hub=fact.hub, model_id=fact.model, version_id=fact.version, description_form="text")
    identity = old if old.hub or old.model_id else new
    return cleaned(
        replace(
            old,
            hub=identity.hub,
            model_id=identity.model_id,
            version_id=identity.version_id,
            name=old.name or fact.name,
            author=old.author or fact.author,
            base_model=old.base_model or fact.base,
            description=old.description or fact.description,
            description_form=old.description_form if old.description else new.description_form,
            claimed={**fact.claimed, **old.claimed},
        )
    )


def _known_as(stock: Stock, path: Path) -> str:
    """The path as the catalogue has it: roots may be registered by another way to the same folder."""
    root = stock.roots().holding(path)
    if root is not None:
        return str(path)
    real = os.path.realpath(path.parent)
    for one in stock.roots().all:
        base = os.path.realpath(one.path)
        if real == base or real.startswith(base + os.sep):
            return os.path.join(str(one.path), os.path.relpath(os.path.join(real, path.name), base))
    return str(path)


IMPORT = Chore("import", "Import the models of other programs", ImportOptions, import_programs)
