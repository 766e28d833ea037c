"""Whether this thread has to wait for a core: then what is not needed now costs somebody's time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

ENOUGH = 0.1
"""Share of the time in which a thread could run but did not, up to which there are enough cores."""

_OWN = Path("/proc/thread-self/schedstat")


class Cores:
    """Looks at what the thread that asks has waited since it asked last.

    Args:
        waited: Nanoseconds that this thread ran, and that it waited for a core, so far.
    """

    def __init__(self, waited: Callable[[], tuple[int, int]] | None = None) -> None:
        self._waited = waited or _told_by_linux
        self._before: tuple[int, int] | None = None

    def short(self) -> bool:
        """Whether there are too few cores for all who would run; never at the first look."""
        before, now = self._before, self._waited()
        self._before = now
        if before is None:
            return False
        ran, waited = now[0] - before[0], now[1] - before[1]
        return waited > ENOUGH * (ran + waited)


def _told_by_linux() -> tuple[int, int]:
    """Other systems do not count this: there are always enough."""
    try:
        ran, waited, _ = _OWN.read_bytes().split()
    except (OSError, ValueError):
        return 0, 0
    return int(ran), int(waited)
