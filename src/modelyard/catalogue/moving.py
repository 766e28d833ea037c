"""Recognising a model that was moved or renamed by somebody else: the same file under a new path."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.model import Entry, FileFacts
from modelyard.store.shelves import model_files, models

_CHUNK = 400


class Moved(msgspec.Struct, frozen=True):
    """A model and where its main file went."""

    model: int
    way: tuple[str, str]


WasMoved = Callable[..., bool]
"""Told an old path, and whether the new one is the same file system entry; looks at the disk."""


def away(db: Connection, entries: Sequence[Entry], was_moved: WasMoved) -> set[str]:
    """Old paths of known models that the entries may have come from, and at which nothing is left.

    Looks at the disk, so it is asked before the transaction that `recognise` is part of.
    """
    fresh = _fresh(db, entries)
    rows = _candidates(db, [entry.files[0] for entry in fresh])
    return {
        row.path
        for entry, row in _pairs(fresh, rows)
        if was_moved(row.path, same_entry=_same_entry(row, entry.files[0]))
    }


def recognise(db: Connection, entries: Sequence[Entry], gone: Collection[str]) -> list[Moved]:
    """Give known models their new paths.

    The same file system entry (device and inode) with the same size and time is the same file; so is one of
    the same name, size and time on another drive. Either counts only when nothing is left at the old path.

    Args:
        gone: What `away` found.
    """
    fresh = _fresh(db, entries) if gone else []
    rows = _candidates(db, [entry.files[0] for entry in fresh])
    moved: dict[int, Moved] = {}
    placed: set[str] = set()
    for entry, row in _pairs(fresh, rows):
        if row.path in gone and row.model not in moved and entry.path not in placed:
            placed.add(entry.path)
            moved[row.model] = Moved(row.model, (row.path, entry.files[0].path))
            _relocate(db, row.model, entry)
    return list(moved.values())


def _fresh(db: Connection, entries: Sequence[Entry]) -> list[Entry]:
    known = set(_paths(db, [entry.files[0].path for entry in entries]))
    return [entry for entry in entries if entry.files[0].path not in known]


def _pairs(fresh: Sequence[Entry], rows: dict[tuple[int, int], list[Any]]) -> Iterator[tuple[Entry, Any]]:
    for entry in fresh:
        file = entry.files[0]
        yield from ((entry, row) for row in rows.get((file.size, file.mtime_ns), ()) if _is_same(row, file))


def _paths(db: Connection, paths: Sequence[str]) -> Iterable[str]:
    for first in range(0, len(paths), _CHUNK):
        query = sa.select(model_files.c.path).where(model_files.c.path.in_(paths[first : first + _CHUNK]))
        yield from db.execute(query).scalars()


def _candidates(db: Connection, files: Sequence[FileFacts]) -> dict[tuple[int, int], list[Any]]:
    found: dict[tuple[int, int], list[Any]] = {}
    stamps = sorted({(file.size, file.mtime_ns) for file in files if file.size})
    for first in range(0, len(stamps), _CHUNK):
        same = sa.tuple_(model_files.c.size, model_files.c.mtime_ns).in_(stamps[first : first + _CHUNK])
        for row in db.execute(sa.select(model_files).where(same, model_files.c.main)):
            found.setdefault((row.size, row.mtime_ns), []).append(row)
    return found


def _same_entry(row: Any, file: FileFacts) -> bool:
    return bool((row.device, row.inode) == (file.device, file.inode))


def _is_same(row: Any, file: FileFacts) -> bool:
    return _same_entry(row, file) or os.path.basename(row.path) == os.path.basename(file.path)


def _relocate(db: Connection, number: int, entry: Entry) -> None:
    """The rows of the model at its new paths; other files of a set follow when the scan keeps them."""
    values = {"path": entry.path, "root": entry.root, "folder": entry.folder, "place": entry.place, "name": entry.name}
    db.execute(models.update().where(models.c.id == number).values(**values))
    main = sa.and_(model_files.c.model == number, model_files.c.main)
    db.execute(model_files.update().where(main).values(path=entry.files[0].path))
