"""A real fixed-window limiter: it counts, says so on every answer, and refuses when the window is spent."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from modelyard.testing.clock import Clock


@dataclass(frozen=True, slots=True)
class Quota:
    """So many requests per window.

    Attributes:
        count: Requests.
        window: Seconds.
    """

    count: int
    window: float = 300.0


@dataclass(frozen=True, slots=True)
class Charge:
    """What one request found: its quota, what is left of it, and when it is full again."""

    quota: Quota
    left: int
    resets_in: int
    spent: bool


class Limiter:
    """Counts requests by who asked and which bucket it was.

    Args:
        quotas: The quota of each bucket; ``hub.hf.limits.quotas["api"] = Quota(2)`` changes one.
    """

    def __init__(self, clock: Clock, quotas: Mapping[str, Quota]) -> None:
        self._clock, self._first = clock, dict(quotas)
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget every count and changed quota."""
        self.quotas = dict(self._first)
        self._counts: dict[tuple[str, str], tuple[float, int]] = {}

    def charge(self, who: str, bucket: str) -> Charge:
        """Count one request; the quota of ``who:bucket`` wins over that of the bucket."""
        quota = self.quotas.get(f"{who}:{bucket}") or self.quotas[bucket]
        now = self._clock.now()
        with self._lock:
            since, used = self._counts.get((who, bucket), (now, 0))
            if now >= since + quota.window:
                since, used = now, 0
            self._counts[who, bucket] = (since, used + 1)
        return Charge(quota, max(0, quota.count - used - 1), math.ceil(since + quota.window - now), used >= quota.count)
