"""Counts per day, hub and kind: a few kilobytes a year, kept when history is forgotten."""

from __future__ import annotations

import datetime as dt

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.store.schema import daily
from modelyard.tasks.states import State
from modelyard.tasks.task import Task


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What ended on one day (local time) for one hub and kind.

    Attributes:
        bytes: Bytes that came over the wire.
        seconds: How long the runs took; bytes / seconds is the mean speed.
    """

    day: str
    hub: str
    kind: str
    done: int
    failed: int
    cancelled: int
    bytes: int
    seconds: float


def count(db: Connection, task: Task, now: float) -> None:
    """Count a task that has just ended. A follower moved no bytes of its own."""
    own = task.follows is None
    row = {
        "day": dt.datetime.fromtimestamp(now).astimezone().date().isoformat(),
        "hub": task.hub,
        "kind": task.kind,
        "done": int(task.state is State.DONE),
        "failed": int(task.state is State.FAILED),
        "cancelled": int(task.state is State.CANCELLED),
        "bytes": task.received if own else 0,
        "seconds": task.seconds if own else 0.0,
    }
    names = ("done", "failed", "cancelled", "bytes", "seconds")
    where = (daily.c.day == row["day"], daily.c.hub == row["hub"], daily.c.kind == row["kind"])
    added = {name: daily.c[name] + row[name] for name in names}
    if db.execute(sa.update(daily).where(*where).values(added)).rowcount == 0:
        db.execute(daily.insert().values(row))


def days(db: Connection, since: str = "", until: str = "9999") -> list[Day]:
    """The counts from one day to another (``YYYY-MM-DD``, both included), oldest first."""
    chosen = sa.select(daily).where(daily.c.day >= since, daily.c.day <= until)
    rows = db.execute(chosen.order_by(daily.c.day, daily.c.hub, daily.c.kind)).mappings()
    return [Day(**row) for row in rows]
