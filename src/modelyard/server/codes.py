"""One-time codes: what a link carries in its fragment instead of the token itself."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable

SECONDS = 60.0
_MOST = 20


class Codes:
    """Codes that open the door once, within a minute.

    Args:
        now: Seconds that only go forward.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._ends: dict[str, float] = {}

    def make(self) -> str:
        """A fresh code; older ones are forgotten when there are many."""
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._ends[code] = self._now() + SECONDS
            while len(self._ends) > _MOST:
                del self._ends[next(iter(self._ends))]
        return code

    def use(self, code: str) -> bool:
        """Whether the code was good. It is not any more."""
        given = code.encode("utf-8", "surrogatepass")
        with self._lock:
            same = [held for held in self._ends if hmac.compare_digest(held.encode(), given)]
            return any(self._ends.pop(held) > self._now() for held in same)
