"""How often and when models are used, and what was searched for."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.store.shelves import model_files, model_uses, models, searches

MOST_SEARCHES = 200
"""Searches that are remembered."""


def count_uses(db: Connection, uses: Sequence[tuple[str, float, str]]) -> list[int]:
    """Count uses: path, seconds since 1970, local day. Gives the ids of the models that are known."""
    known: list[int] = []
    for path, at, day in uses:
        number = db.execute(sa.select(model_files.c.model).where(model_files.c.path == path)).scalar()
        number = number or db.execute(sa.select(models.c.id).where(models.c.path == path)).scalar()
        if number is None:
            continue
        known.append(number)
        last = sa.case((models.c.used < at, at), else_=models.c.used)
        db.execute(models.update().where(models.c.id == number).values(uses=models.c.uses + 1, used=last))
        same = sa.and_(model_uses.c.model == number, model_uses.c.day == day)
        if not db.execute(model_uses.update().where(same).values(times=model_uses.c.times + 1)).rowcount:
            db.execute(model_uses.insert().values(model=number, day=day, times=1))
    return known


def uses_of(db: Connection, number: int) -> list[tuple[str, int]]:
    """Uses of a model by day, the latest first."""
    query = sa.select(model_uses.c.day, model_uses.c.times).where(model_uses.c.model == number)
    return [(row.day, row.times) for row in db.execute(query.order_by(model_uses.c.day.desc()).limit(1000))]


def keep_search(db: Connection, text: str, at: float) -> None:
    """Remember a search; the oldest ones are forgotten."""
    clean = " ".join(text.replace("\0", " ").split())[:200]
    if not clean:
        return
    again = searches.update().where(searches.c.text == clean).values(times=searches.c.times + 1, at=at)
    if not db.execute(again).rowcount:
        db.execute(searches.insert().values(text=clean, times=1, at=at))
        forget_oldest(db)


def forget_oldest(db: Connection) -> None:
    """Forget searches beyond the number that is kept."""
    oldest = sa.select(searches.c.text).order_by(searches.c.at.desc(), searches.c.text).offset(MOST_SEARCHES)
    for old in db.execute(oldest).scalars().all():
        db.execute(searches.delete().where(searches.c.text == old))


def made_searches(db: Connection) -> list[tuple[str, int, float]]:
    """Searches, the latest first: text, times, seconds since 1970."""
    query = sa.select(searches).order_by(searches.c.at.desc(), searches.c.text)
    return [(row.text, row.times, row.at) for row in db.execute(query)]
