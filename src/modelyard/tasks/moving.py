"""The one function that moves a task: checks the table, writes state and history, tells the world.

Statistics are counted in the same transaction, followers and dependents move along with the task they
wait for (`drawing.py` says which), and nothing is announced before it is durable.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.errors import IllegalMove, NoSuchTask
from modelyard.events.log import EventLog
from modelyard.net.exchange import FACT
from modelyard.store.database import Database
from modelyard.store.schema import moves, tasks
from modelyard.tasks.drawing import Draw, draw_along, settle
from modelyard.tasks.states import ACTIVE, ENDED, State, allowed
from modelyard.tasks.statistics import count
from modelyard.tasks.task import Task, task_of

_FIND = sa.select(tasks).where(tasks.c.id == sa.bindparam("wanted"))
_RECORD = moves.insert()


@functools.lru_cache(maxsize=64)
def _update(names: tuple[str, ...]) -> sa.Update:
    """The statement that changes some columns of a task, built once: it is the most frequent one."""
    same = (
        tasks.c.id == sa.bindparam("wanted"),
        tasks.c.state == sa.bindparam("from_state"),
        tasks.c.run == sa.bindparam("of_run"),
    )
    return sa.update(tasks).where(*same).values({name: sa.bindparam(name) for name in names})


class Move(msgspec.Struct, frozen=True):
    """A wish to move one task.

    Attributes:
        run: Only when this run is the current one; a late word of an older run moves nothing.
        start: Only from one of these states; empty means whatever the table allows.
        fields: Columns that change with it: until, result, size, done, received, seconds, attempts, follows.
        at: When it happened, seconds since 1970; None is now.
        silent: Nobody is told of it as of news.
    """

    task: int
    to: State
    reason: str = ""
    error: Mapping[str, Any] | None = None
    run: int | None = None
    fields: Mapping[str, Any] = msgspec.field(default_factory=dict)
    start: Collection[State] = ()
    at: float | None = None
    silent: bool = False


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
            return self.within(db, wish)

    def attempt(self, wish: Move) -> Task | None:
        """Move one task, unless somebody was quicker: then None.

        Raises:
            NoSuchTask: There is none.
        """
        try:
            return self.move(wish)
        except IllegalMove:
            return None

    def within(self, db: Connection, wish: Move) -> Task:
        """Move inside a transaction of the caller; what is drawn along moves too. Told when it is durable."""
        first = self._one(db, wish)
        ended = deque([first])
        while ended:
            for draw in draw_along(db, ended.popleft()):
                drawn = self._drawn(db, draw)
                ended += [drawn] if drawn else []
        return first

    def settle(self, db: Connection, number: int) -> None:
        """Let a task that waits for others start, or fail, when it is time; inside a transaction of the caller."""
        for draw in settle(db, number):
            self.within(db, Move(draw.task, draw.to, draw.reason, draw.error, fields=draw.fields))

    def _drawn(self, db: Connection, draw: Draw) -> Task | None:
        """Move what another move draws along, unless it has moved already."""
        try:
            return self._one(db, Move(draw.task, draw.to, draw.reason, draw.error, fields=draw.fields))
        except IllegalMove:
            return None

    def _one(self, db: Connection, wish: Move) -> Task:
        found = db.execute(_FIND, {"wanted": wish.task}).mappings().one_or_none()
        if found is None:
            raise NoSuchTask(f"There is no task {wish.task}.")
        before = task_of(found)
        _check(before, wish)
        after = self._write(db, before, wish)
        if not wish.silent:
            self._database.afterwards(lambda: self._announce(before.state, after))
        return after

    def _write(self, db: Connection, before: Task, wish: Move) -> Task:
        now = self._wall() if wish.at is None else wish.at
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
        same = {"wanted": before.id, "from_state": before.state, "of_run": before.run}
        if db.execute(_update(tuple(columns)), columns | same).rowcount != 1:
            raise IllegalMove(f"Task {before.id} was moved by another process.")
        _record(db, before.id, now, before.state, wish.to, wish.reason, wish.error or {})
        count(db, before, after, now)
        return after

    def _announce(self, before: State, task: Task) -> None:
        self._events.publish(
            "task.moved",
            {
                "id": task.id,
                "kind": task.kind,
                "title": task.title,
                "hub": task.hub,
                "options": task.options,
                "from": before,
                "to": task.state,
                "reason": task.reason,
                "until": task.until,
                "error": task.error,
                "result": task.result if task.state is State.DONE else None,
            },
        )


def _check(before: Task, wish: Move) -> None:
    if not allowed(before.state, wish.to) or (wish.start and before.state not in wish.start):
        raise IllegalMove(
            f"Task {wish.task} is {before.state}; it cannot become {wish.to}.", state=before.state, to=wish.to
        )
    if wish.run is not None and wish.run != before.run:
        raise IllegalMove(f"Run {wish.run} of task {wish.task} is over.", state=before.state, to=wish.to)


def _record(
    db: Connection,
    task: int,
    now: float,
    before: State | None,
    after: State,
    reason: str,
    error: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write a move into the history of its task, with the exchange that its error tells of."""
    told = error.get("facts", {}).get(FACT)
    exchange = msgspec.json.encode(told).decode() if told else ""
    row = {"task": task, "at": now, "from_state": before, "to_state": after, "reason": reason, "exchange": exchange}
    db.execute(_RECORD, row)


def _times(before: Task, to: State, now: float) -> dict[str, float | None]:
    if to in ENDED:
        return {"ended": now}
    if to in ACTIVE and before.state not in ACTIVE:
        return {"started": before.started or now, "ended": None}
    return {"ended": None}


def column(value: Any) -> Any:
    """A value as its column holds it: objects as JSON."""
    return msgspec.json.encode(value).decode() if isinstance(value, dict) else value
