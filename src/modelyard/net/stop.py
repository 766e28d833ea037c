"""Stopping work from another thread, within milliseconds."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from modelyard.errors import Stopped


class Stop:
    """A flag that wakes whoever waits on it, sockets included.

    Args:
        parent: A wider flag (the whole program's); setting it sets this one too.
    """

    def __init__(self, parent: Stop | None = None) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._wake: list[Callable[[], None]] = []
        self.reason = "Stopped."
        if parent is not None:
            parent.also(lambda: self.set(parent.reason))

    def set(self, reason: str = "Stopped.") -> None:
        """Stop everything that listens to this flag."""
        with self._lock:
            if self._event.is_set():
                return
            self.reason = reason
            self._event.set()
            wake = list(self._wake)
        for call in wake:
            call()

    def is_set(self) -> bool:
        """Whether somebody asked to stop."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise `Stopped` when somebody asked to stop."""
        if self._event.is_set():
            raise Stopped(self.reason)

    def wait(self, seconds: float) -> None:
        """Sleep, or raise `Stopped` as soon as somebody asks to stop."""
        if self._event.wait(seconds):
            raise Stopped(self.reason)

    def also(self, call: Callable[[], None]) -> None:
        """Call `call` when the flag is set, at once when it already is."""
        with self._lock:
            if not self._event.is_set():
                self._wake.append(call)
                return
        call()

    @contextlib.contextmanager
    def waking(self, call: Callable[[], None]) -> Iterator[None]:
        """For the length of a block, call `call` (shut a socket down, say) when the flag is set."""
        self.also(call)
        try:
            yield
        finally:
            with self._lock, contextlib.suppress(ValueError):
                self._wake.remove(call)


class Clock:
    """Time as the product sees it; tests put their own in its place."""

    def now(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970, for dates that servers send."""
        return time.time()

    def wait(self, seconds: float, stop: Stop) -> None:
        """Sleep, or raise `Stopped`."""
        stop.wait(seconds)
