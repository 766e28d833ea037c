"""Questions that the runner asks the queue: what is due, what comes next, what was moved under a run."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.store.schema import tasks
from modelyard.tasks.order import IN_ORDER
from modelyard.tasks.states import ACTIVE, State
from modelyard.tasks.task import Task, task_of


def ids(db: Connection, query: sa.Select[Any]) -> list[int]:
    """The ids that a query finds."""
    return list(db.execute(query).scalars())


def due(db: Connection, now: float) -> list[int]:
    """Waiting tasks whose time has come."""
    return ids(db, sa.select(tasks.c.id).where(tasks.c.until <= now, tasks.c.state == State.WAITING))


def next_due(db: Connection) -> float | None:
    """When the next waiting task's time comes."""
    query = sa.select(sa.func.min(tasks.c.until)).where(tasks.c.state == State.WAITING)
    found = db.execute(query).scalar()
    return None if found is None else float(found)


def upcoming(db: Connection, kinds: Collection[str], most: int) -> list[Task]:
    """The next queued tasks of every hub, at most `most` of each."""
    queued = (tasks.c.state == State.QUEUED, tasks.c.kind.in_(kinds))
    hubs = db.execute(sa.select(tasks.c.hub).where(*queued).distinct()).scalars().all()
    found: list[Task] = []
    for hub in hubs:
        query = sa.select(tasks).where(*queued, tasks.c.hub == hub).order_by(*IN_ORDER).limit(most)
        found += [task_of(row) for row in db.execute(query).mappings()]
    return found


def begun_before(db: Connection, task: Task, but: Collection[int]) -> list[tuple[str, int]]:
    """Target and bytes still to write of each unfinished task that comes before another and whose size is known.

    Args:
        but: Tasks to leave out.
    """
    waits = tasks.c.state.in_((State.QUEUED, State.WAITING))
    ahead = sa.or_(
        tasks.c.priority < task.priority,
        sa.and_(tasks.c.priority == task.priority, tasks.c.position < task.position),
    )
    query = sa.select(tasks.c.target, tasks.c.size - tasks.c.done, tasks.c.id)
    rows = db.execute(query.where(waits, ahead, tasks.c.size > tasks.c.done, tasks.c.follows.is_(None)))
    return [(target, left) for target, left, number in rows if number not in but]


def lost(db: Connection, running: Collection[int]) -> list[int]:
    """Tasks that run by the word of the database, and by nobody else's: their thread is gone."""
    return [
        number for number in ids(db, sa.select(tasks.c.id).where(tasks.c.state.in_(ACTIVE))) if number not in running
    ]


def waiting_for(db: Connection, reason: str) -> list[int]:
    """Waiting tasks with a reason."""
    return ids(db, sa.select(tasks.c.id).where(tasks.c.state == State.WAITING, tasks.c.reason == reason))


def states_of(db: Connection, numbers: Iterable[int]) -> dict[int, tuple[State, int]]:
    """State and run of some tasks."""
    query = sa.select(tasks.c.id, tasks.c.state, tasks.c.run).where(tasks.c.id.in_(list(numbers)))
    return {row.id: (State(row.state), row.run) for row in db.execute(query)}
