"""Pages of models: sorted by a column, by key instead of by offset."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.asking import Asking, unindexed, where
from modelyard.catalogue.model import LISTED, Model, model_of
from modelyard.errors import BadValue
from modelyard.store.shelves import models

Row = Mapping[Any, Any]
Query = sa.Select[*tuple[Any, ...]]
SORTS = {
    "title": "title_key",
    "added": "added",
    "modified": "modified",
    "size": "size",
    "used": "used",
    "uses": "uses",
    "rating": "rating",
}
"""What a list may be sorted by, and the column of it."""


class Page(msgspec.Struct, frozen=True):
    """Some models, and where the next page begins (None: there is none)."""

    models: list[Model]
    next: str | None


class Order(msgspec.Struct, frozen=True):
    """How a list is sorted, and which page of it.

    Attributes:
        after: The mark that the page before ended with.
        most: Models a page.
        offset: Models to pass over from there on: a far place is found without the pages before it.
    """

    sort: str = "title"
    descending: bool = False
    after: str = ""
    most: int = 100
    offset: int = 0


def page(db: Connection, asking: Asking, order: Order, *, window: int = 0, common: bool = False) -> Page:
    """One page.

    Args:
        window: So many models along the order are looked at first; 0 where they would hardly hold a page.
        common: A large part of all models has the words asked for.

    Raises:
        BadValue: There is no such order, or `after` is no mark of a page.
    """
    if order.sort not in SORTS:
        raise BadValue(f"Nothing is sorted by {order.sort[:40]!r}.", hint=f"By {', '.join(SORTS)}.")
    if order.offset and asking == Asking():
        start = _start(db, order)
        if start is None:
            return Page([], None)
        order = msgspec.structs.replace(order, after=start, offset=0)
    if db.dialect.name != "sqlite":
        rows = _plain(db, asking, order)
    else:
        near = _walked(db, asking, order, window) if window else None
        rows = _gathered(db, asking, order, common) if near is None else near
    last = rows[order.most - 1] if len(rows) > order.most else None
    return Page([model_of(row) for row in rows[: order.most]], _show(last["sorted_by"], last["id"]) if last else None)


def _start(db: Connection, order: Order) -> str | None:
    """The mark before a far place of the whole list, counted off in the index of its order; None behind its end."""
    key = models.c[SORTS[order.sort]]
    places = sa.select(key, models.c.id).where(models.c.gone == 0, *_behind(order, key))
    found = db.execute(_sorted(places, key, order).offset(order.offset - 1).limit(1)).one_or_none()
    return _show(*found) if found else None


def _plain(db: Connection, asking: Asking, order: Order) -> Sequence[Row]:
    """As it is asked: the database knows its way."""
    key = models.c[SORTS[order.sort]]
    query = sa.select(*LISTED, key.label("sorted_by")).where(*where(asking, db.dialect.name), *_behind(order, key))
    return db.execute(_limited(_sorted(query, key, order), order)).mappings().all()


def _walked(db: Connection, asking: Asking, order: Order, window: int) -> Sequence[Row] | None:
    """Along the index of the order, not farther than the window; None when a page did not fill there."""
    key = models.c[SORTS[order.sort]]
    here = (models.c.gone == 0, *_behind(order, key))
    edges = _sorted(sa.select(key, models.c.id).where(*here), key, order).offset(window).limit(1)
    edge = db.execute(edges).one_or_none()
    query = sa.select(*LISTED, key.label("sorted_by")).where(*where(asking, db.dialect.name, walk=True), *here)
    if edge is not None:
        mark, place = sa.tuple_(*edge), sa.tuple_(key, models.c.id)
        query = query.where(place >= mark if order.descending else place <= mark)
    rows = db.execute(_limited(_sorted(query, key, order), order)).mappings().all()
    return rows if edge is None or len(rows) > order.most else None


def _gathered(db: Connection, asking: Asking, order: Order, common: bool) -> Sequence[Row]:
    """All that fit, sorted: out of `models_as_cube`, which holds what this takes; then the rows of one page."""
    key = unindexed(SORTS[order.sort], "sqlite")  # its index would be walked to the end
    query = sa.select(models.c.id, key.label("sorted_by"))
    query = query.where(*where(asking, "sqlite", walk=common), *_behind(order, key))
    found = {row[0]: row[1] for row in db.execute(_limited(_sorted(query, key, order), order))}
    rows = {row["id"]: row for row in db.execute(sa.select(*LISTED).where(models.c.id.in_(found))).mappings()}
    return [{**rows[number], "sorted_by": value} for number, value in found.items()]


def _behind(order: Order, key: sa.ColumnElement[Any]) -> list[sa.ColumnElement[bool]]:
    """What stands behind the mark that the page before ended with."""
    if not order.after:
        return []
    mark = sa.tuple_(*_mark(order.after, str if order.sort == "title" else float))
    place = sa.tuple_(key, models.c.id)
    return [place < mark if order.descending else place > mark]


def _sorted(query: Query, key: sa.ColumnElement[Any], order: Order) -> Query:
    return query.order_by(*(column.desc() if order.descending else column for column in (key, models.c.id)))


def _limited(query: Query, order: Order) -> Query:
    """One model more than a page has: it tells whether there is another page."""
    return query.limit(order.most + 1).offset(order.offset or None)


def _show(value: Any, number: int) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([value, number])).decode().rstrip("=")


def _mark(text: str, kind: type[str | float]) -> tuple[Any, int]:
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        value, number = msgspec.json.decode(decoded, type=tuple[kind, int])  # type: ignore[valid-type]
    except (ValueError, msgspec.DecodeError) as error:
        raise BadValue(f"{text[:80]!r} is no mark of a page.", hint="Take `next` of the page before.") from error
    if abs(number) > 2**53:
        raise BadValue(f"{text[:80]!r} is no mark of a page.", hint="Take `next` of the page before.")
    return value, number
