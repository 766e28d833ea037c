"""Manners: while a host has asked us to wait, nobody of ours bothers it."""

from __future__ import annotations

import threading

from modelyard.errors import Waiting
from modelyard.net.stop import Clock, Stop

_LONGEST = 10 * 365 * 86400.0
"""Seconds of the longest wait that a calendar can show."""

_REMEMBERED = 256
"""Origins that may be remembered before those whose time is over are looked for."""


class Manners:
    """Remembers per origin until when we were asked to stay away.

    Args:
        patience: Longest wait in seconds that is sat out here; a longer one raises `Waiting`.
    """

    def __init__(self, clock: Clock, patience: float = 300.0) -> None:
        self._clock = clock
        self._patience = patience
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def hold(self, origin: str, seconds: float) -> None:
        """The server of `origin` asked us to wait that long."""
        with self._lock:
            self._until[origin] = max(self._until.get(origin, 0.0), self._clock.now() + seconds)
            if len(self._until) > _REMEMBERED:
                now = self._clock.now()
                self._until = {held: until for held, until in self._until.items() if until > now}

    def observe(self, origin: str) -> float:
        """Seconds still to wait for `origin`."""
        with self._lock:
            return max(0.0, self._until.get(origin, 0.0) - self._clock.now())

    def await_turn(self, origin: str, stop: Stop) -> None:
        """Wait until `origin` may be asked again.

        Raises:
            Waiting: That is longer than our patience; the error tells until when.
            Stopped: `stop` was set.
        """
        left = self.observe(origin)
        if left > self._patience:
            raise self.put_off(origin, left)
        if left > 0:
            self._clock.wait(left, stop)

    def put_off(self, origin: str, seconds: float) -> Waiting:
        """The error that says when to come back."""
        from datetime import datetime

        until = (
            datetime.fromtimestamp(self._clock.wall() + min(seconds, _LONGEST))
            .astimezone()
            .isoformat(timespec="seconds")
        )
        return Waiting(f"{origin} asks us to wait until {until}.", until=until, seconds=round(seconds))
