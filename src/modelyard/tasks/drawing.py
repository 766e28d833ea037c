"""What a task's move draws along: followers share the end of their leader, dependents wait for what they need.

A follower whose leader is cancelled or paused does not wait for it: the first one leads the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.errors import NeedFailed
from modelyard.store.schema import needs, tasks
from modelyard.tasks.states import ENDED, State
from modelyard.tasks.task import Task

_LOST = (State.FAILED, State.CANCELLED)
_STANDS = sa.select(tasks.c.state, tasks.c.until, tasks.c.follows).where(tasks.c.id == sa.bindparam("wanted"))
_FOLLOWERS = (
    sa.select(tasks.c.id)
    .where(tasks.c.follows == sa.bindparam("leader"), tasks.c.state.not_in([*ENDED, State.PAUSED]))
    .order_by(tasks.c.id)
)
_DEPENDENTS = (
    sa.select(needs.c.task)
    .join(tasks, tasks.c.id == needs.c.task)
    .where(needs.c.needs == sa.bindparam("needed"), tasks.c.state == State.WAITING)
    .order_by(needs.c.task)
)


class Draw(msgspec.Struct, frozen=True):
    """A task that moves because another one did."""

    task: int
    to: State
    reason: str
    error: Mapping[str, Any] | None = None
    fields: Mapping[str, Any] = msgspec.field(default_factory=dict)


def draw_along(db: Connection, moved: Task) -> Iterator[Draw]:
    """What moves now because this task did."""
    if moved.state not in ENDED and moved.state is not State.PAUSED:
        return
    followers = _followers(db, moved.id)
    if moved.state in {State.DONE, State.FAILED}:
        shared = {"result": moved.result, "size": moved.size, "done": moved.done}
        for number in followers:
            yield Draw(number, moved.state, f"With task {moved.id}.", moved.error, shared)
    elif followers:
        yield from _promoted(db, followers, moved)
    if moved.state in ENDED:
        for number in _dependents(db, moved.id):
            yield from settle(db, number)


def _promoted(db: Connection, followers: list[int], leader: Task) -> Iterator[Draw]:
    first, *others = followers
    db.execute(sa.update(tasks).where(tasks.c.id == first).values(follows=None))
    db.execute(sa.update(tasks).where(tasks.c.id.in_(others)).values(follows=first))
    yield from settle(db, first, f"Task {leader.id} was {leader.state}; this one goes on.")


def settle(db: Connection, number: int, reason: str = "What it needed is here.") -> Iterator[Draw]:
    """Where a task that waits for other tasks stands now: it starts, fails, or goes on waiting.

    One that waits for a time, or follows another task, is left alone.
    """
    task = db.execute(_STANDS, {"wanted": number}).one_or_none()
    if task is None or task.state != State.WAITING or task.until is not None or task.follows is not None:
        return
    others = sa.select(tasks.c.id, tasks.c.title, tasks.c.state).select_from(
        needs.join(tasks, tasks.c.id == needs.c.needs)
    )
    needed = db.execute(others.where(needs.c.task == number)).all()
    lost = next((one for one in needed if one.state in _LOST), None)
    if lost:
        became = "failed" if lost.state == State.FAILED else f"was {lost.state}"
        error = NeedFailed(f"Task {lost.id} ({lost.title}) {became}.")
        yield Draw(number, State.FAILED, error.message, error.as_dict())
    elif all(one.state == State.DONE for one in needed):
        yield Draw(number, State.QUEUED, reason)


def unmet(db: Connection, number: int) -> bool:
    """Whether a task needs others that are not done."""
    others = sa.select(needs.c.needs).select_from(needs.join(tasks, tasks.c.id == needs.c.needs))
    return db.execute(others.where(needs.c.task == number, tasks.c.state != State.DONE).limit(1)).first() is not None


def leader_of(db: Connection, task: Task) -> int | None:
    """The open task that does the same work already."""
    if task.key is None:
        return None
    same = (tasks.c.key == task.key, tasks.c.id != task.id, tasks.c.follows.is_(None))
    query = sa.select(sa.func.min(tasks.c.id)).where(*same, tasks.c.state.not_in([*ENDED, State.PAUSED]))
    found = db.execute(query).scalar()
    return None if found is None else int(found)


def _followers(db: Connection, leader: int) -> list[int]:
    return list(db.execute(_FOLLOWERS, {"leader": leader}).scalars())


def _dependents(db: Connection, needed: int) -> list[int]:
    return list(db.execute(_DEPENDENTS, {"needed": needed}).scalars())
