"""Pre-flight of the next tasks, before they take a slot: a few threads ask hubs and disks in advance."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from modelyard.errors import YardError, unforeseen
from modelyard.net.stop import Stop
from modelyard.tasks.kinds import Kind, Ready
from modelyard.tasks.task import Task

_AT_ONCE = 4


@dataclass
class Lookahead:
    """Looks ahead for tasks and keeps what was found until they start.

    Args:
        failed: Called with a task whose look ahead failed.
        wake: Called when there is news.
    """

    stop: Stop
    failed: Callable[[Task, YardError], None]
    wake: Callable[[], None]
    _ready: dict[int, Ready] = field(default_factory=dict)
    _busy: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, task: Task, kind: Kind) -> None:
        """Look ahead for a task, unless that was done, is being done, or enough others are."""
        with self._lock:
            if task.id in self._ready or task.id in self._busy or len(self._busy) >= _AT_ONCE:
                return
            self._busy.add(task.id)
        threading.Thread(target=self._prepare, args=(task, kind), name=f"ahead-{task.id}", daemon=True).start()

    def _prepare(self, task: Task, kind: Kind) -> None:
        try:
            ready = kind.prepare(task, self.stop)
        except Exception as error:  # noqa: BLE001  # a defect in one look ahead must not end the runner
            self._forget(task.id)
            self.failed(task, error if isinstance(error, YardError) else unforeseen(error))
        else:
            with self._lock:
                self._ready[task.id] = ready
                self._busy.discard(task.id)
        self.wake()

    def _forget(self, number: int) -> None:
        with self._lock:
            self._busy.discard(number)

    def ready(self, number: int) -> bool:
        """Whether a task can start at once."""
        with self._lock:
            return number in self._ready

    def take(self, number: int) -> Ready:
        """What was found for a task that starts now."""
        with self._lock:
            return self._ready.pop(number)

    def keep_only(self, numbers: Collection[int]) -> None:
        """Drop what was found for tasks that are no longer near."""
        with self._lock:
            for number in set(self._ready) - set(numbers):
                del self._ready[number]
