"""One verb for many tasks: pause, resume, cancel, retry. One that cannot be moved does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.errors import IllegalMove, NoSuchTask, YardError
from modelyard.store.database import Database
from modelyard.store.schema import tasks
from modelyard.tasks.drawing import leader_of, unmet
from modelyard.tasks.moving import Move, Mover
from modelyard.tasks.states import OPEN, State
from modelyard.tasks.task import Task, task_of

_BUNCH = 500


class Answer(msgspec.Struct, frozen=True):
    """What became of one id of a bulk call: the task, or why not."""

    id: int
    task: Task | None = None
    error: dict[str, Any] | None = None


Also = Callable[[Connection, list[Answer]], object]
"""Called inside the transaction that moves tasks, or the last of them, with what became of all."""


def _no_more(_db: Connection, _answers: list[Answer]) -> None:
    """Nothing is written beside."""


class Verbs:
    """What a person does to tasks that are there.

    Attributes:
        on_change: Called after every change: the runner looks for work then.
    """

    def __init__(self, database: Database, mover: Mover) -> None:
        self.database = database
        self.mover = mover
        self.on_change: Callable[[], None] = lambda: None

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
