"""The trash: removed models lie in `.modelyard-trash` of their own root until they are put back or emptied.

Each entry has a manifest that tells everything, so that it outlives the database. Files in it carry a further
ending: programs that search the root for models do not see them.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from modelyard.errors import NoSuchModel, NotInTrash, TargetExists, YardError
from modelyard.jobs import manifests
from modelyard.jobs.carrying import (
    Load,
    Way,
    carry,
    gather,
    recover,
    relocation,
    shift_of,
)
from modelyard.jobs.foreseeing import Foreseen, Plan, foresee
from modelyard.jobs.manifests import TRASH, InTrash, Kept, Trashed
from modelyard.jobs.remembering import facts_of, give_back
from modelyard.jobs.stock import Stock
from modelyard.library.shifting.failpoint import failpoint
from modelyard.library.shifting.journal import Shift
from modelyard.library.shifting.shift import step_of
from modelyard.store.opened import opened
from modelyard.values.week import DAY

_ENDING = ".trashed"
_LONGEST = 255


def put_away(stock: Stock, number: int) -> InTrash:
    """Move a model and all that belongs to it into the trash of its root.

    Raises:
        NoSuchModel, NoSuchFile, UnsafePath, ReadOnlyDisk, Busy: It cannot be moved; all is as it was.
    """
    recover(stock)
    load, shift, manifest = _leaving(stock, number)
    entry = manifest.id
    with opened(load.base, load.base / TRASH / entry, make=True) as folder:
        folder.write(manifests.MANIFEST, msgspec.json.encode(manifest))
    failpoint("manifest")
    try:
        carry(stock, shift)
    except YardError:
        manifests.tidy(load.base, entry)
        raise
    return manifests.shown(manifest, load.base)


def foresee_trash(stock: Stock, ids: Sequence[int]) -> list[Foreseen]:
    """What `put_away` would do with each of these; touches nothing."""

    def plan(number: int) -> Plan:
        load, shift, _ = _leaving(stock, number)
        return shift, str(load.base / TRASH)

    return foresee(stock, tuple(ids), plan)


def _leaving(stock: Stock, number: int) -> tuple[Load, Shift, Trashed]:
    load = gather(stock, number)
    entry = f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(stock.wall()))}-{uuid.uuid4().hex[:8]}"
    home = load.base / TRASH / entry
    ways = _ways(load)
    moved = {way.source: home / "files" / way.name for way in ways}
    shift = shift_of(load, ways, home / "files", load.base, "trash", {"entry": entry})
    told = relocation(load, load.root, moved[load.home / load.name], moved, gone=True)
    shift = msgspec.structs.replace(shift, facts={"relocation": told, "entry": entry})
    return load, shift, _manifest(stock, load, entry, ways)


def _ways(load: Load) -> list[Way]:
    sources = [(path, False) for path in (*load.files, *load.beside)] + [(path, True) for path in load.shared]
    ways = []
    for at, (path, stays) in enumerate(sources):
        name = path.name + _ENDING
        ways.append(Way(path, name if len(os.fsencode(name)) <= _LONGEST else f"{at}{_ENDING}", stays))
    return ways


def _manifest(stock: Stock, load: Load, entry: str, ways: Sequence[Way]) -> Trashed:
    kept = tuple(
        Kept(
            source=way.source.relative_to(load.base).as_posix(),
            stored=way.name,
            shared=way.stays,
            tree=load.tree,
        )
        for way in ways
    )
    model = load.model
    return Trashed(
        id=entry,
        at=stock.wall(),
        path=model.path,
        title=model.title,
        size=model.size,
        model=model.id,
        files=kept,
        facts=facts_of(stock, model.id),
    )


def listed(stock: Stock) -> list[InTrash]:
    """Everything in the trash of every root, the latest first."""
    found = [manifests.shown(one, base) for base in bases(stock) for one in manifests.entries(base)]
    return sorted(found, key=lambda one: (-one.at, one.id))


def bases(stock: Stock) -> list[Path]:
    """The real paths of the roots that are there."""
    real = dict.fromkeys(Path(os.path.realpath(root.path)) for root in stock.roots().all)
    return [base for base in real if base.is_dir()]


def put_back(stock: Stock, entry: str) -> str:
    """Move a model out of the trash to where it lay; gives its path.

    Raises:
        NotInTrash: No such entry.
        TargetExists: Something stands there now; nothing was moved.
        UnsafePath, ReadOnlyDisk: It may not be put there.
    """
    recover(stock)
    base, trashed = _entry(stock, entry)
    home = base / TRASH / entry / "files"
    path = _old_path(stock, base, trashed)
    root = stock.roots().writable(path)
    there = [one for one in trashed.files if os.path.lexists(home / one.stored)]
    coming = [one for one in there if not (one.shared and os.path.lexists(base / manifests.safe(one.source)))]
    if taken := next((one for one in coming if os.path.lexists(base / manifests.safe(one.source))), None):
        raise TargetExists(f"{base / taken.source} stands there now.", hint="Rename that one first.")
    steps = tuple(step_of(home / one.stored, manifests.safe(one.source), base) for one in coming)
    facts: dict[str, Any] = {}
    known = _row(stock, trashed, home)
    if known is not None:
        files = {home / one.stored: base / one.source for one in there}
        load = Load(known, root, home, base, tuple(files), (), (), _known(stock, known.id), trashed.files[0].tree)
        moved = {old: path.parent / new.name for old, new in files.items()}
        facts["relocation"] = relocation(load, root, path, moved)
    carry(stock, Shift(id=uuid.uuid4().hex, what="undo", root=str(base), to_root=str(base), steps=steps, facts=facts))
    if known is None:
        give_back(stock, str(path), trashed.facts)
    manifests.tidy(base, entry, [one.stored for one in trashed.files if one.shared])
    return str(path)


def _known(stock: Stock, number: int) -> tuple[str, ...]:
    return tuple(file.path for file in stock.catalogue.files(number))


def _row(stock: Stock, trashed: Trashed, home: Path) -> Any:
    """The catalogue's row of it, as long as that is still the one that went into this trash."""
    try:
        model = stock.catalogue.get(trashed.model)
    except NoSuchModel:
        return None
    return model if Path(model.path).parent == home else None


def _old_path(stock: Stock, base: Path, trashed: Trashed) -> Path:
    """Where the model lay: as the catalogue called it where that still leads there, else by its root's name now."""
    place = manifests.safe(trashed.files[0].source)
    real, logical = base / place, Path(trashed.path)
    if logical.name == real.name and Path(os.path.realpath(logical.parent)) == real.parent:
        return logical
    names = (root.path for root in stock.roots().all if Path(os.path.realpath(root.path)) == base)
    return next(names, base) / place


def empty(
    stock: Stock, entries: Sequence[str] | None = None, older: float = 0.0, *, dry_run: bool = False
) -> list[InTrash]:
    """Remove models in the trash for ever; gives which.

    Args:
        entries: Only these; None is all, of none nothing is removed.
        older: Only those that lie there longer than so many seconds.
        dry_run: Only say which.

    Raises:
        NotInTrash: One of them is not there.
        ReadOnlyDisk: Its root is registered as read-only.
    """
    recover(stock)
    here = {one.id: one for one in listed(stock)}
    for entry in entries or ():
        if entry not in here:
            raise NotInTrash(f"{entry[:80]} is not in the trash.")
    until = stock.wall() - older
    chosen = [one for one in here.values() if (entries is None or one.id in entries) and (not older or one.at < until)]
    if dry_run:
        return chosen
    for one in chosen:
        _destroy(stock, one)
    for base in bases(stock) if entries is None and not older else ():
        manifests.sweep(base)
    return chosen


def _destroy(stock: Stock, one: InTrash) -> None:
    base = Path(one.root)
    stock.roots().check_writable(base)
    home = base / TRASH / one.id
    with stock.claims.claim(f"empty {one.id}", [home]):
        manifests.drop(base, one.id)
    try:
        if home in Path(stock.catalogue.get(one.model).path).parents:
            stock.catalogue.forget([one.model])
    except NoSuchModel:
        pass


def empty_old(stock: Stock) -> int:
    """Remove what lies in the trash longer than the setting says; gives how many."""
    days = stock.yard.settings["library.trash"]
    return len(empty(stock, older=days * DAY)) if days else 0


def _entry(stock: Stock, entry: str) -> tuple[Path, Trashed]:
    for base in bases(stock):
        trashed = manifests.read(base, entry)
        if trashed is not None and manifests.holds_any(base, trashed):
            return base, trashed
    raise NotInTrash(f"{entry[:80]} is not in the trash.")
