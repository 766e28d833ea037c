"""Pages of models: sorted by a column, by key instead of by offset."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.asking import Asking, where
from modelyard.catalogue.model import LISTED, Model, model_of
from modelyard.errors import BadValue
from modelyard.store.shelves import models

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
    """

    sort: str = "title"
    descending: bool = False
    after: str = ""
    most: int = 100


def page(db: Connection, asking: Asking, order: Order, *, walk: bool = False) -> Page:
    """One page.

    Args:
        walk: Nearly every model fits, so walk along the order instead of gathering all that fit.

    Raises:
        BadValue: There is no such order, or `after` is no mark of a page.
    """
    if order.sort not in SORTS:
        raise BadValue(f"Nothing is sorted by {order.sort[:40]!r}.", hint=f"By {', '.join(SORTS)}.")
    key: sa.ColumnElement[Any] = models.c[SORTS[order.sort]]
    number = models.c.id
    conditions = where(asking, db.dialect.name, walk=walk)
    query = sa.select(*LISTED, key.label("sorted_by")).where(*conditions).limit(order.most + 1)
    if order.after:
        mark = sa.tuple_(*_mark(order.after, str if order.sort == "title" else float))
        here = sa.tuple_(key, number)
        query = query.where(here < mark if order.descending else here > mark)
    if db.dialect.name == "sqlite" and not walk:
        key = sa.type_coerce(
            sa.literal_column(f"+models.{SORTS[order.sort]}"), key.type
        )  # its index would be walked to the end
    query = query.order_by(key.desc(), number.desc()) if order.descending else query.order_by(key, number)
    rows = db.execute(query).mappings().all()
    last = rows[order.most - 1] if len(rows) > order.most else None
    return Page([model_of(row) for row in rows[: order.most]], _show(last["sorted_by"], last["id"]) if last else None)


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
