"""The crew: worker threads that grow while waiting for answers, not bytes, is what takes the time.

On a fast line four workers fetch small files as quickly as sixteen; at 50 ms a request sixty-four take a
quarter of the time of sixteen (measured, facts engine 7).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")

FIRST = 4
MOST = 64
_SLOW_ANSWER = 0.005
_GROWTH = 4
_BUSY = 0.7
"""Share of one core at which more threads would only wait for each other."""


class Crew(Generic[Item]):
    """Works through a list of items.

    Args:
        work: Called with each item, in worker threads; must not raise.
        most: Most workers.
        used: CPU seconds of this process so far.
    """

    def __init__(
        self,
        items: Sequence[Item],
        work: Callable[[Item], None],
        most: int = MOST,
        used: Callable[[], float] = time.process_time,
    ) -> None:
        self._items = deque(items)
        self._work = work
        self._most = min(most, len(items))
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._answers = 0
        self._used = used
        self._looked = time.perf_counter(), used()

    def run(self, while_waiting: Callable[[], None]) -> None:
        """Work everything off; `while_waiting` is called about ten times a second meanwhile."""
        self._grow(min(FIRST, self._most))
        while True:
            with self._lock:
                thread = next((thread for thread in self._threads if thread.is_alive()), None)
            if thread is None:
                return
            thread.join(0.1)
            while_waiting()

    def answered(self, seconds: float) -> None:
        """A server took so long until it answered; a round of slow answers calls for more workers.

        One quick answer among them shows that the others waited for us, as all do in a process that has no core left.
        """
        if seconds < _SLOW_ANSWER:
            self._answers = 0
            return
        with self._lock:
            self._answers += 1
            count = max(FIRST, len(self._threads))
            if self._answers < count or not self._items:
                return
            self._answers = 0
            busy = self._busy()
        if not busy:
            self._grow(min(self._most, count * _GROWTH) - count)

    def _busy(self) -> bool:
        """Whether this process has computed most of the time since it was last asked."""
        (then, had), self._looked = self._looked, (time.perf_counter(), self._used())
        return self._looked[1] - had > _BUSY * (self._looked[0] - then)

    @property
    def workers(self) -> tuple[threading.Thread, ...]:
        """Every worker there has been."""
        return tuple(self._threads)

    def _grow(self, count: int) -> None:
        for _ in range(count):
            thread = threading.Thread(target=self._loop, name="worker", daemon=True)
            with self._lock:
                if len(self._threads) >= self._most:
                    return
                self._threads.append(thread)
            thread.start()

    def _loop(self) -> None:
        while True:
            try:
                item = self._items.popleft()
            except IndexError:
                return
            self._work(item)
