"""Pre-flight of the next tasks, before they take a slot: a few threads ask hubs and disks in advance."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from modelyard.errors import YardError, unforeseen
from modelyard.net.stop import Stop
from modelyard.tasks.kinds import Kind, Ready
from modelyard.tasks.task import Task

_AT_ONCE = 8
_PER_HUB = 2


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
    _busy: dict[int, tuple[str, Stop]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, task: Task, kind: Kind) -> None:
        """Look ahead for a task, unless that was done, is being done, or enough others are.

        A hub that hangs must not keep the others waiting: each has its share.
        """
        stop = Stop(self.stop)
        with self._lock:
            hubs = [hub for hub, _ in self._busy.values()]
            known = task.id in self._ready or task.id in self._busy
            if known or len(hubs) >= _AT_ONCE or hubs.count(task.hub) >= _PER_HUB:
                return
            self._busy[task.id] = (task.hub, stop)
        try:
            threading.Thread(
                target=self._prepare, args=(task, kind, stop), name=f"ahead-{task.id}", daemon=True
            ).start()
        except BaseException:
            self._forget(task.id, stop)
            raise

    def _prepare(self, task: Task, kind: Kind, stop: Stop) -> None:
        try:
            ready = kind.prepare(task, stop)
        except Exception as error:  # noqa: BLE001  # a defect in one look ahead must not end the runner
            if self._forget(task.id, stop) and not stop.is_set():
                self.failed(task, error if isinstance(error, YardError) else unforeseen(error))
        else:
            if self._forget(task.id, stop):
                with self._lock:
                    self._ready[task.id] = ready
        self.wake()

    def _forget(self, number: int, stop: Stop) -> bool:
        """Be busy with it no more; tells whether that look ahead was still wanted."""
        with self._lock:
            wanted = self._busy.get(number, ("", None))[1] is stop
            if wanted:
                del self._busy[number]
            return wanted

    def ready(self, number: int) -> bool:
        """Whether a task can start at once."""
        with self._lock:
            return number in self._ready

    def rooms(self, numbers: Iterable[int]) -> list[Mapping[str, int]]:
        """What those of some tasks that were looked at have to write, by folder."""
        with self._lock:
            return [self._ready[number].room for number in numbers if number in self._ready]

    def take(self, number: int) -> Ready:
        """What was found for a task that starts now."""
        with self._lock:
            return self._ready.pop(number)

    def keep_only(self, numbers: Collection[int]) -> None:
        """Drop what was found for tasks that are no longer near, and stop asking for them."""
        with self._lock:
            for number in set(self._ready) - set(numbers):
                del self._ready[number]
            gone = [self._busy.pop(number)[1] for number in set(self._busy) - set(numbers)]
        for stop in gone:
            stop.set("The task is not near any more.")
