"""The ways by which a page is found. SQLite guesses badly here, so what fits is known before it is asked for."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.asking import Asking, unindexed, where
from modelyard.catalogue.bits import flags_of, listed, numbers_in, numbers_of
from modelyard.catalogue.model import LISTED
from modelyard.catalogue.order import Order, Query, behind, in_order, one_page
from modelyard.catalogue.sizes import Sizes
from modelyard.store.shelves import models

Row = Mapping[Any, Any]
FEW = 3000
"""So many are named to SQLite and sorted; of more, a page is met soon on the way along the order."""


def rows(
    db: Connection, asking: Asking, order: Order, fitting: int | None = None, sizes: Sizes | None = None
) -> Sequence[sa.Row[Any]]:
    """The rows of a page and one more where there is one: `LISTED`, and what it is sorted by as `sorted_by`.

    Args:
        fitting: The models that fit, a bit each; None where that is not known.
        sizes: Their bytes.
    """
    if db.dialect.name != "sqlite":
        return _plain(db, asking, order)
    if fitting is None:
        return _rows_of(db, order, list(db.execute(_gathered(asking, order)).scalars()))
    if order.sort == "size" and sizes is not None:
        return _rows_of(db, order, sizes.page(order, fitting))
    named = fitting.bit_count() <= FEW
    return _rows_of(db, order, (_sorted if named else _walked)(db, order, fitting) if fitting else [])


def _plain(db: Connection, asking: Asking, order: Order) -> Sequence[sa.Row[Any]]:
    """As it is asked: the database knows its way."""
    key = models.c[order.column]
    query = sa.select(*LISTED, key.label("sorted_by")).where(*where(asking, db.dialect.name), *behind(order, key))
    return db.execute(one_page(query, key, order)).all()


def _gathered(asking: Asking, order: Order) -> Query:
    """All that fit, sorted: out of `models_as_cube`, which holds what this takes."""
    key = unindexed(order.column, "sqlite")  # its index would be walked to the end
    return one_page(sa.select(models.c.id, key).where(*where(asking, "sqlite"), *behind(order, key)), key, order)


def _sorted(db: Connection, order: Order, fitting: int) -> list[int]:
    """These few, sorted by the database."""
    key = unindexed(order.column, "sqlite")
    named = sa.func.json_each(f"[{','.join(map(str, numbers_in(fitting)))}]").table_valued("value")
    query = sa.select(models.c.id, key).where(models.c.id.in_(sa.select(named.c.value)), *behind(order, key))
    return list(db.execute(one_page(query, key, order)).scalars())


def _walked(db: Connection, order: Order, fitting: int) -> list[int]:
    """Along the index of the order, stretch by stretch, until the page is full."""
    key, wanted = models.c[order.column], order.offset + order.most + 1
    flags = flags_of(fitting)
    query = sa.select(models.c.id).where(models.c.gone == 0, *behind(order, key))
    found: list[int] = []
    at, step = 0, math.ceil(1.5 * wanted * len(flags) / fitting.bit_count())
    while len(found) < wanted:
        stretch = in_order(query, key, order).limit(step).offset(at or None).subquery()
        told = numbers_of(db.execute(sa.select(listed(stretch.c.id))).scalar() or "")
        flags = flags.ljust(max(told, default=0) + 1, b"\0")
        found += compress(told, map(flags.__getitem__, told))
        if len(told) < step:
            break
        at, step = at + step, 4 * step
    return found[order.offset : wanted]


def _rows_of(db: Connection, order: Order, numbers: Sequence[int]) -> Sequence[sa.Row[Any]]:
    """The rows of these models, in their order."""
    told = {row.id: row for row in db.execute(_named(order.column), {"numbers": numbers}).all()}
    return [told[number] for number in numbers]


@functools.cache
def _named(column: str) -> sa.Select[Any]:
    """The rows of some models, all at once: one by one they take a third more."""
    query: sa.Select[Any] = sa.select(*LISTED, models.c[column].label("sorted_by"))
    return query.where(models.c.id.in_(sa.bindparam("numbers", expanding=True)))
