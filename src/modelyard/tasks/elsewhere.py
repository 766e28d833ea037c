"""Tasks that were done elsewhere: a command fetched by itself, and history and statistics still know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.store.schema import tasks
from modelyard.tasks.adding import chunks, insert
from modelyard.tasks.moving import Move, Mover
from modelyard.tasks.queue import Queue
from modelyard.tasks.states import State
from modelyard.tasks.task import Draft

_REASON = "Done by a command."


class Elsewhere(msgspec.Struct, frozen=True):
    """One thing that was done outside the queue.

    Attributes:
        draft: What would have been queued; its `key` names this one time, so that it is kept once.
        ended: Seconds since 1970.
        seconds: How long it took.
        error: Code, message, hint and retryable, None when it is done.
    """

    draft: Draft
    ended: float
    seconds: float
    size: int
    received: int
    result: Mapping[str, Any]
    error: Mapping[str, Any] | None = None


def keep(queue: Queue, done: Sequence[Elsewhere]) -> int:
    """Put into history and statistics what is not there yet; gives how many."""
    with queue.database.writing() as db:
        known = _known(db, [one.draft.key for one in done if one.draft.key])
        new = [one for one in done if one.draft.key not in known]
        for one in new:
            unkeyed = msgspec.structs.replace(one.draft, key=None)  # it follows no task, and none follows it
            (number,) = insert(db, [unkeyed], one.ended - one.seconds, queue.mover)
            _end(queue.mover, db, number, one)
    if new:
        queue.events.publish("queue.kept", {"count": len(new)})
    return len(new)


def _known(db: Connection, keys: Sequence[str]) -> set[str]:
    return {
        key
        for some in chunks(keys)
        for key in db.execute(sa.select(tasks.c.key).where(tasks.c.key.in_(some))).scalars()
    }


def _end(mover: Mover, db: Connection, number: int, one: Elsewhere) -> None:
    """From its first state to its end in one step: nobody saw it in between, so nobody is told of it as of news."""
    times = {"started": one.ended - one.seconds, "seconds": one.seconds}
    told = {"result": dict(one.result), "key": one.draft.key, "listed": False}
    bytes_ = {"size": one.size, "done": one.size, "received": one.received}
    state, fields = State.FAILED if one.error else State.DONE, {**times, **told, **bytes_}
    mover.within(db, Move(number, state, _REASON, one.error or None, fields=fields, at=one.ended, silent=True))
