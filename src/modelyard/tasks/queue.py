"""The queue: add tasks, look at them, change them. Every change is durable when a call returns."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.errors import IllegalMove, NoSuchTask, UsageError
from modelyard.events.log import EventLog
from modelyard.store.database import Database
from modelyard.store.schema import moves, tasks
from modelyard.tasks.adding import insert
from modelyard.tasks.listing import Filter, chosen_ids, of_kind
from modelyard.tasks.moving import Mover, column
from modelyard.tasks.order import place
from modelyard.tasks.states import ACTIVE, ENDED, State
from modelyard.tasks.statistics import count
from modelyard.tasks.task import Draft, Task, task_of
from modelyard.tasks.upcoming import ids
from modelyard.tasks.verbs import Verbs, tasks_of

_MOST = 100_000


class Exchange(msgspec.Struct, frozen=True):
    """What a server refused with: the address without its query, and the fields that tell why."""

    url: str
    status: int
    headers: dict[str, str]


class Step(msgspec.Struct, frozen=True):
    """One line of a task's history.

    Attributes:
        exchange: What a server answered, when that is why.
    """

    at: float
    before: State | None
    after: State
    reason: str
    exchange: Exchange | None = None


class Queue(Verbs):
    """The tasks of one database."""

    def __init__(self, database: Database, events: EventLog, wall: Callable[[], float] = time.time) -> None:
        super().__init__(database, Mover(database, events, wall))
        self.events = events
        self.wall = wall

    # --- add --------------------------------------------------------------------------------------

    def add(
        self, drafts: Sequence[Draft], also: Callable[[Connection, list[int]], object] = lambda _db, _ids: None
    ) -> list[int]:
        """Add tasks, all or none, in one durable transaction.

        A draft whose key an open task has already becomes a follower of that task.

        Args:
            also: Called with the connection and the ids, inside the same transaction.

        Returns:
            Their ids, in order.

        Raises:
            UsageError: Too many at once.
            NoSuchTask: A draft needs a task that does not exist.
        """
        if len(drafts) > _MOST:
            raise UsageError(f"{len(drafts)} tasks in one call; at most {_MOST}.", hint="Send them in several calls.")
        with self.database.writing() as db:
            added = insert(db, drafts, self.wall(), self.mover)
            also(db, added)
        for first in range(0, len(added), 1000):
            self.events.publish("task.added", {"ids": added[first : first + 1000]})
        self.on_change()
        return added

    # --- look -------------------------------------------------------------------------------------

    def get(self, number: int) -> Task:
        """One task.

        Raises:
            NoSuchTask: There is none.
        """
        with self.database.reading() as db:
            row = db.execute(sa.select(tasks).where(tasks.c.id == number)).mappings().one_or_none()
        if row is None:
            raise NoSuchTask(f"There is no task {number}.")
        return task_of(row)

    def latest(self, key: str) -> Task | None:
        """The last task that does a piece of work, whatever became of it; None when none ever did."""
        query = sa.select(tasks).where(tasks.c.key == key).order_by(tasks.c.id.desc()).limit(1)
        with self.database.reading() as db:
            row = db.execute(query).mappings().one_or_none()
        return task_of(row) if row is not None else None

    def chosen(self, chosen: Filter) -> list[int]:
        """Every task that a filter lets through."""
        with self.database.reading() as db:
            return chosen_ids(db, chosen)

    def shared(self, task: Task) -> bool:
        """Whether another open task does the same work: what has arrived is its, too."""
        if task.key is None:
            return False
        same = sa.select(tasks.c.id).where(tasks.c.key == task.key, tasks.c.id != task.id, tasks.c.state.not_in(ENDED))
        with self.database.reading() as db:
            return db.execute(same.limit(1)).first() is not None

    def steps(self, number: int) -> list[Step]:
        """The history of one task, oldest first.

        Raises:
            NoSuchTask: There is none.
        """
        self.get(number)
        with self.database.reading() as db:
            rows = db.execute(sa.select(moves).where(moves.c.task == number).order_by(moves.c.id)).all()
        return [
            Step(
                row.at,
                State(row.from_state) if row.from_state else None,
                State(row.to_state),
                row.reason,
                msgspec.json.decode(row.exchange, type=Exchange) if row.exchange else None,
            )
            for row in rows
        ]

    def counts(self, kind: str = "") -> dict[State, int]:
        """How many listed tasks, of a kind or of all, are in each state; `kind` as in `listing.Filter`."""
        with self.database.reading() as db:
            found = db.execute(
                sa.select(tasks.c.state, sa.func.count()).where(tasks.c.listed, *of_kind(kind)).group_by(tasks.c.state)
            ).all()
        told = dict.fromkeys(State, 0)
        return told | {State(state): number for state, number in found}

    # --- change -----------------------------------------------------------------------------------

    def favour(self, number: int, favourite: bool) -> Task:
        """Mark a task as a favourite, or no longer.

        Raises:
            NoSuchTask: There is none.
        """
        return self.change(number, favourite=favourite)

    def change(self, number: int, **columns: Any) -> Task:
        """Change columns that are no state.

        Raises:
            NoSuchTask: There is none.
        """
        self.get(number)
        written = {name: column(value) for name, value in columns.items()}
        with self.database.writing() as db:
            db.execute(sa.update(tasks).where(tasks.c.id == number).values(written))
        self.events.publish("task.changed", {"ids": [number], "changed": columns})
        self.on_change()
        return self.get(number)

    def place(
        self,
        numbers: Sequence[int],
        before: int | None = None,
        *,
        top: bool = False,
        also: Callable[[Connection], object] = lambda _db: None,
    ) -> None:
        """Move tasks, in the order given, before another one, to the top, or to the end.

        Args:
            also: Called with the connection, inside the same transaction.

        Raises:
            NoSuchTask: The other one is not in the queue.
        """
        wanted = list(dict.fromkeys(numbers))
        with self.database.writing() as db:
            missing = [number for number in wanted if number not in tasks_of(db, wanted)]
            if missing:
                raise NoSuchTask(f"There is no task {missing[0]}.")
            place(db, wanted, before, top=top)
            also(db)
        self.events.publish("task.changed", {"ids": wanted, "changed": {"position": None}})
        self.on_change()

    def note(self, number: int, run: int, columns: Mapping[str, Any]) -> None:
        """Write down how far a run came whose task was moved meanwhile; an older run notes nothing."""
        with self.database.writing() as db:
            before = tasks_of(db, [number]).get(number)
            if before is None or before.run != run:
                return
            db.execute(sa.update(tasks).where(tasks.c.id == number).values(dict(columns)))
            count(db, before, msgspec.structs.replace(before, **columns), self.wall())

    def clear(
        self,
        states: Iterable[State] = (State.DONE, State.CANCELLED),
        also: Callable[[Connection, int], object] = lambda _db, _count: None,
    ) -> int:
        """Take ended tasks off the list; history keeps them. Gives how many.

        Args:
            also: Called with the connection and how many, inside the same transaction.

        Raises:
            IllegalMove: A state that is not an end.
        """
        chosen = set(states)
        if chosen - ENDED:
            raise IllegalMove("Only ended tasks can be cleared.", hint="Cancel them first.")
        with self.database.writing() as db:
            query = sa.update(tasks).where(tasks.c.state.in_(chosen), tasks.c.listed).values(listed=False)
            cleared = db.execute(query).rowcount
            also(db, cleared)
        self.events.publish("queue.cleared", {"states": sorted(chosen), "count": cleared})
        return cleared

    def recover(self) -> int:
        """After a start: what ran when the process ended goes on. Gives how many.

        Clean end or kill -9 makes no difference: a state is what the database says.
        """
        with self.database.reading() as db:
            ran = ids(db, sa.select(tasks.c.id).where(tasks.c.state.in_(ACTIVE)))
        self._each(ran, lambda db, number: self._again(db, number, "Goes on after a restart."))
        return len(ran)
