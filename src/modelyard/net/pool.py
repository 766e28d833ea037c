"""Kept-alive connections, and how many may be open at once."""

from __future__ import annotations

import threading
import time
from collections import defaultdict

from modelyard.net.certificate import Certificate
from modelyard.net.dial import Dialer
from modelyard.net.guard import Sender
from modelyard.net.stop import Stop
from modelyard.net.url import Url
from modelyard.net.wire import Connection

IDLE_SECONDS = 25.0
"""Idle connections older than this are closed: many servers and balancers drop them at 30 to 60 s."""

_IDLE_PER_ORIGIN = 64


class Pool:
    """Hands out connections, reusing idle ones, and holds the global and per-host limits.

    Args:
        most: Connections in use at once, over all hosts.
        most_per_host: Connections in use at once to one host.
    """

    def __init__(self, dialer: Dialer, *, most: int = 64, most_per_host: int = 64) -> None:
        self._dialer = dialer
        self._most = most
        self._most_per_host = most_per_host
        self._idle: dict[str, list[Connection]] = defaultdict(list)
        self._busy: dict[str, int] = defaultdict(int)
        self._total = 0
        self._swept = 0.0
        self._room = threading.Condition()

    def limit(self, most: int, most_per_host: int) -> None:
        """Change the limits while running; connections in use are not cut."""
        with self._room:
            self._most, self._most_per_host = most, most_per_host
            self._room.notify_all()

    def take(self, url: Url, stop: Stop, sender: Sender | None = None, *, fresh: bool = False) -> Connection:
        """A connection to the origin of `url`, waiting for a free place.

        Args:
            fresh: Never an idle one: the last idle one turned out to be dead.
        """
        self._enter(url.host, stop)
        try:
            kept = None if fresh else self._kept(url.origin, sender)
            return kept or Connection(self._dialer.dial(url, stop, sender), url)
        except BaseException:
            self._leave(url.host)
            raise

    def give_back(self, connection: Connection, *, keep: bool) -> None:
        """Return a connection; it is kept for the next request or closed."""
        if keep:
            connection.rested()
            with self._room:
                kept = self._idle[connection.origin]
                keep = len(kept) < _IDLE_PER_ORIGIN
                if keep:
                    kept.append(connection)
        if not keep:
            connection.close()
        self._leave(connection.host)
        for old in self._outlived():
            old.close()

    def shown(self, url: Url, stop: Stop) -> Certificate:
        """The certificate that an origin shows, on a connection of its own, see `Dialer.shown`."""
        return self._dialer.shown(url, stop)

    def check(self, url: Url, sender: Sender) -> None:
        """Refuse where we would not go ourselves, see `Dialer.check`."""
        self._dialer.check(url, sender)

    @property
    def idle(self) -> int:
        """Connections that wait for another request."""
        with self._room:
            return sum(map(len, self._idle.values()))

    def close(self) -> None:
        """Close every idle connection."""
        with self._room:
            idle = [connection for kept in self._idle.values() for connection in kept]
            self._idle.clear()
        for connection in idle:
            connection.close()

    def _enter(self, host: str, stop: Stop) -> None:
        with self._room:
            while self._total >= self._most or self._busy.get(host, 0) >= self._most_per_host:
                stop.check()
                self._room.wait(0.05)
            self._total += 1
            self._busy[host] += 1

    def _leave(self, host: str) -> None:
        with self._room:
            self._total -= 1
            self._busy[host] -= 1
            if not self._busy[host]:
                del self._busy[host]
            self._room.notify()

    def _outlived(self) -> list[Connection]:
        """Idle connections of every origin that nobody may use any more; a service meets many origins once."""
        now, old = time.monotonic(), []
        with self._room:
            if now - self._swept < IDLE_SECONDS:
                return []
            self._swept = now
            for origin, kept in list(self._idle.items()):
                old += [connection for connection in kept if now - connection.used_at > IDLE_SECONDS]
                kept[:] = [connection for connection in kept if now - connection.used_at <= IDLE_SECONDS]
                if not kept:
                    del self._idle[origin]
        return old

    def _kept(self, origin: str, sender: Sender | None) -> Connection | None:
        while True:
            with self._room:
                kept = self._idle.get(origin)
                if not kept:
                    return None
                connection = kept.pop()
            forbidden = not self._dialer.permits(connection.line, origin, sender)
            if forbidden or time.monotonic() - connection.used_at > IDLE_SECONDS or connection.surplus():
                connection.close()
                continue
            return connection
