"""Which task is next: strict priority, fairness between hubs, limits. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from modelyard.tasks.task import Task

LIBRARY = "library"
"""The hub of tasks that care for what is here and ask no hub, or one only now and then."""


class Slots(msgspec.Struct, frozen=True):
    """How many tasks may run at once, in all and for one hub.

    Attributes:
        apart: Hubs whose tasks neither take nor wait for the others' slots: care of the library beside downloads.
    """

    total: int
    per_hub: int
    apart: Mapping[str, int] = msgspec.field(default_factory=lambda: {LIBRARY: 2})


def pick(candidates: Sequence[Task], running: Iterable[str], slots: Slots) -> list[Task]:
    """The tasks to start now, in this order.

    A higher priority always goes first. Among equals the hub with the fewest running tasks goes first, so
    that a thousand files of one hub do not hold back one file of another; within a hub, position decides.

    Args:
        candidates: Tasks that could start.
        running: The hub of every running task.
    """
    busy = Counter(running)
    free = slots.total - sum(number for hub, number in busy.items() if hub not in slots.apart)
    waiting = sorted(candidates, key=lambda task: (task.priority, task.position, task.id))
    chosen: list[Task] = []
    for hub, most in slots.apart.items():
        chosen += [task for task in waiting if task.hub == hub][: max(0, most - busy[hub])]
    waiting = [task for task in waiting if task.hub not in slots.apart]
    while free > 0:
        fitting = [task for task in waiting if busy[task.hub] < slots.per_hub]
        if not fitting:
            break
        highest = fitting[0].priority
        best = min((task for task in fitting if task.priority == highest), key=lambda task: busy[task.hub])
        waiting.remove(best)
        busy[best.hub] += 1
        chosen.append(best)
        free -= 1
    return chosen
