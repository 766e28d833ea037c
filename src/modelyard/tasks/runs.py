"""The tasks that run now, for every thread that asks."""

from __future__ import annotations

import threading

from modelyard.tasks.running import Running


class Runs:
    """Runs by the ids of their tasks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[int, Running] = {}

    def all(self) -> list[Running]:
        """All of them, in the order of their start."""
        with self._lock:
            return list(self._held.values())

    def get(self, number: int) -> Running | None:
        """The run of a task, None when it does not run."""
        with self._lock:
            return self._held.get(number)

    def put(self, one: Running) -> None:
        """It runs from now on."""
        with self._lock:
            self._held[one.task.id] = one

    def drop(self, one: Running) -> None:
        """It runs no more; a later run of the same task does."""
        with self._lock:
            if self._held.get(one.task.id) is one:
                del self._held[one.task.id]
