"""Stopping work from another thread, within milliseconds."""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager

from modelyard.errors import Stopped

_Call = Callable[[], None]


class Stop:
    """A flag that wakes whoever waits on it, sockets included.

    A wider flag knows its narrower ones only as long as somebody uses them: a service makes one for each
    task and each run, for months.

    Args:
        parent: A wider flag (the whole program's); setting it sets this one too.
    """

    def __init__(self, parent: Stop | None = None) -> None:
        self._event = threading.Event()
        self._lock = threading.RLock()  # a signal may set the flag in the middle of `also`
        self._wake: list[_Call] = []
        self._children: weakref.WeakSet[Stop] = weakref.WeakSet()
        self._parent = parent  # what lies between two flags in use must not vanish
        self.reason = "Stopped."
        if parent is not None:
            parent.adopt(self)

    def set(self, reason: str = "Stopped.") -> None:
        """Stop everything that listens to this flag."""
        with self._lock:
            if self._event.is_set():
                return
            self.reason = reason
            self._event.set()
            wake, children = list(self._wake), list(self._children)
        for child in children:
            child.set(reason)
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

    def also(self, call: _Call) -> None:
        """Call `call` when the flag is set, at once when it already is."""
        with self._lock:
            self._wake.append(call)
            if not self._event.is_set():
                return
            self._wake.remove(call)
        call()

    def adopt(self, child: Stop) -> None:
        """Set `child` together with this flag, as long as somebody holds it."""
        with self._lock:
            self._children.add(child)
            if not self._event.is_set():
                return
        child.set(self.reason)

    def waking(self, call: _Call) -> AbstractContextManager[None]:
        """For the length of a block, call `call` (shut a socket down, say) when the flag is set."""
        return _Waking(self.also, self._no_more, call)

    def _no_more(self, call: _Call) -> None:
        with self._lock, contextlib.suppress(ValueError):
            self._wake.remove(call)


class _Waking:
    """A block of `Stop.waking`; eight a file, and a generator takes three times as long."""

    __slots__ = ("_begin", "_call", "_end")

    def __init__(self, begin: Callable[[_Call], None], end: Callable[[_Call], None], call: _Call) -> None:
        self._begin, self._end, self._call = begin, end, call

    def __enter__(self) -> None:
        self._begin(self._call)

    def __exit__(self, *_: object) -> None:
        self._end(self._call)


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
