"""The order of the queue: priority first, then position. A position is a number with room between.

New tasks take their id as position; moving one up or down changes its own row only.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.errors import NoSuchTask
from modelyard.store.schema import counters, tasks
from modelyard.tasks.states import ENDED

_NAME = "task"
_NARROW = 1e-6

IN_ORDER = (tasks.c.priority, tasks.c.position, tasks.c.id)
"""How the queue is read."""


def take_numbers(db: Connection, count: int) -> range:
    """Ids that nobody had before and nobody gets again."""
    grow = sa.update(counters).where(counters.c.name == _NAME).values(value=counters.c.value + count)
    if db.execute(grow).rowcount == 0:
        db.execute(counters.insert().values(name=_NAME, value=count))
    last = int(db.execute(sa.select(counters.c.value).where(counters.c.name == _NAME)).scalar_one())
    return range(last - count + 1, last + 1)


def place(db: Connection, numbers: Sequence[int], before: int | None, *, top: bool = False) -> None:
    """Put tasks, in the order given, before another one; at the top; or, with neither, at the end.

    The tasks take the priority of the one they are put before, else their place would be no place.

    Raises:
        NoSuchTask: The other one is not in the queue.
    """
    if before is not None:
        _between(db, numbers, before)
    elif top:
        first = db.execute(sa.select(sa.func.min(tasks.c.position))).scalar() or 0.0
        _spread(db, numbers, first - len(numbers), 1.0)
    else:
        _spread(db, numbers, float(take_numbers(db, len(numbers))[0]), 1.0)


def _between(db: Connection, numbers: Sequence[int], before: int) -> None:
    other = db.execute(sa.select(tasks).where(tasks.c.id == before, tasks.c.state.not_in(ENDED))).one_or_none()
    if other is None:
        raise NoSuchTask(f"There is no task {before} in the queue.")
    above = sa.select(sa.func.max(tasks.c.position)).where(  # ended ones keep their place: they may be tried again
        tasks.c.position < other.position, tasks.c.priority == other.priority, tasks.c.id.not_in(numbers)
    )
    start = db.execute(above).scalar()
    start = other.position - len(numbers) - 1 if start is None else start
    step = (other.position - start) / (len(numbers) + 1)
    if step < _NARROW:
        _renumber(db)
        _between(db, numbers, before)
        return
    _spread(db, numbers, start + step, step, other.priority)


def _spread(db: Connection, numbers: Sequence[int], first: float, step: float, priority: int | None = None) -> None:
    more = {} if priority is None else {"priority": priority}
    for index, number in enumerate(numbers):
        values = {"position": first + index * step, **more}
        db.execute(sa.update(tasks).where(tasks.c.id == number).values(values))


def _renumber(db: Connection) -> None:
    """Whole numbers again, after very many moves into the same gap."""
    query = sa.select(tasks.c.id).where(tasks.c.state.not_in(ENDED)).order_by(tasks.c.position, tasks.c.id)
    numbers = list(db.execute(query).scalars())
    _spread(db, numbers, float(take_numbers(db, len(numbers))[0]), 1.0)
