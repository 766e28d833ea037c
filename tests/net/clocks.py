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


class SharedClock(Clock):
    """Many threads in one virtual time: when each of them waits, it is the moment that the first one waits for.

    Args:
        threads: How many there are; each calls `leave` at its end.
    """

    def __init__(self, threads: int, now: float = 1000.0) -> None:
        self._now, self._awake = now, threads
        self._lock = threading.Lock()
        self._waiting: list[tuple[float, threading.Event]] = []

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return 1_700_000_000.0 + self._now

    def wait(self, seconds: float, stop: Stop) -> None:
        mine = threading.Event()
        with self._lock:
            self._waiting.append((self._now + seconds, mine))
            self._sleep()
        mine.wait()
        stop.check()

    def leave(self) -> None:
        """One thread fewer."""
        with self._lock:
            self._sleep()

    def _sleep(self) -> None:
        self._awake -= 1
        if self._awake or not self._waiting:
            return
        self._now = max(self._now, min(until for until, _ in self._waiting))
        due = [event for until, event in self._waiting if until <= self._now]
        self._waiting = [(until, event) for until, event in self._waiting if until > self._now]
        self._awake = len(due)
        for event in due:
            event.set()
