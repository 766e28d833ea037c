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


def count(db: Connection, before: Task, after: Task, now: float) -> None:
    """Count what a change of a task brought: an end, bytes, seconds. Every byte once, whatever run it came in."""
    row = {
        "day": dt.datetime.fromtimestamp(now).astimezone().date().isoformat(),
        "hub": after.hub,
        "kind": after.kind,
    }
    told = {state: int(after.state is state and before.state is not state) for state in State}
    grown = {
        "done": told[State.DONE],
        "failed": told[State.FAILED],
        "cancelled": told[State.CANCELLED],
        "bytes": max(0, after.received - before.received),
        "seconds": max(0.0, after.seconds - before.seconds),
    }
    if not any(grown.values()):
        return
    where = [daily.c[name] == value for name, value in row.items()]
    added = {name: daily.c[name] + value for name, value in grown.items()}
    if db.execute(sa.update(daily).where(*where).values(added)).rowcount == 0:
        db.execute(daily.insert().values(row | grown))


def days(db: Connection, since: str = "", until: str = "9999") -> list[Day]:
    """The counts from one day to another (``YYYY-MM-DD``, both included), oldest first."""
    chosen = sa.select(daily).where(daily.c.day >= since, daily.c.day <= until)
    rows = db.execute(chosen.order_by(daily.c.day, daily.c.hub, daily.c.kind)).mappings()
    return [Day(**row) for row in rows]
