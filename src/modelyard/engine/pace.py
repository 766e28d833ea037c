"""How fast each connection brings bytes, and which source the others should not wait for.

Measured: with a second source at 100 kB/s a file of 48 MiB took 42 s instead of 1, because its last segments lay
there. Pure decisions; the supervisor measures and acts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

FAR_BELOW = 5
"""A source that brings less than a fifth of another one's connection is left."""

JUDGED_AFTER = 1.0
"""Seconds that a source is given to show its speed."""

_GLIMPSE = 0.25
"""Seconds of it that are enough at the end, when a faster connection has nothing left to do."""

_PATIENCE = 0.5
"""Seconds that the last bytes may take wherever they are."""

_WINDOW = 1.0


class Pace:
    """Bytes of one connection at one source. Written by its lane; `mark` is the supervisor's."""

    __slots__ = ("_busy", "_newer", "_older", "_since", "begun", "received")

    def __init__(self, now: float) -> None:
        self.begun = now
        self.received = 0
        self._busy = 0.0
        self._since: float | None = None
        self._older = self._newer = (now, 0)

    @contextlib.contextmanager
    def working(self, now: Callable[[], float]) -> Iterator[None]:
        """What its lane does meanwhile is not receiving: it writes, or waits for a buffer."""
        self._since = begun = now()
        try:
            yield
        finally:
            self._since = None
            self._busy += now() - begun

    def busy(self, now: float) -> float:
        """Seconds of such work so far, what is still done included."""
        since = self._since
        return self._busy + (now - since if since is not None else 0.0)

    def mark(self, now: float) -> None:
        """Let what is older than a second or two be forgotten."""
        if now - self._newer[0] >= _WINDOW:
            self._older, self._newer = self._newer, (now, self.received)

    def rate(self, now: float) -> float:
        """Bytes per second over the last one or two seconds."""
        then, had = self._older
        return (self.received - had) / max(now - then, 0.001)


class Standing(msgspec.Struct, frozen=True):
    """One connection at one moment.

    Attributes:
        source: URL of the source.
        age: Seconds since the source was first asked.
        rate: Bytes per second.
        rest: Bytes of its claim that are still to come.
    """

    source: str
    age: float
    rate: float
    rest: int


class Left:
    """Sources that were left for being slow. One comes back once those in use are clearly slower than it was."""

    def __init__(self) -> None:
        self._speeds: dict[str, float] = {}
        self._since: dict[str, float] = {}
        """Since when the best of those in use brings less than half of it."""

    def __iter__(self) -> Iterator[str]:
        return iter(self._speeds)

    def add(self, urls: Iterable[str], standings: Iterable[Standing]) -> None:
        """Leave sources, remembering how fast each was."""
        now = fastest(standings)
        self._speeds |= {url: now.get(url, 0.0) for url in urls}

    def come_back(self, best: float, now: float) -> None:
        """Forget those that were more than twice as fast as what is in use, for two windows already.

        Args:
            best: Bytes per second of the best connection in use.
            now: Monotonic seconds.
        """
        faster = [url for url, speed in self._speeds.items() if best < speed / 2]
        self._since = {url: self._since.get(url, now) for url in faster}
        for url in [url for url, since in self._since.items() if now - since >= 2 * _WINDOW]:
            del self._speeds[url], self._since[url]


def fastest(standings: Iterable[Standing]) -> dict[str, float]:
    """Bytes per second of the best connection of each source that has sent anything."""
    speeds: dict[str, float] = {}
    for one in standings:
        if one.rate > 0:
            speeds[one.source] = max(one.rate, speeds.get(one.source, 0.0))
    return speeds


def left_behind(standings: Sequence[Standing], speeds: Mapping[str, float], *, idle: bool) -> set[str]:
    """Sources that bring so little that another one should go on in their place.

    Args:
        speeds: The best that was measured at each source that may be used.
        idle: A connection has nothing left to do.
    """
    found = set()
    for url in {one.source for one in standings}:
        best = max((speed for other, speed in speeds.items() if other != url), default=0.0)
        mine = [one for one in standings if one.source == url]
        fast = max(one.rate for one in mine)
        shown = max(one.age for one in mine) >= JUDGED_AFTER
        late = idle and best > 2 * fast and any(_holds_up(one, best) for one in mine)
        if late or (shown and best > FAR_BELOW * fast):
            found.add(url)
    return found


def _holds_up(one: Standing, best: float) -> bool:
    """Whether the last bytes would come in less than half the time from the best source."""
    return one.age >= _GLIMPSE and one.rest > one.rate * (_PATIENCE + 2 * one.rest / best)
