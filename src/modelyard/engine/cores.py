"""Whether this thread has to wait for a core: then what is not needed now costs somebody's time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

ENOUGH = 0.1
"""Share of the time that a thread may wait for a core while there are enough of them."""

_OWN = Path("/proc/thread-self/schedstat")


class Cores:
    """Looks at what the thread that asks has waited since it asked last.

    Args:
        waited: Nanoseconds that this thread was ready and did not run, so far.
        now: Nanoseconds that only go forward.
    """

    def __init__(self, waited: Callable[[], int] | None = None, now: Callable[[], int] = time.monotonic_ns) -> None:
        self._waited, self._now = waited or waited_for_a_core, now
        self._before = now(), 0
        self._crowded = False

    def short(self) -> bool:
        """Whether there are too few cores for all who would run: two looks in a row must say so."""
        (then, had), self._before = self._before, (self._now(), self._waited())
        was, self._crowded = self._crowded, self._before[1] - had > ENOUGH * (self._before[0] - then)
        return was and self._crowded


def waited_for_a_core() -> int:
    """What Linux counts of this thread; 0 elsewhere: there are always enough."""
    try:
        return int(_OWN.read_bytes().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
