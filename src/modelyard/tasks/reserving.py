"""Whether there is room for a task beside all that run, and beside all before it in the queue whose size is known.

See docs/adr/0008: a size is known of what ran, of what was looked at ahead, and of what came with it (a workflow's
model, a caller's word). No hub is asked about thousands of tasks whose turn is hours away.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence

import msgspec

from modelyard.store.database import Database
from modelyard.tasks.kinds import Ready
from modelyard.tasks.room import claims, disk_of, lacking
from modelyard.tasks.running import Running
from modelyard.tasks.task import Task
from modelyard.tasks.upcoming import begun_before

_LARGE = 64 * 2**20
"""Bytes from which on a task leaves the room that earlier ones will need; less costs no question."""


class Beside(msgspec.Struct, frozen=True):
    """What else wants room.

    Attributes:
        running: Tasks that run.
        earlier: Tasks before this one that hubs were asked about already.
        rooms: What those have to write, by folder.
    """

    running: Sequence[Running]
    earlier: Collection[int]
    rooms: Sequence[Mapping[str, int]]


def short_of_room(task: Task, ready: Ready, beside: Beside, database: Database, reserve: int) -> str | None:
    """Why there is no room for a task, None when there is.

    Args:
        ready: What looking ahead found for it.
        reserve: Bytes that stay free on every disk.
    """
    look = functools.cache(functools.partial(disk_of, reserve=reserve))  # each disk is asked once
    taken: list[Mapping[str, int]] = [one.left() for one in beside.running]
    if sum(ready.room.values()) >= _LARGE:
        known = {*beside.earlier, *(one.task.id for one in beside.running)}
        with database.reading() as db:
            begun = [{target: left} for target, left in begun_before(db, task, known)]
        taken += claims([*beside.rooms, *begun], look)
    return lacking(ready.room, taken, look)
