"""The trash: removed models lie in `.modelyard-trash` of their own root until they are put back or emptied.

Each entry has a manifest that tells everything, so that it outlives the database. Files in it carry a further
ending: programs that search the root for models do not see them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from modelyard.errors import DiskError, NoSuchFile, NoSuchModel, NotInTrash, TargetExists, UnsafePath, YardError
from modelyard.jobs.carrying import (
    Load,
    Way,
    carry,
    check_writable,
    gather,
    recover,
    relocation,
    shift_of,
    writable,
)
from modelyard.jobs.remembering import Facts, facts_of, give_back
from modelyard.jobs.stock import Stock
from modelyard.library.shifting.copying import remove_tree
from modelyard.library.shifting.failpoint import failpoint
from modelyard.library.shifting.journal import Shift
from modelyard.library.shifting.opened import opened, refused
from modelyard.library.shifting.shift import step_of

TRASH = ".modelyard-trash"
MANIFEST = "manifest.json"
DAY = 86400.0
_ENDING = ".trashed"
_EMPTYING = ".emptying"
_LONGEST = 255
_LARGEST = 16 << 20


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One file in the trash.

    Attributes:
        source: Where it lay, relative to the root, with `/`.
        stored: Its name in the trash.
        shared: A copy: the file itself stayed with another model.
    """

    source: str
    stored: str
    shared: bool = False
    tree: bool = False


class Trashed(msgspec.Struct, frozen=True, kw_only=True):
    """A model in the trash, as its manifest tells.

    Attributes:
        at: Seconds since 1970.
        path: Where it lay, as the catalogue had it.
        model: Its number in the catalogue.
        size: Bytes.
    """

    id: str
    at: float
    path: str
    title: str
    size: int
    model: int
    files: tuple[Kept, ...]
    facts: Facts
    version: int = 1


class InTrash(msgspec.Struct, frozen=True):
    """A model in the trash, as a list shows it.

    Attributes:
        root: The real path of the root whose trash it lies in.
    """

    id: str
    at: float
    title: str
    path: str
    size: int
    model: int
    root: str


def put_away(stock: Stock, number: int) -> InTrash:
    """Move a model and all that belongs to it into the trash of its root.

    Raises:
        NoSuchModel, NoSuchFile, UnsafePath, ReadOnlyDisk, Busy: It cannot be moved; all is as it was.
    """
    recover(stock)
    load = gather(stock, number)
    entry = f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(stock.wall()))}-{uuid.uuid4().hex[:8]}"
    home = load.base / TRASH / entry
    ways = _ways(load)
    moved = {way.source: home / "files" / way.name for way in ways}
    shift = shift_of(load, ways, home / "files", load.base, "trash", {"entry": entry})
    told = relocation(load, load.root, moved[load.home / load.name], moved, gone=True)
    shift = msgspec.structs.replace(shift, facts={"relocation": told, "entry": entry})
    manifest = _manifest(stock, load, entry, ways)
    with opened(load.base, home, make=True) as folder:
        folder.write(MANIFEST, msgspec.json.encode(manifest))
    failpoint("manifest")
    try:
        carry(stock, shift)
    except YardError:
        _tidy(load.base, entry)
        raise
    return _shown(manifest, load.base)


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
    found = [_shown(one, base) for base in bases(stock) for one in _entries(base)]
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
    root = writable(stock.roots(), path)
    there = [one for one in trashed.files if os.path.lexists(home / one.stored)]
    coming = [one for one in there if not (one.shared and os.path.lexists(base / _safe(one.source)))]
    if taken := next((one for one in coming if os.path.lexists(base / _safe(one.source))), None):
        raise TargetExists(f"{base / taken.source} stands there now.", hint="Rename that one first.")
    steps = tuple(step_of(home / one.stored, _safe(one.source), base) for one in coming)
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
    _tidy(base, entry, [one.stored for one in trashed.files if one.shared])
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
    place = _safe(trashed.files[0].source)
    real, logical = base / place, Path(trashed.path)
    if logical.name == real.name and Path(os.path.realpath(logical.parent)) == real.parent:
        return logical
    names = (root.path for root in stock.roots().all if Path(os.path.realpath(root.path)) == base)
    return next(names, base) / place


def _safe(source: str) -> str:
    """A place below the root; a manifest is a file that anybody who writes there can make.

    Raises:
        UnsafePath: It leads elsewhere.
    """
    parts = PurePosixPath(source).parts
    if not parts or source.startswith("/") or "\0" in source or ".." in parts or parts[0] == TRASH:
        raise UnsafePath(f"The trash names {source[:80]!r}, which is no place in its root.")
    return source


def empty(stock: Stock, entries: Sequence[str] = (), older: float = 0.0, *, dry_run: bool = False) -> list[InTrash]:
    """Remove models in the trash for ever; gives which.

    Args:
        entries: Only these; empty is all.
        older: Only those that lie there longer than so many seconds.
        dry_run: Only say which.

    Raises:
        NotInTrash: One of them is not there.
        ReadOnlyDisk: Its root is registered as read-only.
    """
    recover(stock)
    here = {one.id: one for one in listed(stock)}
    for entry in entries:
        if entry not in here:
            raise NotInTrash(f"{entry[:80]} is not in the trash.")
    until = stock.wall() - older
    chosen = [one for one in here.values() if (not entries or one.id in entries) and (not older or one.at < until)]
    if dry_run:
        return chosen
    for one in chosen:
        _destroy(stock, one)
    for base in bases(stock) if not entries and not older else ():
        _sweep(base)
    return chosen


def _destroy(stock: Stock, one: InTrash) -> None:
    base = Path(one.root)
    check_writable(stock.roots(), base)
    home = base / TRASH / one.id
    with stock.claims.claim(f"empty {one.id}", [home]):
        _drop(base, one.id)
    try:
        if home in Path(stock.catalogue.get(one.model).path).parents:
            stock.catalogue.forget([one.model])
    except NoSuchModel:
        pass


def empty_old(stock: Stock) -> int:
    """Remove what lies in the trash longer than the setting says; gives how many."""
    days = stock.yard.settings["library.trash"]
    return len(empty(stock, older=days * DAY)) if days else 0


def trash_size(stock: Stock) -> int:
    """Bytes of the models in the trash."""
    return sum(one.size for one in listed(stock))


# --- the folders ----------------------------------------------------------------------------------


def _entries(base: Path) -> Iterator[Trashed]:
    try:
        with opened(base, base / TRASH) as trash:
            names = trash.names()
    except DiskError:
        return
    for name in names:
        if not name.endswith(_EMPTYING):
            trashed = _read(base, name)
            if trashed is not None and _holds_any(base, trashed):
                yield trashed


def _holds_any(base: Path, trashed: Trashed) -> bool:
    home = base / TRASH / trashed.id / "files"
    return any(os.path.lexists(home / one.stored) for one in trashed.files)


def _read(base: Path, entry: str) -> Trashed | None:
    """The manifest of an entry; None when there is none that can be read, or it is another's."""
    try:
        with opened(base, base / TRASH / entry) as folder:
            trashed = msgspec.json.decode(folder.read(MANIFEST, _LARGEST), type=Trashed)
    except (DiskError, msgspec.DecodeError):
        return None
    plain = all(one.stored and "/" not in one.stored and one.stored not in (".", "..") for one in trashed.files)
    return trashed if trashed.id == entry and trashed.files and plain else None


def _entry(stock: Stock, entry: str) -> tuple[Path, Trashed]:
    for base in bases(stock):
        trashed = _read(base, entry)
        if trashed is not None and _holds_any(base, trashed):
            return base, trashed
    raise NotInTrash(f"{entry[:80]} is not in the trash.")


def _shown(one: Trashed, base: Path) -> InTrash:
    return InTrash(one.id, one.at, one.title, one.path, one.size, one.model, str(base))


def _drop(base: Path, entry: str) -> None:
    """Remove an entry with all that is in it; first it stops to be one, so that a half-removed one is never listed."""
    try:
        with opened(base, base / TRASH) as trash:
            trash.rename(entry, trash, entry + _EMPTYING)
            trash.sync()
            failpoint("emptying")
            remove_tree(trash, entry + _EMPTYING)
            trash.sync()
    except OSError as error:
        raise refused(error, base / TRASH / entry) from error


def _tidy(base: Path, entry: str, copies: Sequence[str] = ()) -> None:
    """Remove an entry that is empty now; where a file is left in it, it stays.

    Args:
        copies: Files that were copies of what still stands at its place.
    """
    try:
        with opened(base, base / TRASH) as trash, trash.sub(entry) as folder:
            with contextlib.suppress(FileNotFoundError), folder.sub("files") as files:
                for name in set(copies) & set(files.names()):
                    files.unlink(name)
            with contextlib.suppress(FileNotFoundError):
                folder.rmdir("files")
            with contextlib.suppress(FileNotFoundError):
                folder.unlink(MANIFEST)
            trash.rmdir(entry)
            trash.sync()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise refused(error, base / TRASH / entry) from error


def _sweep(base: Path) -> None:
    """Remove what a crash left of entries that were being removed, and entries without files."""
    try:
        with opened(base, base / TRASH) as trash:
            names = trash.names()
            for name in names:
                if name.endswith(_EMPTYING):
                    remove_tree(trash, name)
            trash.sync()
        for name in names:
            if not name.endswith(_EMPTYING) and not (base / TRASH / name / "files").exists():
                _tidy(base, name)
    except NoSuchFile:
        return
    except OSError as error:
        raise refused(error, base / TRASH) from error
