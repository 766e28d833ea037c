"""Who is connected: how many may be, how long a stranger may take, and who goes first when there is no room.

Counted where the system hands a connection over, before TLS and HTTP: whoever says nothing, or a letter a second, takes
a file handle all the same. A connection that once brought a good token, session or password is known; others are
strangers. Strangers have a few seconds for handshake and head of a request, rest for a minute, and make room for who
comes later. Known ones are left alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import logging
import socket
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from modelyard.net.wire import has_news

_log = logging.getLogger("modelyard.server")

HEAD_SECONDS = 10.0
"""From connecting to a whole first request line with its headers, TLS included."""
REST_SECONDS = 60.0
"""From one request of a stranger to the next, its head included; also for taking what it was answered."""
MOST = 4352
"""Connections at once, where the system allows twice as many files: all WebSockets, and some to spare."""
_SHARE = 16
"""One of so many goes at once where there is no room: making room one by one is slower than a flood."""
_LEAVING = 5.0
"""Seconds after which a connection that was hung up on and is not closed counts no more."""
_QUIET = 60.0
"""Seconds between two lines in the log about a full house."""


class _Phase(enum.Enum):
    ARRIVING = HEAD_SECONDS
    ASKING = float("inf")
    RESTING = REST_SECONDS
    LEAVING = _LEAVING


@dataclass(slots=True)
class _Guest:
    held: weakref.ref[socket.socket]
    since: float
    phase: _Phase = _Phase.ARRIVING
    known: bool = False
    abort: Callable[[], object] | None = None

    def goes_before(self) -> tuple[bool, float]:
        """Sorts strangers by who makes room first: the service works for some."""
        return self.phase is _Phase.ASKING, self.since

    def hang_up(self, now: float) -> None:
        """Have its transport close it, or see its end where there is none yet."""
        self.phase, self.since = _Phase.LEAVING, now
        held = self.held()
        if self.abort:
            self.abort()
        elif held is not None:
            with contextlib.suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)


class Crowd:
    """The connections of one service. Used on its event loop only.

    Args:
        most: Connections at once.
        now: Seconds on a clock that never goes back.
    """

    def __init__(self, most: int, now: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._now = now
        self._guests: dict[int, _Guest] = {}
        self._told = float("-inf")

    def __len__(self) -> int:
        return len(self._guests)

    @property
    def full(self) -> bool:
        """Whether nobody may come before somebody goes."""
        return len(self._guests) >= self._most

    def make_room(self) -> bool:
        """Hang up on the strangers that are silent longest; whether there are some, who will be gone in a moment."""
        strangers = [one for one in self._guests.values() if not one.known and one.phase is not _Phase.LEAVING]
        leaving = sum(one.phase is _Phase.LEAVING for one in self._guests.values())
        if not leaving:
            self._tell()
            for one in sorted(strangers, key=_Guest.goes_before)[: -(-self._most // _SHARE)]:
                one.hang_up(self._now())
        return bool(leaving or strangers)

    def enter(self, held: socket.socket) -> None:
        """Take a connection in."""
        self._guests[held.fileno()] = _Guest(weakref.ref(held), self._now())

    def seat(self, number: int, abort: Callable[[], object]) -> None:
        """It has a transport now, which `abort` closes."""
        if guest := self._guests.get(number):
            guest.abort = abort

    def leave(self, number: int) -> None:
        """A connection is closed; `number` is its file descriptor's."""
        self._guests.pop(number, None)

    @contextlib.contextmanager
    def asking(self, number: int) -> Iterator[None]:
        """For the length of a block the service works for this connection, so no clock runs against it."""
        guest = self._guests.get(number)
        if guest is None:
            yield
            return
        guest.phase = _Phase.ASKING
        try:
            yield
        finally:  # the number may be another's by now, the guest is not
            guest.phase, guest.since = _Phase.RESTING, self._now()

    def know(self, number: int) -> None:
        """Its caller proved who he is."""
        if guest := self._guests.get(number):
            guest.known = True

    def sweep(self) -> None:
        """Hang up on strangers whose time is over."""
        now = self._now()
        for number, guest in list(self._guests.items()):
            if guest.known and guest.phase is not _Phase.LEAVING:
                continue
            if now - guest.since > guest.phase.value:
                if guest.phase is _Phase.LEAVING or guest.held() is None:
                    self.leave(number)
                else:
                    guest.hang_up(now)

    async def keep_sweeping(self, every: float = 1.0) -> None:
        """Sweep until cancelled.

        Args:
            every: Seconds.
        """
        while True:
            await asyncio.sleep(every)
            self.sweep()

    def _tell(self) -> None:
        if self._now() - self._told > _QUIET:
            self._told = self._now()
            _log.warning("%d connections are open, which is the most; strangers make room.", len(self._guests))


class Entrance(socket.socket):
    """A listening socket that hands over what the crowd takes in. On Windows asyncio accepts past it."""

    __slots__ = ("_crowd",)

    def __init__(self, bound: socket.socket, crowd: Crowd) -> None:
        super().__init__(fileno=bound.detach())
        self._crowd = crowd

    def accept(self) -> tuple[socket.socket, object]:
        """The next connection.

        Raises:
            BlockingIOError: There is none, or it waits in the system's queue until strangers have gone.
            ConnectionAbortedError: It was turned away, since everybody else is known.
        """
        full = self._crowd.full
        if full and (not self._knocked() or self._crowd.make_room()):
            raise BlockingIOError
        plain, address = super().accept()
        if full:
            plain.close()
            raise ConnectionAbortedError
        made = _Counted(plain, self._crowd)
        self._crowd.enter(made)
        return made, address

    def _knocked(self) -> bool:
        """Whether somebody waits: asyncio asks for the next one until there is none."""
        return has_news(self)


class _Counted(socket.socket):
    __slots__ = ("_crowd",)

    def __init__(self, plain: socket.socket, crowd: Crowd) -> None:
        super().__init__(fileno=plain.detach())
        self._crowd = crowd

    def close(self) -> None:
        """Close it and count it no more."""
        number = self.fileno()
        super().close()
        self._crowd.leave(number)
