"""The ways by which a page is found. SQLite guesses badly here, so it is told which one is the shortest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.asking import FACETS, Asking, unindexed, where
from modelyard.catalogue.model import LISTED
from modelyard.catalogue.order import Order, Query, behind, in_order, one_page
from modelyard.store.shelves import models

Row = Mapping[Any, Any]
Cell = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known beforehand of the models that fit.

    Attributes:
        window: So many models along the order are looked at first; 0 where they would hardly hold a page.
        common: So many have the words asked for that a walk along the order meets a page of them soon.
        cells: The values in `FACETS` of all that fit; None where that is not known, or not enough to tell.
    """

    window: int = 0
    common: bool = False
    cells: Sequence[Cell] | None = None


def rows(db: Connection, asking: Asking, order: Order, outlook: Outlook) -> Sequence[Row]:
    """The rows of a page and one more where there is one, each with what it is sorted by as `sorted_by`."""
    if db.dialect.name != "sqlite":
        return _plain(db, asking, order)
    if outlook.cells is not None and not outlook.cells:
        return []
    near = None if outlook.common or not outlook.window else _walked(db, asking, order, outlook.window)
    return _rows_of(db, _found(asking, order, outlook)) if near is None else near


def _plain(db: Connection, asking: Asking, order: Order) -> Sequence[Row]:
    """As it is asked: the database knows its way."""
    key = models.c[order.column]
    query = sa.select(*LISTED, key.label("sorted_by")).where(*where(asking, db.dialect.name), *behind(order, key))
    return db.execute(one_page(query, key, order)).mappings().all()


def _walked(db: Connection, asking: Asking, order: Order, window: int) -> Sequence[Row] | None:
    """Along the index of the order, not farther than the window; None when a page did not fill there."""
    key = models.c[order.column]
    here = (models.c.gone == 0, *behind(order, key))
    edges = in_order(sa.select(key, models.c.id).where(*here), key, order).offset(window).limit(1)
    edge = db.execute(edges).one_or_none()
    query = sa.select(*LISTED, key.label("sorted_by")).where(*where(asking, "sqlite", walk=True), *here)
    if edge is not None:
        last, place = sa.tuple_(*edge), sa.tuple_(key, models.c.id)
        query = query.where(place >= last if order.descending else place <= last)
    found = db.execute(one_page(query, key, order)).mappings().all()
    return found if edge is None or len(found) > order.most else None


def _found(asking: Asking, order: Order, outlook: Outlook) -> Query:
    """The numbers of a page's models with their keys."""
    if outlook.common:
        return _along(asking, order)
    return _gathered(asking, order) if outlook.cells is None else _out_of(outlook.cells, order)


def _along(asking: Asking, order: Order) -> Query:
    """Along the index of the order until the page is full: only of models with the words a row is looked at."""
    key = models.c[order.column]
    query = sa.select(models.c.id, key).where(*where(asking, "sqlite", walk=True), *behind(order, key))
    return one_page(query, key, order)


def _gathered(asking: Asking, order: Order) -> Query:
    """All that fit, sorted: out of `models_as_cube`, which holds what this takes."""
    key = unindexed(order.column, "sqlite")  # its index would be walked to the end
    query = sa.select(models.c.id, key).where(*where(asking, "sqlite"), *behind(order, key))
    return one_page(query, key, order)


def _out_of(cells: Sequence[Cell], order: Order) -> Query:
    """The same, where the cells of all that fit are known: each is one stretch of `models_as_cube`."""
    key = unindexed(order.column, "sqlite")
    columns = [sa.column(name, models.c[name].type) for name in FACETS]
    known = sa.values(*columns, name="cells").data(list(cells)).cte()
    same = sa.and_(models.c.gone == 0, *(models.c[name] == known.c[name] for name in FACETS))
    query = sa.select(models.c.id, key).select_from(known.join(models, same)).where(*behind(order, key))
    return one_page(query, key, order)


def _rows_of(db: Connection, found: Query) -> Sequence[Row]:
    """The rows of models whose numbers and keys were found."""
    keys = {row[0]: row[1] for row in db.execute(found)}
    told = {row["id"]: row for row in db.execute(sa.select(*LISTED).where(models.c.id.in_(keys))).mappings()}
    return [{**told[number], "sorted_by": value} for number, value in keys.items()]
