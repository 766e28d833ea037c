"""Ended tasks: do them again, forget them, prune what is older than a person wants to keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.errors import NoSuchTask
from modelyard.store.schema import moves, needs, tasks
from modelyard.tasks.adding import chunks
from modelyard.tasks.queue import Queue
from modelyard.tasks.states import ENDED
from modelyard.tasks.task import Draft, Task
from modelyard.tasks.upcoming import ids

_DAY = 86400.0


def drafts_of(queue: Queue, numbers: Iterable[int]) -> list[Draft]:
    """What adds ended tasks anew, with the same options.

    Raises:
        NoSuchTask: One of them does not exist.
    """
    return [_draft(queue.get(number)) for number in dict.fromkeys(numbers)]


def _draft(task: Task) -> Draft:
    return Draft(
        kind=task.kind,
        title=task.title,
        address=task.address,
        hub=task.hub,
        target=task.target,
        payload=task.payload,
        key=task.key,
        priority=task.priority,
        size=task.size,
    )


def forget(queue: Queue, numbers: Iterable[int], also: Callable[[Connection], object] = lambda _db: None) -> int:
    """Remove ended tasks and their steps for good; gives how many. Open ones and favourites' files stay.

    Args:
        also: Called with the connection, inside the same transaction.

    Raises:
        NoSuchTask: One of them does not exist or has not ended; nothing is removed.
    """
    wanted = set(numbers)
    with queue.database.writing() as db:
        found = {
            number
            for some in chunks(wanted)
            for number in ids(db, sa.select(tasks.c.id).where(tasks.c.id.in_(some), tasks.c.state.in_(ENDED)))
        }
        if wanted - found:
            raise NoSuchTask(f"There is no ended task {min(wanted - found)}.")
        for some in chunks(found):
            _remove(db, tasks.c.id.in_(some))
        also(db)
    return len(found)


def prune(queue: Queue, keep_days: float) -> int:
    """Forget what ended longer ago than that; favourites stay. Gives how many."""
    old = queue.wall() - keep_days * _DAY
    where = sa.and_(tasks.c.ended < old, tasks.c.state.in_(ENDED), tasks.c.favourite.is_(False))
    with queue.database.writing() as db:
        return _remove(db, where)


def _remove(db: sa.Connection, where: sa.ColumnElement[bool]) -> int:
    gone = sa.select(tasks.c.id).where(where)
    db.execute(needs.delete().where(needs.c.task.in_(gone) | needs.c.needs.in_(gone)))
    db.execute(moves.delete().where(moves.c.task.in_(gone)))
    return db.execute(tasks.delete().where(where)).rowcount
