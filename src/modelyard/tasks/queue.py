"""The queue: add tasks, look at them, change them. Every change is durable when a call returns."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.errors import IllegalMove, NoSuchTask, UsageError, YardError
from modelyard.events.log import EventLog
from modelyard.store.database import Database
from modelyard.store.schema import moves, tasks
from modelyard.tasks.adding import insert
from modelyard.tasks.moving import Move, Moved, Mover, column, ids, unmet
from modelyard.tasks.order import place
from modelyard.tasks.states import ACTIVE, ENDED, OPEN, State
from modelyard.tasks.task import Draft, Task, task_of

_MOST = 100_000


class Step(msgspec.Struct, frozen=True):
    """One line of a task's history."""

    at: float
    before: State | None
    after: State
    reason: str


class Answer(msgspec.Struct, frozen=True):
    """What became of one id of a bulk call: the task, or why not."""

    id: int
    task: Task | None = None
    error: dict[str, Any] | None = None


class Queue:
    """The tasks of one database.

    Args:
        on_change: Called after every change: the runner looks for work then.
    """

    def __init__(self, database: Database, events: EventLog, wall: Callable[[], float] = time.time) -> None:
        self.database = database
        self.events = events
        self.wall = wall
        self.mover = Mover(database, events, wall)
        self.on_change: Callable[[], None] = lambda: None

    # --- add --------------------------------------------------------------------------------------

    def add(self, drafts: Sequence[Draft], also: Callable[[Connection], object] = lambda _: None) -> list[int]:
        """Add tasks, all or none, in one durable transaction.

        A draft whose key an open task has already becomes a follower of that task.

        Args:
            also: Called with the connection, inside the same transaction.

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
            also(db)
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

    def steps(self, number: int) -> list[Step]:
        """The history of one task, oldest first.

        Raises:
            NoSuchTask: There is none.
        """
        self.get(number)
        with self.database.reading() as db:
            rows = db.execute(sa.select(moves).where(moves.c.task == number).order_by(moves.c.id)).all()
        return [
            Step(row.at, State(row.from_state) if row.from_state else None, State(row.to_state), row.reason)
            for row in rows
        ]

    def counts(self) -> dict[State, int]:
        """How many listed tasks are in each state."""
        with self.database.reading() as db:
            found = db.execute(
                sa.select(tasks.c.state, sa.func.count()).where(tasks.c.listed).group_by(tasks.c.state)
            ).all()
        told = dict.fromkeys(State, 0)
        return told | {State(state): number for state, number in found}

    # --- change -----------------------------------------------------------------------------------

    def pause(self, numbers: Iterable[int]) -> list[Answer]:
        """Pause tasks; what has arrived is kept."""
        return self._each(numbers, lambda number: Move(number, State.PAUSED, "Paused."))

    def resume(self, numbers: Iterable[int]) -> list[Answer]:
        """Let paused or waiting tasks go on."""
        return self._each(
            numbers, lambda number: Move(number, State.QUEUED, "Goes on.", fields={"follows": None}), _not_ended
        )

    def cancel(self, numbers: Iterable[int]) -> list[Answer]:
        """Cancel tasks."""
        return self._each(numbers, lambda number: Move(number, State.CANCELLED, "Cancelled."))

    def retry(self, numbers: Iterable[int]) -> list[Answer]:
        """Try failed or cancelled tasks again, from what has arrived."""
        again = {"attempts": 0, "follows": None, "listed": True}
        return self._each(numbers, lambda number: Move(number, State.QUEUED, "Tried again.", fields=again), _ended)

    def retry_failed(self) -> list[Answer]:
        """Try every failed task again."""
        with self.database.reading() as db:
            failed = ids(db, sa.select(tasks.c.id).where(tasks.c.state == State.FAILED, tasks.c.listed))
        return self.retry(failed)

    def _each(
        self,
        numbers: Iterable[int],
        wish: Callable[[int], Move],
        fits: Callable[[Task], YardError | None] = lambda _: None,
    ) -> list[Answer]:
        """Move each in one transaction; one that cannot move does not stop the others."""
        done: list[Moved] = []
        answers: list[int | Answer] = []
        with self.database.writing() as db:
            for number in dict.fromkeys(numbers):
                try:
                    done += self._one(db, wish(number), fits)
                    answers.append(number)
                except (NoSuchTask, IllegalMove) as error:
                    answers.append(Answer(number, error=error.as_dict()))
        self.mover.announce(done)
        self.on_change()
        tasks_now = {moved.task.id: moved.task for moved in done}
        return [one if isinstance(one, Answer) else Answer(one, tasks_now[one]) for one in answers]

    def _one(self, db: Connection, wish: Move, fits: Callable[[Task], YardError | None]) -> list[Moved]:
        row = db.execute(sa.select(tasks).where(tasks.c.id == wish.task)).mappings().one_or_none()
        refused = fits(task_of(row)) if row else None
        if refused:
            raise refused
        done = self.mover.within(db, wish)
        if wish.to is State.QUEUED and unmet(db, wish.task):
            done += self.mover.within(db, Move(wish.task, State.WAITING, "For what it needs."))
        return done

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

    def place(self, numbers: Sequence[int], before: int | None = None, *, top: bool = False) -> None:
        """Move tasks, in the order given, before another one, to the top, or to the end.

        Raises:
            NoSuchTask: The other one is not in the queue.
        """
        with self.database.writing() as db:
            place(db, list(dict.fromkeys(numbers)), before, top=top)
        self.events.publish("task.changed", {"ids": list(numbers), "changed": {"position": None}})
        self.on_change()

    def note(self, number: int, run: int, columns: Mapping[str, Any]) -> None:
        """Write down how far a run came whose task was moved meanwhile; an older run notes nothing."""
        with self.database.writing() as db:
            db.execute(sa.update(tasks).where(tasks.c.id == number, tasks.c.run == run).values(dict(columns)))

    def clear(self, states: Iterable[State] = (State.DONE, State.CANCELLED)) -> int:
        """Take ended tasks off the list; history keeps them. Gives how many.

        Raises:
            IllegalMove: A state that is not an end.
        """
        chosen = set(states)
        if chosen - ENDED:
            raise IllegalMove("Only ended tasks can be cleared.", hint="Cancel them first.")
        with self.database.writing() as db:
            query = sa.update(tasks).where(tasks.c.state.in_(chosen), tasks.c.listed).values(listed=False)
            cleared = db.execute(query).rowcount
        self.events.publish("queue.cleared", {"states": sorted(chosen), "count": cleared})
        return cleared

    def recover(self) -> int:
        """After a start: what ran when the process ended goes on. Gives how many.

        Clean end or kill -9 makes no difference: a state is what the database says.
        """
        with self.database.reading() as db:
            ran = ids(db, sa.select(tasks.c.id).where(tasks.c.state.in_(ACTIVE)))
        self._each(ran, lambda number: Move(number, State.QUEUED, "Goes on after a restart."))
        return len(ran)


def _not_ended(task: Task) -> YardError | None:
    if task.follows is not None and task.state is State.WAITING:
        return IllegalMove(f"Task {task.id} shares the work of task {task.follows}.")
    return None if task.state in OPEN else IllegalMove(f"Task {task.id} is {task.state}; `retry` starts it again.")


def _ended(task: Task) -> YardError | None:
    if task.state in {State.FAILED, State.CANCELLED}:
        return None
    return IllegalMove(f"Task {task.id} is {task.state}; only failed and cancelled ones are tried again.")
