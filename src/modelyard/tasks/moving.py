"""The one function that moves a task: checks the table, writes state and history, tells the world.

Statistics are counted in the same transaction, followers and dependents move along with the task they
wait for, and nothing is announced before it is durable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.errors import IllegalMove, NeedFailed, NoSuchTask
from modelyard.events.log import EventLog
from modelyard.store.database import Database
from modelyard.store.schema import moves, needs, tasks
from modelyard.tasks.states import ACTIVE, ENDED, State, allowed
from modelyard.tasks.statistics import count
from modelyard.tasks.task import Task, task_of


@dataclass(frozen=True, slots=True)
class Move:
    """A wish to move one task.

    Attributes:
        run: Only when this run is the current one; a late word of an older run moves nothing.
        fields: Columns that change with it: until, result, size, done, received, seconds, attempts.
    """

    task: int
    to: State
    reason: str = ""
    error: Mapping[str, Any] | None = None
    run: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moved:
    """What was done, for announcing once it is durable."""

    before: State
    task: Task


class Mover:
    """Moves tasks. Every change of a state in the product comes through here."""

    def __init__(self, database: Database, events: EventLog, wall: Callable[[], float]) -> None:
        self._database = database
        self._events = events
        self._wall = wall

    def move(self, wish: Move) -> Task:
        """Move one task.

        Raises:
            NoSuchTask: There is none.
            IllegalMove: The table does not allow it, or the run is an old one.
        """
        with self._database.writing() as db:
            done = self.within(db, wish)
        self.announce(done)
        return done[0].task

    def within(self, db: Connection, wish: Move) -> list[Moved]:
        """Move inside a transaction of the caller, who announces afterwards; what was drawn along comes last."""
        found = db.execute(sa.select(tasks).where(tasks.c.id == wish.task)).mappings().one_or_none()
        if found is None:
            raise NoSuchTask(f"There is no task {wish.task}.")
        before = task_of(found)
        if not allowed(before.state, wish.to):
            raise IllegalMove(
                f"Task {wish.task} is {before.state}; it cannot become {wish.to}.", state=before.state, to=wish.to
            )
        if wish.run is not None and wish.run != before.run:
            raise IllegalMove(f"Run {wish.run} of task {wish.task} is over.", state=before.state, to=wish.to)
        after = self._write(db, before, wish)
        moved = Moved(before.state, after)
        return [moved, *self._draw_along(db, moved)] if wish.to in ENDED else [moved]

    def _write(self, db: Connection, before: Task, wish: Move) -> Task:
        now = self._wall()
        changes = {
            "state": wish.to,
            "reason": wish.reason,
            "until": None,
            **wish.fields,
            **_times(before, wish.to, now),
        }
        if wish.error is not None or wish.to is State.DONE:
            changes["error"] = dict(wish.error) if wish.error else None
        after = msgspec.structs.replace(before, **changes)
        columns = {name: column(value) for name, value in changes.items()}
        db.execute(sa.update(tasks).where(tasks.c.id == before.id).values(columns))
        record(db, before.id, now, before.state, wish.to, wish.reason)
        if wish.to in ENDED:
            count(db, after, now)
        return after

    def _draw_along(self, db: Connection, moved: Moved) -> list[Moved]:
        """Followers share the end of their leader; dependents start, or fail, when what they need ended."""
        drawn: list[Moved] = []
        for number in ids(db, sa.select(tasks.c.id).where(tasks.c.follows == moved.task.id, *_open())):
            drawn += self.within(db, _as_leader(number, moved.task))
        dependents = sa.select(needs.c.task).join(tasks, tasks.c.id == needs.c.task)
        for number in ids(db, dependents.where(needs.c.needs == moved.task.id, tasks.c.state == State.WAITING)):
            drawn += self._dependent(db, number, moved.task)
        return drawn

    def _dependent(self, db: Connection, number: int, needed: Task) -> list[Moved]:
        if needed.state is not State.DONE:
            error = NeedFailed(f"Task {needed.id} ({needed.title}) {_became(needed.state)}.")
            return self.within(db, Move(number, State.FAILED, error.message, error.as_dict()))
        if unmet(db, number):
            return []
        return self.within(db, Move(number, State.QUEUED, "What it needed is here."))

    def announce(self, done: list[Moved]) -> None:
        """Tell what has become durable."""
        for one in done:
            task = one.task
            self._events.publish(
                "task.moved",
                {
                    "id": task.id,
                    "kind": task.kind,
                    "title": task.title,
                    "hub": task.hub,
                    "options": task.payload,
                    "from": one.before,
                    "to": task.state,
                    "reason": task.reason,
                    "until": task.until,
                    "error": task.error,
                    "result": task.result if task.state is State.DONE else None,
                },
            )


def record(db: Connection, task: int, now: float, before: State | None, after: State, reason: str) -> None:
    """Write a move into the history of its task."""
    db.execute(moves.insert().values(task=task, at=now, from_state=before, to_state=after, reason=reason))


def unmet(db: Connection, number: int) -> int:
    """How many of the tasks that one needs are not done."""
    others = sa.select(sa.func.count()).select_from(needs.join(tasks, tasks.c.id == needs.c.needs))
    return int(db.execute(others.where(needs.c.task == number, tasks.c.state != State.DONE)).scalar_one())


def ids(db: Connection, query: sa.Select[Any]) -> list[int]:
    """The ids that a query finds."""
    return list(db.execute(query).scalars())


def _open() -> tuple[sa.ColumnElement[bool], ...]:
    return (tasks.c.state.not_in(ENDED), tasks.c.state != State.PAUSED)


def _as_leader(number: int, leader: Task) -> Move:
    if leader.state is State.CANCELLED:
        return Move(
            number, State.QUEUED, f"Task {leader.id} was cancelled; this one goes on.", fields={"follows": None}
        )
    shared = {"result": leader.result, "size": leader.size, "done": leader.done}
    return Move(number, leader.state, f"With task {leader.id}.", leader.error, fields=shared)


def _became(state: State) -> str:
    return "failed" if state is State.FAILED else f"was {state}"


def _times(before: Task, to: State, now: float) -> dict[str, float | None]:
    if to in ENDED:
        return {"ended": now}
    if to in ACTIVE and before.state not in ACTIVE:
        return {"started": before.started or now, "ended": None}
    return {"ended": None}


def column(value: Any) -> Any:
    """A value as its column holds it: objects as JSON."""
    return msgspec.json.encode(value).decode() if isinstance(value, dict) else value
