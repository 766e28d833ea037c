"""Pages of models: sorted by a column, by key instead of by offset."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.asking import Asking
from modelyard.catalogue.model import Model, listed_model
from modelyard.catalogue.order import SORTS, Order, behind, in_order, mark
from modelyard.catalogue.sizes import Sizes
from modelyard.catalogue.ways import rows
from modelyard.errors import BadValue
from modelyard.store.shelves import models


class Page(msgspec.Struct, frozen=True):
    """Some models, and where the next page begins (None: there is none)."""

    models: list[Model]
    next: str | None


def page(db: Connection, asking: Asking, order: Order, fitting: int | None = None, sizes: Sizes | None = None) -> Page:
    """One page.

    Args:
        fitting: The models that fit, a bit each; None where that is not known.
        sizes: Their bytes.

    Raises:
        BadValue: There is no such order, or `after` is no mark of a page.
    """
    if order.sort not in SORTS:
        raise BadValue(f"Nothing is sorted by {order.sort[:40]!r}.", hint=f"By {', '.join(SORTS)}.")
    behind(order, models.c[order.column])  # a wrong mark is told also where nothing fits
    if order.offset and asking == Asking():
        start = _start(db, order)
        if start is None:
            return Page([], None)
        order = msgspec.structs.replace(order, after=start, offset=0)
    found = rows(db, asking, order, fitting, sizes)
    last = found[order.most - 1] if len(found) > order.most else None
    return Page([listed_model(row) for row in found[: order.most]], mark(last.sorted_by, last.id) if last else None)


def _start(db: Connection, order: Order) -> str | None:
    """The mark before a far place of the whole list, counted off in the index of its order; None behind its end."""
    key = models.c[order.column]
    places = sa.select(key, models.c.id).where(models.c.gone == 0, *behind(order, key))
    found = db.execute(in_order(places, key, order).offset(order.offset - 1).limit(1)).one_or_none()
    return mark(*found) if found else None
