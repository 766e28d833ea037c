"""Writing what a scan found: many models in one transaction, nothing lost that was measured or written by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.columns import Before, columns_of, described, is_measured
from modelyard.catalogue.indexing import index_words
from modelyard.catalogue.model import Entry, FileFacts
from modelyard.store.bulk import insert_many, update_rows
from modelyard.store.schema import counters
from modelyard.store.shelves import model_files, model_tags, models
from modelyard.values.about import About, Own
from modelyard.values.identity import Identity

_CHUNK = 500
_NOTHING_MEASURED = {"sha256": "", "tensors": "", "blake3": "", "crc32": "", "autov1": ""}


class Known(msgspec.Struct, frozen=True, gc=False):
    """What the catalogue knows of one file."""

    model: int
    size: int
    mtime_ns: int
    device: int
    inode: int
    sidecars: str
    gone: bool


class Stamps(msgspec.Struct, frozen=True):
    """What the catalogue knows below a root: files by path, and how many each model has."""

    files: dict[str, Known]
    counts: dict[int, int]


def stamps(db: Connection, root: str) -> Stamps:
    """Every file below a root, those that are gone too."""
    about = sa.select(models.c.id, models.c.sidecars, models.c.gone).where(models.c.root == root)
    told = {row[0]: (row[1], row[2] > 0) for row in db.execute(about)}
    columns = [model_files.c[name] for name in ("path", "model", "size", "mtime_ns", "device", "inode")]
    query = sa.select(*columns)
    if len(told) < _CHUNK:
        query = query.where(model_files.c.model.in_(told))
    found = {
        row[0]: Known(row[1], row[2], row[3], row[4], row[5], *told[row[1]])
        for part in db.execute(query).partitions(_CHUNK)
        for row in part
        if row[1] in told
    }
    return Stamps(found, Counter(known.model for known in found.values()))


def stamps_of(db: Connection, folder: str) -> Stamps:
    """The files of one folder, not those below it."""
    columns = [model_files.c[name] for name in ("path", "model", "size", "mtime_ns", "device", "inode")]
    query = sa.select(*columns, models.c.sidecars, models.c.gone).join(models, models.c.id == model_files.c.model)
    low, high = folder + "/", folder + "0"  # "0" follows "/"
    path = model_files.c.path if db.dialect.name == "sqlite" else model_files.c.path.collate("C")
    rows = db.execute(query.where(path >= low, path < high))
    found = {
        row.path: Known(row.model, row.size, row.mtime_ns, row.device, row.inode, row.sidecars, row.gone > 0)
        for row in rows
    }
    counts = Counter(known.model for known in found.values())
    return Stamps({path: known for path, known in found.items() if "/" not in path[len(low) :]}, counts)


def keep(
    db: Connection, entries: Sequence[Entry], now: float, touched: Container[int] = ()
) -> tuple[list[int], set[int], set[int]]:
    """Add and update models.

    Args:
        touched: Models that somebody else wrote since their entries were made: what is known of these stays, and
            their sidecars count as not read, so that the next look reads them.

    Returns:
        The ids in the order of the entries, which of them are new, and models that were dropped: all their files
        are now others'.
    """
    known = _known(db, [entry.path for entry in entries])
    fresh = [entry for entry in entries if entry.path not in known]
    numbers = {entry.path: known[entry.path]["id"] for entry in entries if entry.path in known}
    if fresh:
        made = dict(zip((entry.path for entry in fresh), _take_numbers(db, len(fresh)), strict=True))
        insert_many(db, models, [columns_of(entry, None) | {"id": made[entry.path], "added": now} for entry in fresh])
        index_words(db, min(made.values()), max(made.values()))
        numbers |= made
    there = _files_of(db, [row["id"] for row in known.values()])
    held = Counter(row["model"] for row in there.values())
    before = {path: Before(row, there, held[row["id"]], row["id"] in touched) for path, row in known.items()}
    again = ((before[entry.path], entry) for entry in entries if entry.path in known)
    update_rows(db, models.c.id, ((was.row["id"], columns_of(entry, was)) for was, entry in again))
    dropped = _keep_files(db, entries, numbers, there)
    new = {numbers[entry.path] for entry in fresh}
    _keep_tags(db, entries, numbers, new)
    return [numbers[entry.path] for entry in entries], new, dropped


def _take_numbers(db: Connection, count: int) -> range:
    """Numbers that no model ever had: a link to a forgotten one must not lead to another."""
    again = counters.update().where(counters.c.name == "models").values(value=counters.c.value + count)
    if not db.execute(again).rowcount:
        db.execute(counters.insert().values(name="models", value=count))
    last = db.execute(sa.select(counters.c.value).where(counters.c.name == "models")).scalar_one()
    return range(last - count + 1, last + 1)


def models_at(db: Connection, paths: Sequence[str]) -> set[int]:
    """The models at these paths, as far as they are known."""
    return {row["id"] for row in _known(db, paths).values()}


def _known(db: Connection, paths: Sequence[str]) -> dict[str, Mapping[Any, Any]]:
    found: dict[str, Mapping[Any, Any]] = {}
    for first in range(0, len(paths), _CHUNK):
        query = sa.select(models).where(models.c.path.in_(paths[first : first + _CHUNK]))
        found |= {row["path"]: row for row in db.execute(query).mappings()}
    return found


def rewrite(db: Connection, row: Mapping[Any, Any], about: About, more: Mapping[str, Any]) -> None:
    """Write what is known of one model anew: from a hub, or by its owner."""
    identity = msgspec.json.decode(row["identity"], type=Identity)
    values = described(row["name"], row["folder"], identity, about) | dict(more)
    db.execute(models.update().where(models.c.id == row["id"]).values(**values))
    db.execute(model_tags.delete().where(model_tags.c.model == row["id"]))
    _add_tags(db, [(row["id"], about)])


def _files_of(db: Connection, ids: Sequence[int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for first in range(0, len(ids), _CHUNK):
        query = sa.select(model_files).where(model_files.c.model.in_(ids[first : first + _CHUNK]))
        found |= {row["path"]: row for row in db.execute(query).mappings()}
    return found


def _keep_files(
    db: Connection, entries: Iterable[Entry], numbers: Mapping[str, int], there: Mapping[str, Any]
) -> set[int]:
    """One row a file; what was measured of a file stays while its stamp does. Gives the models that were dropped."""
    added, lost, dropped = [], set(there), set[int]()
    for entry in entries:
        for file in entry.files:
            lost.discard(file.path)
            row = there.get(file.path)
            if row is None:
                db_row = _file_columns(file) | _NOTHING_MEASURED | {"model": numbers[entry.path], "path": file.path}
                added.append(db_row)
            elif _stamp(row) != (file.size, file.mtime_ns, file.device, file.inode) or row["main"] != file.main:
                changed = _file_columns(file) | ({} if is_measured(row, file) else _NOTHING_MEASURED)
                db.execute(model_files.update().where(model_files.c.id == row["id"]).values(**changed))
    for path in lost:
        db.execute(model_files.delete().where(model_files.c.path == path))
    if added:
        taken = [row["path"] for row in added]
        for first in range(0, len(taken), _CHUNK):
            others = sa.select(model_files.c.id, model_files.c.model)
            held = db.execute(others.where(model_files.c.path.in_(taken[first : first + _CHUNK]))).all()
            if held:
                db.execute(model_files.delete().where(model_files.c.id.in_([row.id for row in held])))
                dropped |= _drop_empty(db, {row.model for row in held} - set(numbers.values()))
        insert_many(db, model_files, added)
    return dropped


def _drop_empty(db: Connection, numbers: Collection[int]) -> set[int]:
    """Models whose files all went over to others are models no more; gives which."""
    left = set(db.execute(sa.select(model_files.c.model).where(model_files.c.model.in_(numbers))).scalars())
    empty = set(numbers) - left
    for number in empty:
        db.execute(models.delete().where(models.c.id == number))
    return empty


def _file_columns(file: FileFacts) -> dict[str, Any]:
    return {
        "main": file.main,
        "size": file.size,
        "mtime_ns": file.mtime_ns,
        "device": file.device,
        "inode": file.inode,
    }


def _stamp(row: Any) -> tuple[int, int, int, int]:
    return row["size"], row["mtime_ns"], row["device"], row["inode"]


def _keep_tags(db: Connection, entries: Sequence[Entry], numbers: Mapping[str, int], new: Container[int]) -> None:
    """A hub's tags are as the entry says; the owner's too, where it says any. New models have none yet."""
    for chosen, which in (
        (entries, ~model_tags.c.own),
        ([one for one in entries if one.about.own != Own()], sa.true()),
    ):
        ids = [numbers[entry.path] for entry in chosen if numbers[entry.path] not in new]
        for first in range(0, len(ids), _CHUNK):
            db.execute(model_tags.delete().where(model_tags.c.model.in_(ids[first : first + _CHUNK]), which))
    _add_tags(db, [(numbers[entry.path], entry.about) for entry in entries])


def _add_tags(db: Connection, tagged: Sequence[tuple[int, About]]) -> None:
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    for number, about in tagged:
        rows |= {(tag, number): {"tag": tag, "model": number, "own": False} for tag in clean_tags(about.tags)}
        rows |= {(tag, number): {"tag": tag, "model": number, "own": True} for tag in clean_tags(about.own.tags)}
    ids = sorted({number for _, number in rows})
    for first in range(0, len(ids), _CHUNK):
        there = sa.select(model_tags.c.tag, model_tags.c.model).where(
            model_tags.c.model.in_(ids[first : first + _CHUNK])
        )
        for row in db.execute(there):
            rows.pop((row.tag, row.model), None)
    if rows:
        insert_many(db, model_tags, list(rows.values()))


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Tags as they are kept: lower case, single blanks, at most 200 letters, each once."""
    cleaned = (" ".join(tag.replace("\0", "").split()).lower()[:200] for tag in tags)
    return list(dict.fromkeys(tag for tag in cleaned if tag))
