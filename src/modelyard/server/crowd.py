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

_log = logging.getLogger("modelyard.server")

HEAD_SECONDS = 10.0
"""From connecting to a whole first request line with its headers, TLS included."""
REST_SECONDS = 60.0
"""From one request of a stranger to the next, its head included; also for taking what it was answered."""
MOST = 4352
"""Connections at once, where the system allows twice as many files: all WebSockets, and some to spare."""
_QUIET = 60.0
"""Seconds between two lines in the log about a full house."""


class _Phase(enum.Enum):
    ARRIVING = HEAD_SECONDS
    ASKING = float("inf")
    RESTING = REST_SECONDS


@dataclass(slots=True)
class _Guest:
    held: weakref.ref[socket.socket]
    since: float
    phase: _Phase = _Phase.ARRIVING
    known: bool = False


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

    def enter(self, held: socket.socket) -> bool:
        """Take a connection in, in place of the stranger that is silent longest where there is no room.

        Returns:
            Whether it may stay: not where everybody else is known.
        """
        if len(self._guests) >= self._most and not self._make_room():
            return False
        self._guests[held.fileno()] = _Guest(weakref.ref(held), self._now())
        return True

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
            if not guest.known and now - guest.since > guest.phase.value:
                self._hang_up(number, guest)

    async def keep_sweeping(self, every: float = 1.0) -> None:
        """Sweep until cancelled.

        Args:
            every: Seconds.
        """
        while True:
            await asyncio.sleep(every)
            self.sweep()

    def _make_room(self) -> bool:
        if self._now() - self._told > _QUIET:
            self._told = self._now()
            _log.warning("%d connections are open, which is the most; strangers make room.", len(self._guests))
        strangers = [(guest.since, number) for number, guest in self._guests.items() if not guest.known]
        if not strangers:
            return False
        number = min(strangers)[1]
        self._hang_up(number, self._guests[number])
        return True

    def _hang_up(self, number: int, guest: _Guest) -> None:
        """Its transport sees the end and closes it; until then it counts no more."""
        del self._guests[number]
        held = guest.held()
        if held is not None:
            with contextlib.suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)


class Entrance(socket.socket):
    """A listening socket that hands over what the crowd takes in."""

    __slots__ = ("_crowd",)

    def __init__(self, bound: socket.socket, crowd: Crowd) -> None:
        super().__init__(fileno=bound.detach())
        self._crowd = crowd

    def accept(self) -> tuple[socket.socket, object]:
        """The next connection.

        Raises:
            ConnectionAbortedError: There is no room for it; the caller goes on as if it had never come.
        """
        plain, address = super().accept()
        made = _Counted(plain, self._crowd)
        if self._crowd.enter(made):
            return made, address
        made.close()
        raise ConnectionAbortedError


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
