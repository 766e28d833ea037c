"""Speed limits: token buckets that are paid after each read, changed while running, with a weekly schedule."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from modelyard.net.stop import Clock, Stop
from modelyard.values.week import Window

SLICE = 0.05
"""Seconds of allowance that one read may use: small enough to be smooth, large enough to be cheap."""

_SMALLEST_READ = 4096
_CATCH_UP = 0.1


class Bucket:
    """One limit that any number of connections share.

    Paying after the read keeps the wire busy; each payer waits for its own slot, so the sum is exact
    however many there are.
    """

    def __init__(self, clock: Clock, rate: int | None = None, schedule: Sequence[Window] = ()) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at = clock.now()
        self._rate = rate
        self._schedule = tuple(schedule)
        self._looked_at = 0.0
        self._now_rate = self._scheduled()

    def change(self, rate: int | None, schedule: Sequence[Window] = ()) -> None:
        """Set another limit (bytes per second, None for none); running transfers feel it within 0.1 s."""
        with self._lock:
            self._rate, self._schedule = rate, tuple(schedule)
            self._now_rate = self._scheduled()
            self._free_at = self._clock.now()

    @property
    def rate(self) -> int | None:
        """The limit that holds now, in bytes per second."""
        if self._schedule and self._clock.now() - self._looked_at > 1.0:
            with self._lock:
                self._looked_at = self._clock.now()
                if (rate := self._scheduled()) != self._now_rate:
                    self._now_rate, self._free_at = rate, self._clock.now()  # nobody waits for slots of the old rate
        return self._now_rate

    def pay(self, count: int, stop: Stop) -> None:
        """Account for `count` bytes that were read, and wait until they are allowed."""
        rate = self.rate
        if rate is None:
            return
        with self._lock:
            now = self._clock.now()
            self._free_at = until = max(self._free_at, now - _CATCH_UP) + count / rate
        while (left := until - self._clock.now()) > 0 and self.rate == rate:
            self._clock.wait(min(left, 0.1), stop)

    def _scheduled(self) -> int | None:
        moment = datetime.fromtimestamp(self._clock.wall())
        return next((window.rate for window in self._schedule if window.holds(moment)), self._rate)


class Meter:
    """All the limits of one transfer (everything, its hub, itself) and the count of what it read."""

    def __init__(self, buckets: Sequence[Bucket], on_bytes: Callable[[int], None] | None = None) -> None:
        self._buckets = tuple(buckets)
        self._on_bytes = on_bytes

    def allowance(self, want: int) -> int:
        """How many of `want` bytes may be read at once without a noticeable burst."""
        for bucket in self._buckets:
            if (rate := bucket.rate) is not None:
                want = min(want, max(_SMALLEST_READ, int(rate * SLICE)))
        return want

    @property
    def ceiling(self) -> int | None:
        """The strictest limit that holds now, in bytes per second; None without one."""
        return min((bucket.rate for bucket in self._buckets if bucket.rate is not None), default=None)

    def pay(self, count: int, stop: Stop) -> None:
        """Account for bytes that were read, and wait as long as the strictest limit asks."""
        if self._on_bytes:
            self._on_bytes(count)
        for bucket in self._buckets:
            bucket.pay(count, stop)
