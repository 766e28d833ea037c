"""Which task is next: strict priority, fairness between hubs, limits. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modelyard.tasks.task import Task


@dataclass(frozen=True, slots=True)
class Slots:
    """How many tasks may run at once, in all and for one hub."""

    total: int
    per_hub: int


def pick(candidates: Sequence[Task], running: Iterable[str], slots: Slots) -> list[Task]:
    """The tasks to start now, in this order.

    A higher priority always goes first. Among equals the hub with the fewest running tasks goes first, so
    that a thousand files of one hub do not hold back one file of another; within a hub, position decides.

    Args:
        candidates: Tasks that could start.
        running: The hub of every running task.
    """
    busy = Counter(running)
    free = slots.total - busy.total()
    waiting = sorted(candidates, key=lambda task: (task.priority, task.position, task.id))
    chosen: list[Task] = []
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
