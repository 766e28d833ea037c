"""What the models of a library lack, counted; and when something was last done."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.model import Health
from modelyard.store.schema import counters
from modelyard.store.shelves import models, newer


class Lacks(msgspec.Struct, frozen=True):
    """How many models on the disk lack what."""

    damaged: int
    unsafe: int
    unmeasured: int
    never_asked: int
    incomplete: int
    no_preview: int
    unverified: int
    unread: int
    newer: int


def lacks(db: Connection, checked_since: float) -> Lacks:
    """Count them in one walk.

    Args:
        checked_since: Measured ones that were not read whole since then count as unverified, all others as unread.
    """
    about = models.c
    measured = about.sha256 != ""
    conditions = {
        "damaged": about.health == Health.DAMAGED,
        "unsafe": about.health == Health.UNSAFE,
        "unmeasured": ~measured,
        "never_asked": sa.and_(measured, about.asked == 0, about.completeness != "complete"),
        "incomplete": sa.and_(about.asked > 0, about.completeness != "complete"),
        "no_preview": about.preview == "",
        "unverified": sa.and_(measured, about.checked < checked_since),
        "unread": sa.and_(~measured, sa.or_(about.checked == 0, about.checked < checked_since)),
    }
    counts = [
        sa.func.coalesce(sa.func.sum(sa.case((each, 1), else_=0)), 0).label(name) for name, each in conditions.items()
    ]
    row = db.execute(sa.select(*counts).where(about.gone == 0)).mappings().one()
    fresh = sa.select(sa.func.count(sa.distinct(newer.c.model))).join(models, about.id == newer.c.model)
    fresh = fresh.where(~newer.c.ignored, about.gone == 0)
    told = {name: int(row[name]) for name in conditions}
    return Lacks(**told, newer=int(db.execute(fresh).scalar_one()))


def mark(db: Connection, name: str, at: float) -> None:
    """Remember when something was done."""
    again = counters.update().where(counters.c.name == name).values(value=int(at))
    if not db.execute(again).rowcount:
        db.execute(counters.insert().values(name=name, value=int(at)))


def marked(db: Connection, name: str) -> float:
    """When that was, seconds since 1970; 0 for never."""
    return float(db.execute(sa.select(counters.c.value).where(counters.c.name == name)).scalar() or 0)
