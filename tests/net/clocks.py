"""A clock that only moves when somebody waits on it."""

from __future__ import annotations

import threading

from modelyard.net.stop import Clock, Stop


class ManualClock(Clock):
    """Waiting moves the time on at once; what was waited is kept."""

    def __init__(self, now: float = 1000.0) -> None:
        self._now = now
        self._lock = threading.Lock()
        self.waited: list[float] = []

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return 1_700_000_000.0 + self._now

    def wait(self, seconds: float, stop: Stop) -> None:
        stop.check()
        with self._lock:
            self._now += seconds
            self.waited.append(seconds)
