"""Progress: counters that threads add to, and snapshots that faces show."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec

from modelyard.net.stop import Clock
from modelyard.values.sizes import show_time

_SMOOTHING = 3.0


class Snapshot(msgspec.Struct, frozen=True):
    """How far one file is.

    Attributes:
        name: Its path inside the model.
        size: Bytes in all, None while unknown.
        done: Bytes that are there, those kept from earlier runs included.
        kept: Bytes that were there before this run.
        speed: Bytes per second, smoothed over about three seconds.
        eta: Seconds still to go, None while unknown.
        retries: Tries after the first one.
        connections: Connections in use.
        stage: ``waiting``, ``transferring``, ``proving``, ``landing``, ``done`` or ``failed``.
        note: What is going on, in words, when it is not plain progress.
        received: Bytes that came over the wire in this run.
        pieces: How full equal pieces of the file are, a digit each from 0 to 9; empty when nobody counts.
    """

    name: str
    size: int | None
    done: int
    kept: int
    speed: float
    eta: float | None
    retries: int
    connections: int
    stage: str
    note: str = ""
    received: int = 0
    pieces: str = ""

    def as_dict(self) -> dict[str, object]:
        """The snapshot as JSON-able data."""
        return {
            "name": self.name,
            "size": self.size,
            "done": self.done,
            "kept": self.kept,
            "speed": round(self.speed),
            "eta": None if self.eta is None else round(self.eta, 1),
            "retries": self.retries,
            "connections": self.connections,
            "stage": self.stage,
            "note": self.note,
            "received": self.received,
            "pieces": self.pieces,
        }


class Progress:
    """Counters of one file. Adding is one locked addition; nobody is called per chunk."""

    def __init__(self, name: str, clock: Clock, size: int | None = None) -> None:
        self.name = name
        self.size = size
        self.stage = "waiting"
        self.note = ""
        self.retries = 0
        self.connections = 0
        self.kept = 0
        self.pieces: Callable[[], str] = str
        self._clock = clock
        self._lock = threading.Lock()
        self._received = 0
        self._lost = 0
        self._speed = 0.0
        self._sampled = (clock.now(), 0)

    def add(self, count: int) -> None:
        """`count` bytes arrived."""
        with self._lock:
            self._received += count

    def lose(self, count: int) -> None:
        """`count` bytes that had arrived do not count: fetched twice, or thrown away."""
        with self._lock:
            self._lost += count

    @property
    def received(self) -> int:
        """Bytes that came over the wire in this run."""
        return self._received

    def start_over(self) -> None:
        """Nothing that is there counts any more."""
        with self._lock:
            self.kept = 0
            self._lost = self._received

    def snapshot(self) -> Snapshot:
        """How far the file is now."""
        with self._lock:
            self._smooth()
            done = self.kept + self._received - self._lost
            if self.size is not None:
                done = min(done, self.size)
            left = None if self.size is None else self.size - done
            eta = left / self._speed if left is not None and self._speed > 0 else None
            return Snapshot(
                self.name,
                self.size,
                max(0, done),
                self.kept,
                self._speed,
                eta,
                self.retries,
                self.connections,
                self.stage,
                self.note,
                self._received,
                self.pieces(),
            )

    def _smooth(self) -> None:
        now, (then, received) = self._clock.now(), self._sampled
        span = now - then
        if span < 0.2:
            return
        rate = (self._received - received) / span
        weight = 1.0 if not self._speed else min(1.0, span / _SMOOTHING)
        self._speed += weight * (rate - self._speed)
        self._sampled = (now, self._received)

    def retry(self, why: str, wait: float) -> None:
        """Another try begins after `wait` seconds."""
        with self._lock:
            self.retries += 1
            self.note = f"{why} Trying again" + (f" in {show_time(wait)}." if wait >= 1 else ".")
