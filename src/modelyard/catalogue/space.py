"""What takes the room: bytes and models by what they are, where they lie and how long nobody used them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.model import LISTED, Model, model_of
from modelyard.store.shelves import models

BY = ("kind", "folder", "root", "hub", "family")


class Part(msgspec.Struct, frozen=True):
    """Models that are alike in one way, and their bytes."""

    name: str
    models: int
    size: int


def sums(db: Connection) -> dict[str, list[Part]]:
    """Bytes by kind, folder, root, hub and family, the largest first. A hard link counts under each of its names."""
    found = {}
    for name in BY:
        column, size = models.c[name], sa.func.sum(models.c.size)
        query = sa.select(column, sa.func.count(), size).where(models.c.gone == 0).group_by(column)
        rows = db.execute(query.order_by(size.desc(), column)).all()
        found[name] = [Part(row[0], row[1], int(row[2])) for row in rows]
    return found


def unused(db: Connection, since: float) -> Part:
    """Models that nobody used since then, and that were here already."""
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(models.c.size), 0)).where(*_idle(since))
    count, size = db.execute(query).one()
    return Part("unused", count, int(size))


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
