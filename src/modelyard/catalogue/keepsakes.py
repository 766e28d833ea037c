"""What only the catalogue knows of its models: read to be written down elsewhere, and written back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.keeping import rewrite
from modelyard.catalogue.usage import MOST_SEARCHES, forget_oldest
from modelyard.catalogue.versions import ignore
from modelyard.catalogue.views import FileView
from modelyard.store.bulk import update_rows
from modelyard.store.shelves import model_files, model_uses, models, newer, searches
from modelyard.values.about import About


class Spot(msgspec.Struct, frozen=True):
    """Where a model lies, and by what it is known again. Of this many are held at once."""

    id: int
    path: str
    root: str
    folder: str
    place: str
    size: int
    modified: float
    sha256: str


class Keepsake(msgspec.Struct, frozen=True, kw_only=True):
    """What no look at the files of a model tells. Times are seconds since 1970, 0 for never.

    Attributes:
        problems: Codes, verdicts of whole reads among them.
        files: The main one first; their digests are measured.
        days: Uses by local day.
        ignored: Versions at its hub that nobody wants to hear of.
    """

    id: int
    path: str
    root: str
    folder: str
    place: str
    size: int
    sha256: str
    added: float
    checked: float
    asked: float
    health: str
    problems: tuple[str, ...]
    uses: int
    used: float
    gone: float
    about: About
    files: tuple[FileView, ...]
    days: dict[str, int]
    ignored: tuple[str, ...]


class Regained(msgspec.Struct, frozen=True):
    """What is written back of one model.

    Attributes:
        about: What is known of it now; None leaves that.
        own: Its owner's words are others now.
        columns: Further columns of the model.
        digests: Columns of its files, by path.
        days: Uses by local day, as they are now.
        ignored: Versions to hear no more of.
    """

    model: int
    about: About | None = None
    own: bool = False
    columns: Mapping[str, Any] = msgspec.field(default_factory=dict)
    digests: Mapping[str, Mapping[str, str]] = msgspec.field(default_factory=dict)
    days: Mapping[str, int] = msgspec.field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.about or self.columns or self.digests or self.days or self.ignored)


_PLAIN = ("id", "path", "root", "folder", "place", "size", "sha256", "added", "checked", "asked", "health", "uses")
_COLUMNS = [models.c[name] for name in (*_PLAIN, "used", "gone", "problems", "about")]


def spots(db: Connection) -> list[Spot]:
    """Every model, those first that are on the disk now."""
    columns = [models.c[name] for name in Spot.__struct_fields__]
    return [Spot(*row) for row in db.execute(sa.select(*columns).order_by(models.c.gone, models.c.path))]


def keepsakes_after(db: Connection, after: int, most: int) -> list[Keepsake]:
    """So many models, by their numbers."""
    return _keepsakes(db, sa.select(*_COLUMNS).where(models.c.id > after).order_by(models.c.id).limit(most))


def keepsakes_of(db: Connection, ids: Sequence[int]) -> list[Keepsake]:
    """These models; one that is there no more is left out."""
    return _keepsakes(db, sa.select(*_COLUMNS).where(models.c.id.in_(ids)).order_by(models.c.id))


def _keepsakes(db: Connection, query: sa.Select[Any]) -> list[Keepsake]:
    rows = db.execute(query).mappings().all()
    ids = [row["id"] for row in rows]
    files = _by_model(db, [model_files.c[name] for name in FileView.__struct_fields__], ids)
    days = _by_model(db, [model_uses.c.day, model_uses.c.times], ids)
    ignored = _by_model(db, [newer.c.version], ids, newer.c.ignored)
    return [
        Keepsake(
            **{name: row[name] for name in (*_PLAIN, "used", "gone")},
            problems=tuple(row["problems"].split()),
            about=msgspec.json.decode(row["about"], type=About),
            files=tuple(sorted((FileView(*told) for told in files[row["id"]]), key=lambda file: not file.main)),
            days=dict(days[row["id"]]),
            ignored=tuple(version for (version,) in ignored[row["id"]]),
        )
        for row in rows
    ]


def _by_model(
    db: Connection, columns: Sequence[sa.Column[Any]], ids: Sequence[int], also: sa.ColumnElement[bool] | None = None
) -> dict[int, list[tuple[Any, ...]]]:
    table = columns[0].table
    query = sa.select(table.c.model, *columns).where(table.c.model.in_(ids)).order_by(columns[0])
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for number, *told in db.execute(query if also is None else query.where(also)):
        found[number].append(tuple(told))
    return found


def regain(db: Connection, found: Sequence[Regained], at: float) -> None:
    """Write it back, many rows at a time; what is written twice is the same as once."""
    told = sa.select(models).where(models.c.id.in_([one.model for one in found if one.about is not None]))
    rows = {row["id"]: row for row in db.execute(told).mappings()}
    for one in found:
        if one.about is not None:
            rewrite(db, rows[one.model], one.about, one.columns)
        for version in one.ignored:
            ignore(db, one.model, version, on=True, at=at)
    update_rows(db, models.c.id, [(one.model, one.columns) for one in found if one.columns and one.about is None])
    update_rows(db, model_files.c.path, [told for one in found for told in one.digests.items()])
    days = [(one.model, day, times) for one in found for day, times in one.days.items()]
    if days:
        same = sa.and_(model_uses.c.model == sa.bindparam("_model"), model_uses.c.day == sa.bindparam("_day"))
        db.execute(model_uses.delete().where(same), [{"_model": number, "_day": day} for number, day, _ in days])
        db.execute(model_uses.insert(), [dict(zip(("model", "day", "times"), row, strict=True)) for row in days])


Search = tuple[str, int, float]
"""A search: text, times, seconds since 1970."""


def lost_searches(db: Connection, told: Iterable[Search]) -> list[Search]:
    """Searches that are unknown, or were made more often or later, as they should be; none that is too old to stay."""
    known = {row.text: (row.times, row.at) for row in db.execute(sa.select(searches))}
    joined = dict(known)
    for text, times, at in told:
        before = joined.get(text, (0, 0.0))
        joined[text] = (max(before[0], times), max(before[1], at))
    latest = sorted(joined, key=lambda text: (-joined[text][1], text))[:MOST_SEARCHES]
    return [(text, *joined[text]) for text in latest if joined[text] != known.get(text)]


def regain_searches(db: Connection, found: Iterable[Search]) -> None:
    """Write searches back; the oldest ones beyond what is kept are forgotten."""
    for text, times, at in found:
        db.execute(searches.delete().where(searches.c.text == text))
        db.execute(searches.insert().values(text=text, times=times, at=at))
    forget_oldest(db)
