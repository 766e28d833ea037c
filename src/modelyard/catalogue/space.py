"""What takes the room: bytes and models by what they are, where they lie and how long nobody used them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.model import LISTED, Model, model_of
from modelyard.store.shelves import model_files, models

BY = ("kind", "folder", "root", "hub", "family")


class Part(msgspec.Struct, frozen=True):
    """Models that are alike in one way, and their bytes."""

    name: str
    models: int
    size: int


class _Bytes(msgspec.Struct, frozen=True):
    """One place on a disk, whatever names it has.

    Attributes:
        owners: Models with a file there, the one that was here first before the others.
    """

    size: int
    owners: list[int]


def sums(db: Connection) -> dict[str, list[Part]]:
    """Bytes by kind, folder, root, hub and family, the largest first.

    Hard links take their room once: what several models share counts to the one that was here first.
    """
    room: Counter[int] = Counter()
    for one in _places(db):
        room[one.owners[0]] += one.size
    rows = db.execute(sa.select(models.c.id, *(models.c[name] for name in BY)).where(models.c.gone == 0)).all()
    return {name: _parts((row[at], room[row[0]]) for row in rows) for at, name in enumerate(BY, 1)}


def unused(db: Connection, since: float) -> Part:
    """Models that nobody used since then, and that were here already, and what they do not share with others."""
    idle = set(db.execute(sa.select(models.c.id).where(*_idle(since))).scalars())
    return Part("unused", len(idle), sum(one.size for one in _places(db) if idle.issuperset(one.owners)))


def _parts(rows: Iterable[tuple[str, int]]) -> list[Part]:
    count: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for name, room in rows:
        count[name] += 1
        size[name] += room
    return sorted((Part(name, count[name], size[name]) for name in count), key=lambda part: (-part.size, part.name))


def _places(db: Connection) -> Collection[_Bytes]:
    """All bytes of models on the disks, each once. In memory: a database needs minutes for this of 100,000 files."""
    files = model_files.join(models, models.c.id == model_files.c.model)
    query = sa.select(model_files.c.model, model_files.c.device, model_files.c.inode, model_files.c.size)
    found: dict[object, _Bytes] = {}
    rows = db.execute(query.select_from(files).where(models.c.gone == 0).order_by(model_files.c.model))
    for at, (model, device, inode, size) in enumerate(rows):
        place = (device, inode) if inode else at  # 0: its file system tells none
        found.setdefault(place, _Bytes(size, [])).owners.append(model)
    return found.values()


class Idle(msgspec.Struct, frozen=True):
    """A model that nobody used for long.

    Attributes:
        removed: Its hub said that it was deleted there.
    """

    model: Model
    removed: bool


class _Removed(msgspec.Struct, frozen=True):
    gone: bool = False


def idle(db: Connection, since: float, most: int, after: tuple[int, int] | None = None) -> list[Idle]:
    """The same models, the largest first.

    Args:
        after: Size and number of the last one of the page before.
    """
    query = (
        sa.select(*LISTED, models.c.about).where(*_idle(since)).order_by(models.c.size.desc(), models.c.id).limit(most)
    )
    if after is not None:
        smaller = sa.and_(models.c.size == after[0], models.c.id > after[1])
        query = query.where(sa.or_(models.c.size < after[0], smaller))
    rows = db.execute(query).mappings()
    return [Idle(model_of(row), msgspec.json.decode(row["about"], type=_Removed).gone) for row in rows]


def ever_used(db: Connection) -> bool:
    """Whether any program ever told of a use."""
    return db.execute(sa.select(models.c.id).where(models.c.used > 0).limit(1)).first() is not None


def _idle(since: float) -> Sequence[sa.ColumnElement[bool]]:
    return models.c.gone == 0, models.c.used < since, models.c.added < since
