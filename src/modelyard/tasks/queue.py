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
from modelyard.tasks.drawing import leader_of, unmet
from modelyard.tasks.listing import Filter, chosen_ids, of_kind
from modelyard.tasks.moving import Move, Mover, column
from modelyard.tasks.order import place
from modelyard.tasks.states import ACTIVE, ENDED, OPEN, State
from modelyard.tasks.statistics import count
from modelyard.tasks.task import Draft, Task, task_of
from modelyard.tasks.upcoming import ids

_MOST = 100_000
_BUNCH = 500


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


class Answer(msgspec.Struct, frozen=True):
    """What became of one id of a bulk call: the task, or why not."""

    id: int
    task: Task | None = None
    error: dict[str, Any] | None = None


Also = Callable[[Connection, list[Answer]], object]
"""Called inside the transaction that moves tasks, or the last of them, with what became of all."""


def _no_more(_db: Connection, _answers: list[Answer]) -> None:
    """Nothing is written beside."""


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

    def pause(self, numbers: Iterable[int], also: Also = _no_more) -> list[Answer]:
        """Pause tasks; what has arrived is kept. Tasks that shared the work go on without it."""
        return self._each(numbers, lambda db, one: self.mover.within(db, Move(one, State.PAUSED, "Paused.")), also)

    def resume(self, numbers: Iterable[int], also: Also = _no_more) -> list[Answer]:
        """Let paused or waiting tasks go on."""
        return self._each(numbers, lambda db, one: self._again(db, one, "Goes on.", _not_ended), also)

    def cancel(self, numbers: Iterable[int], also: Also = _no_more) -> list[Answer]:
        """Cancel tasks."""
        return self._each(
            numbers, lambda db, one: self.mover.within(db, Move(one, State.CANCELLED, "Cancelled.")), also
        )

    def retry(self, numbers: Iterable[int], also: Also = _no_more) -> list[Answer]:
        """Try failed or cancelled tasks again, from what has arrived."""
        return self._each(numbers, lambda db, one: self._again(db, one, "Tried again.", _ended), also)

    def _each(
        self, numbers: Iterable[int], move: Callable[[Connection, int], object], also: Also = _no_more
    ) -> list[Answer]:
        """Move each; one that cannot move does not stop the others. Others may write between two bunches."""
        answers: list[Answer] = []
        left = list(dict.fromkeys(numbers))
        while left:
            bunch, left = left[:_BUNCH], left[_BUNCH:]
            with self.database.writing() as db:
                refused = {number: error for number in bunch if (error := _refused(db, number, move))}
                found = tasks_of(db, bunch)
                waiting = [number for number, task in found.items() if task.state is State.WAITING]
                for number in waiting:
                    self.mover.settle(db, number)
                found |= tasks_of(db, waiting)
                answers += [
                    Answer(number, error=refused[number].as_dict())
                    if number in refused
                    else Answer(number, found[number])
                    for number in bunch
                ]
                if not left:
                    also(db, answers)
        self.on_change()
        return answers

    def _again(
        self, db: Connection, number: int, reason: str, fits: Callable[[Task], YardError | None] = lambda _: None
    ) -> None:
        """Queue a task, behind whoever does the same work already, and behind what it needs."""
        task = tasks_of(db, [number]).get(number)
        if task and (refused := fits(task)):
            raise refused
        fresh = (
            {"attempts": 0, "follows": None, "listed": True} if task and task.ended is not None else {"follows": None}
        )
        task = self.mover.within(db, Move(number, State.QUEUED, reason, fields=fresh))
        leader = leader_of(db, task)
        if leader is not None:
            words = f"With task {leader}, which fetches the same."
            self.mover.within(db, Move(number, State.WAITING, words, fields={"follows": leader}))
        elif unmet(db, number):
            self.mover.within(db, Move(number, State.WAITING, "For what it needs."))

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


def tasks_of(db: Connection, numbers: Sequence[int]) -> dict[int, Task]:
    """Some tasks by id; those that do not exist are left out."""
    rows = db.execute(sa.select(tasks).where(tasks.c.id.in_(numbers))).mappings()
    return {row["id"]: task_of(row) for row in rows}


def _refused(db: Connection, number: int, move: Callable[[Connection, int], object]) -> YardError | None:
    try:
        move(db, number)
    except (NoSuchTask, IllegalMove) as error:
        return error
    return None


def _not_ended(task: Task) -> YardError | None:
    if task.follows is not None and task.state is State.WAITING:
        return IllegalMove(f"Task {task.id} shares the work of task {task.follows}.")
    return None if task.state in OPEN else IllegalMove(f"Task {task.id} is {task.state}; `retry` starts it again.")


def _ended(task: Task) -> YardError | None:
    if task.state in {State.FAILED, State.CANCELLED}:
        return None
    return IllegalMove(f"Task {task.id} is {task.state}; only failed and cancelled ones are tried again.")
