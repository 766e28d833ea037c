"""How a list is sorted, and the marks of places in it."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import sqlalchemy as sa

from modelyard.errors import BadValue
from modelyard.store.shelves import models

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

    @property
    def column(self) -> str:
        """The column of a model that it is sorted by."""
        return SORTS[self.sort]


def behind(order: Order, key: sa.ColumnElement[Any]) -> list[sa.ColumnElement[bool]]:
    """What stands behind the mark that the page before ended with.

    Raises:
        BadValue: `after` is no mark of a page.
    """
    begin = beginning(order)
    if begin is None:
        return []
    place = sa.tuple_(key, models.c.id)
    return [place < sa.tuple_(*begin) if order.descending else place > sa.tuple_(*begin)]


def beginning(order: Order) -> tuple[Any, int] | None:
    """Key and number of the model that the page before ended with; None at the first page.

    Raises:
        BadValue: `after` is no mark of a page.
    """
    return _read(order.after, str if order.sort == "title" else float) if order.after else None


def in_order(query: Query, key: sa.ColumnElement[Any], order: Order) -> Query:
    """The query, sorted; models with the same key by their number."""
    return query.order_by(*(column.desc() if order.descending else column for column in (key, models.c.id)))


def one_page(query: Query, key: sa.ColumnElement[Any], order: Order) -> Query:
    """The query, sorted, with one model more than a page has: it tells whether there is another page."""
    return in_order(query, key, order).limit(order.most + 1).offset(order.offset or None)


def mark(value: Any, number: int) -> str:
    """The mark of a place: the key and the number of the model that stands there."""
    return base64.urlsafe_b64encode(msgspec.json.encode([value, number])).decode().rstrip("=")


def _read(text: str, kind: type[str | float]) -> tuple[Any, int]:
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        value, number = msgspec.json.decode(decoded, type=tuple[kind, int])  # type: ignore[valid-type]
    except (ValueError, msgspec.DecodeError) as error:
        raise BadValue(f"{text[:80]!r} is no mark of a page.", hint="Take `next` of the page before.") from error
    if abs(number) > 2**53:
        raise BadValue(f"{text[:80]!r} is no mark of a page.", hint="Take `next` of the page before.")
    return value, number
