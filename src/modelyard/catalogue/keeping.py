"""Writing what a scan found: many models in one transaction, nothing lost that was measured or written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.model import Entry, FileFacts, Health, health_of
from modelyard.catalogue.words import words_of
from modelyard.store.schema import counters
from modelyard.store.shelves import model_files, model_tags, models
from modelyard.values.about import About, Own
from modelyard.values.identity import Identity

_CHUNK = 500
_LENGTHS = {
    column.name: column.type.length for column in models.c if isinstance(column.type, sa.String) and column.type.length
}
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
    """What the catalogue knows below a root: files by path."""

    files: dict[str, Known]


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
        for row in db.execute(query)
        if row[1] in told
    }
    return Stamps(found)


def stamps_of(db: Connection, folder: str) -> Stamps:
    """The files of one folder, not those below it."""
    columns = [model_files.c[name] for name in ("path", "model", "size", "mtime_ns", "device", "inode")]
    query = sa.select(*columns, models.c.sidecars, models.c.gone).join(models, models.c.id == model_files.c.model)
    low, high = folder + "/", folder + "0"  # "0" follows "/"
    path = model_files.c.path if db.dialect.name == "sqlite" else model_files.c.path.collate("C")
    rows = db.execute(query.where(path >= low, path < high))
    return Stamps(
        {
            row.path: Known(row.model, row.size, row.mtime_ns, row.device, row.inode, row.sidecars, row.gone > 0)
            for row in rows
            if "/" not in row.path[len(low) :]
        }
    )


def keep(db: Connection, entries: Sequence[Entry], now: float) -> tuple[list[int], set[int]]:
    """Add and update models.

    Returns:
        The ids in the order of the entries, and which of them are new.
    """
    known = _known(db, [entry.path for entry in entries])
    fresh = [entry for entry in entries if entry.path not in known]
    numbers = {entry.path: known[entry.path]["id"] for entry in entries if entry.path in known}
    if fresh:
        made = dict(zip((entry.path for entry in fresh), _take_numbers(db, len(fresh)), strict=True))
        db.execute(models.insert(), [_columns(entry, None) | {"id": made[entry.path], "added": now} for entry in fresh])
        numbers |= made
    for entry in entries:
        if entry.path in known:
            before = known[entry.path]
            db.execute(models.update().where(models.c.id == before["id"]).values(**_columns(entry, before)))
    _keep_files(db, entries, numbers)
    _keep_tags(db, entries, numbers)
    new = {numbers[entry.path] for entry in fresh}
    return [numbers[entry.path] for entry in entries], new


def _take_numbers(db: Connection, count: int) -> range:
    """Numbers that no model ever had: a link to a forgotten one must not lead to another."""
    again = counters.update().where(counters.c.name == "models").values(value=counters.c.value + count)
    if not db.execute(again).rowcount:
        db.execute(counters.insert().values(name="models", value=count))
    last = db.execute(sa.select(counters.c.value).where(counters.c.name == "models")).scalar_one()
    return range(last - count + 1, last + 1)


def _known(db: Connection, paths: Sequence[str]) -> dict[str, Mapping[Any, Any]]:
    found: dict[str, Mapping[Any, Any]] = {}
    for first in range(0, len(paths), _CHUNK):
        query = sa.select(models).where(models.c.path.in_(paths[first : first + _CHUNK]))
        found |= {row["path"]: row for row in db.execute(query).mappings()}
    return found


def _columns(entry: Entry, before: Mapping[Any, Any] | None) -> dict[str, Any]:
    identity, main = entry.identity, entry.files[0]
    told = {
        "path": entry.path,
        "root": entry.root,
        "folder": entry.folder,
        "place": entry.place,
        "name": entry.name,
        "size": entry.size,
        "modified": main.mtime_ns / 1e9,
        "gone": 0.0,
        "format": identity.format,
        "kind": identity.kind,
        "family": identity.family,
        "certainty": identity.certainty,
        "dtype": identity.dtype,
        "quantisation": identity.quantisation,
        "parameters": min(identity.parameters, 2**62),
        "preview": entry.preview,
        "problems": " ".join(entry.problems),
        "sidecars": entry.sidecars,
        "identity": msgspec.json.encode(identity).decode(),
    }
    told = {name: _fitting(name, value) for name, value in told.items()}
    told |= described(entry.name, entry.folder, identity, _merged(entry.about, before))
    return told | _measured(entry, before) | ({} if before else {"uses": 0, "used": 0.0, "asked": 0.0})


def described(name: str, folder: str, identity: Identity, about: About) -> dict[str, Any]:
    """The columns that follow from what is known of a model apart from its bytes."""
    own = about.own
    title = own.title or about.name or identity.title or name
    told = {
        "title": title,
        "title_key": title.lower()[:200],
        "base": about.base_model or identity.base_model,
        "hub": about.hub,
        "hub_model": about.model_id,
        "hub_version": about.version_id,
        "author": about.author,
        "licence": about.licence,
        "nsfw": min(about.nsfw or 0, 2**14),
        "completeness": about.completeness,
        "favourite": own.favourite,
        "rating": own.rating or 0,
        "team": own.group,
        "notes": own.notes,
        "about": msgspec.json.encode(about).decode(),
        "words": words_of(name, folder, identity, about),
    }
    return {column: _fitting(column, value) for column, value in told.items()}


def rewrite(db: Connection, row: Mapping[Any, Any], about: About, more: Mapping[str, Any]) -> None:
    """Write what is known of one model anew: from a hub, or by its owner."""
    identity = msgspec.json.decode(row["identity"], type=Identity)
    values = described(row["name"], row["folder"], identity, about) | dict(more)
    db.execute(models.update().where(models.c.id == row["id"]).values(**values))
    db.execute(model_tags.delete().where(model_tags.c.model == row["id"]))
    _add_tags(db, [(row["id"], about)])


def _measured(entry: Entry, before: Mapping[Any, Any] | None) -> dict[str, Any]:
    """What a measurement said, as long as the file is the same."""
    main = entry.files[0]
    same = before is not None and before["size"] == entry.size and before["modified"] == main.mtime_ns / 1e9
    if not same or before is None:
        return {"sha256": "", "checked": 0.0, "health": health_of(entry.problems)}
    was = Health(before["health"])
    return {"health": health_of(entry.problems, was if was is not Health.UNSAFE else Health.UNVERIFIED)}


def _merged(about: About, before: Mapping[Any, Any] | None) -> About:
    """What the sidecars say now, over what the catalogue knew: the owner's words and a hub's facts are not lost."""
    if before is None:
        return about
    old = msgspec.json.decode(before["about"], type=About)
    own = about.own if about.own != Own() else old.own
    return replace(old if old.hub and not about.hub else about, own=own)


def _fitting(name: str, value: Any) -> Any:
    """A text as every database takes it: no zero byte, no lone surrogate, no longer than its column."""
    if not isinstance(value, str):
        return value
    if not value.isascii():
        value = value.encode("utf-8", "replace").decode()
    if "\0" in value:
        value = value.replace("\0", "")
    return value[: _LENGTHS[name]] if name in _LENGTHS else value


def _keep_files(db: Connection, entries: Iterable[Entry], numbers: Mapping[str, int]) -> None:
    """One row a file; what was measured of a file stays while its stamp does."""
    ids = [numbers[entry.path] for entry in entries]
    there: dict[str, Any] = {}
    for first in range(0, len(ids), _CHUNK):
        query = sa.select(model_files).where(model_files.c.model.in_(ids[first : first + _CHUNK]))
        there |= {row["path"]: row for row in db.execute(query).mappings()}
    added, lost = [], set(there)
    for entry in entries:
        for file in entry.files:
            lost.discard(file.path)
            row = there.get(file.path)
            if row is None:
                db_row = _file_columns(file) | _NOTHING_MEASURED | {"model": numbers[entry.path], "path": file.path}
                added.append(db_row)
            elif _stamp(row) != (file.size, file.mtime_ns, file.device, file.inode) or row["main"] != file.main:
                changed = _file_columns(file) | (
                    _NOTHING_MEASURED if _stamp(row)[:2] != (file.size, file.mtime_ns) else {}
                )
                db.execute(model_files.update().where(model_files.c.id == row["id"]).values(**changed))
    for path in lost:
        db.execute(model_files.delete().where(model_files.c.path == path))
    if added:
        taken = [row["path"] for row in added]
        for first in range(0, len(taken), _CHUNK):
            db.execute(model_files.delete().where(model_files.c.path.in_(taken[first : first + _CHUNK])))
        db.execute(model_files.insert(), added)


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


def _keep_tags(db: Connection, entries: Sequence[Entry], numbers: Mapping[str, int]) -> None:
    """A hub's tags are as the entry says; the owner's too, where it says any."""
    for chosen, which in (
        (entries, ~model_tags.c.own),
        ([one for one in entries if one.about.own != Own()], sa.true()),
    ):
        ids = [numbers[entry.path] for entry in chosen]
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
        db.execute(model_tags.insert(), list(rows.values()))


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Tags as they are kept: lower case, single blanks, at most 200 letters, each once."""
    cleaned = (" ".join(tag.replace("\0", "").split()).lower()[:200] for tag in tags)
    return list(dict.fromkeys(tag for tag in cleaned if tag))
