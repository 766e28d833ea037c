"""Which models each change of the catalogue was about, so that counts are mended instead of made anew.

The number of a change is the value of a row that stays locked until the change is durable: whoever sees a number,
in any process, sees all changes up to it.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.store.schema import counters
from modelyard.store.shelves import model_changes

KEPT = 1000
"""Changes that are remembered."""
MOST = 5000
"""Models that are named; of more, all are counted again, which is sooner."""


_LAST = (
    sa.select(counters.c.value, model_changes.c.mark)
    .select_from(counters.outerjoin(model_changes, model_changes.c.version == counters.c.value))
    .where(counters.c.name == "catalogue")
)


def last(db: Connection) -> tuple[int, str]:
    """Number and mark of the last change; 0 before the first one."""
    row = db.execute(_LAST).one_or_none()
    return (row.value, row.mark or "") if row else (0, "")


def holds(db: Connection, version: int, mark: str) -> bool:
    """Whether a change is one of this database still; not where a backup was put in its place."""
    found = db.execute(sa.select(model_changes.c.mark).where(model_changes.c.version == version)).scalar()
    return bool(mark) and found == mark


def note(db: Connection, numbers: Collection[int] | None) -> None:
    """Inside a transaction: these models change with it.

    Args:
        numbers: Those of which what is counted may have changed, dropped ones too; None when nobody knows which.
    """
    row = counters.c.name == "catalogue"
    grown = counters.update().where(row).values(value=counters.c.value + 1).returning(counters.c.value)
    now = db.execute(grown).scalar()
    if now is None:
        now = 1
        db.execute(counters.insert().values(name="catalogue", value=now))
    named = numbers is not None and len(numbers) <= MOST
    told = ",".join(map(str, numbers or ())) if named else None
    db.execute(model_changes.insert().values(version=now, mark=secrets.token_hex(8), models=told))
    if now % 50 == 0:
        db.execute(model_changes.delete().where(model_changes.c.version <= now - KEPT))


def since(db: Connection, before: int, now: int) -> set[int] | None:
    """The models that changed between two versions; None when they are too many, or nobody knows which."""
    between = model_changes.c.version > before, model_changes.c.version <= now
    told = db.execute(sa.select(model_changes.c.models).where(*between).limit(KEPT)).scalars().all()
    if len(told) < now - before or None in told:
        return None
    found = {int(number) for text in told for number in text.split(",") if number}
    return found if len(found) <= MOST else None
