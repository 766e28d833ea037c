"""The numbered log of events: publish, replay from a number, wait for more.

Numbers only grow, across restarts too: they begin at the microsecond of the start, below 2**53 so that
JavaScript can hold them. Whoever asks for a number that the log no longer holds is told of the gap and
takes a snapshot instead.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

_KEPT = 10_000


class Event(msgspec.Struct, frozen=True):
    """Something that happened.

    Attributes:
        number: Greater than that of every earlier event.
        at: Seconds since 1970.
        kind: ``task.moved``, ``progress``, `settings.changed`, …
        data: JSON-able facts, never a secret.
    """

    number: int
    at: float
    kind: str
    data: Mapping[str, Any]


class Replay(msgspec.Struct, frozen=True):
    """The answer to "what happened since?".

    Attributes:
        events: In order.
        newest: The number to ask with next time.
        gap: Events in between are gone: take a snapshot.
    """

    events: tuple[Event, ...]
    newest: int
    gap: bool


@dataclass
class EventLog:
    """The events of this process. Safe to use from every thread; publishing never waits for a reader."""

    wall: Callable[[], float] = time.time
    kept: int = _KEPT

    def __post_init__(self) -> None:
        self._begin = self._newest = int(self.wall() * 1_000_000)
        self._forgotten = self._begin
        self._events: deque[Event] = deque()
        self._latest: dict[str, Event] = {}
        self._changed = threading.Condition()
        self._listeners: list[Callable[[Event], None]] = []

    @property
    def newest(self) -> int:
        """Number of the newest event."""
        return self._newest

    def publish(self, kind: str, data: Mapping[str, Any], *, passing: bool = False) -> Event:
        """Record an event and tell the listeners.

        Args:
            passing: Only the newest of its kind is kept: progress, say, which the next one makes stale.
        """
        with self._changed:
            self._newest += 1
            event = Event(self._newest, self.wall(), kind, data)
            if passing:
                self._latest[kind] = event
            else:
                self._keep(event)
            listeners = list(self._listeners)
            self._changed.notify_all()
        for listener in listeners:
            listener(event)
        return event

    def _keep(self, event: Event) -> None:
        self._events.append(event)
        if len(self._events) > self.kept:
            self._forgotten = self._events.popleft().number

    def since(self, number: int, most: int = 1000) -> Replay:
        """Events after a number, at most `most` of them."""
        with self._changed:
            if number < self._forgotten or number > self._newest:
                return Replay((), self._newest, gap=True)
            found = self._after(number)
            newest = found[most - 1].number if len(found) > most else self._newest
            return Replay(tuple(found[:most]), newest, gap=False)

    def _after(self, number: int) -> list[Event]:
        kept: list[Event] = []
        for event in reversed(self._events):
            if event.number <= number:
                break
            kept.append(event)
        passing = [event for event in self._latest.values() if event.number > number]
        return sorted([*kept, *passing], key=lambda event: event.number)

    def wait(self, number: int, seconds: float) -> None:
        """Wait until there is an event after a number, or the time is up."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest > number or number > self._newest, seconds)

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with every event from now on, in the thread that publishes; it must return at once.

        Returns:
            A call that ends it.
        """
        with self._changed:
            self._listeners.append(listener)

        def leave() -> None:
            with self._changed:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return leave
