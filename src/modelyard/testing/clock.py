"""The hub's clock: real time plus what a test adds."""

from __future__ import annotations

import threading
import time
from email.utils import formatdate


class Clock:
    """Seconds since 1970 that a test can move forward; signed links, deadlines and limits read it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._added = 0.0

    def now(self) -> float:
        """Seconds since 1970 as the hub sees them."""
        return time.time() + self._added

    def advance(self, seconds: float) -> None:
        """Move the hub's time by so many seconds."""
        with self._lock:
            self._added += seconds

    def reset(self) -> None:
        """Go back to real time."""
        with self._lock:
            self._added = 0.0

    def http_date(self, ahead: float = 0.0) -> str:
        """Now (plus ``ahead`` seconds) as an HTTP date."""
        return formatdate(self.now() + ahead, usegmt=True)
