"""Counts per day, hub and kind, kept when history is forgotten: 88 bytes for each of these that had work on a day."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.store.schema import daily
from modelyard.tasks.states import State
from modelyard.tasks.task import Task

Span = Literal["day", "month", "year"]
_LETTERS = {"month": 7, "year": 4}
"""Of a day that name its month, and its year."""


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What ended on one day (local time) for one hub and kind; or in a month or a year, when these were asked for.

    Attributes:
        day: ``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY``.
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


def days(db: Connection, since: str = "", until: str = "9999", by: Span = "day") -> list[Day]:
    """The counts from one day to another (``YYYY-MM-DD``, both included), oldest first."""
    columns: list[sa.ColumnElement[Any]] = list(daily.c)
    if by != "day":
        sums = [sa.cast(sa.func.sum(one), one.type).label(one.name) for one in columns[3:]]
        letters: sa.ColumnElement[Any] = sa.literal_column(str(_LETTERS[by]))
        columns = [sa.func.substr(daily.c.day, sa.literal_column("1"), letters), *columns[1:3], *sums]
    chosen = sa.select(*columns).where(daily.c.day >= since, daily.c.day <= until).order_by(*columns[:3])
    rows = db.execute(chosen if by == "day" else chosen.group_by(*columns[:3]))
    return [
        Day(day=day, hub=hub, kind=kind, done=done, failed=failed, cancelled=cancelled, bytes=size, seconds=seconds)
        for day, hub, kind, done, failed, cancelled, size, seconds in rows
    ]
