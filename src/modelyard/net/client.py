"""The HTTP client: one request, its redirects, keys bound to their origin, one answer.

Redirects are followed by this loop and no other: at most 10, never from https to http, never from a
public server into the local network. Before each hop the key store is asked anew for the origin of
that hop, so a key cannot travel along (rule: facts 6.7).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from modelyard.errors import Interrupted, NetworkError, TooManyRedirects
from modelyard.net.api import Follow
from modelyard.net.echoes import Sent, cleared, secrets_of, without
from modelyard.net.guard import Reach, Sender
from modelyard.net.head import Head
from modelyard.net.headers import Headers
from modelyard.net.pool import Pool
from modelyard.net.stop import Stop
from modelyard.net.url import Url, join, parse
from modelyard.net.wire import Body, Connection

MOST_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_DRAINED = 65536

KeysFor = Callable[[str], dict[str, str]]
"""From an origin to the headers that carry its key; empty when there is none."""


class Request(msgspec.Struct, frozen=True):
    """One request.

    Attributes:
        headers: Sent on every hop (Range, If-Range, Accept).
        bound: Sent only to the origin of `url`.
        follow: How far redirects are followed.
        told_by_public: A public server named the URL, so it counts as a redirect from there.
    """

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    bound: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    follow: Follow = Follow.ALL
    told_by_public: bool = False


class Reply:
    """An answer whose body is still on the wire. Close it when done; the connection is then kept or dropped.

    A refusal that repeats the key it was asked with does so masked: it ends in errors, and these in the history.
    """

    def __init__(self, pool: Pool, connection: Connection, head: Head, url: Url, hops: int, sent: Sent = ()) -> None:
        assert connection.body is not None
        self._pool = pool
        self._open = True
        self._masked = sent if head.status >= 400 else ()
        self.connection = connection
        self.head = head
        self.status = head.status
        self.headers: Headers = without(head.headers, self._masked)
        self.url = url
        self.hops = hops
        self.body: Body = connection.body

    def read_all(self, limit: int) -> bytes:
        """The rest of the body.

        Raises:
            NetworkError: It is longer than `limit` bytes, or the connection failed.
        """
        parts = bytearray()
        buffer = memoryview(bytearray(min(limit + 1, 65536)))
        while count := self.body.read_into(buffer):
            parts += buffer[:count]
            if len(parts) > limit:
                raise NetworkError(f"{self.connection.host} sent more than {limit} bytes where a short answer was due.")
        return cleared(bytes(parts), self._masked)

    def read_start(self, limit: int) -> bytes:
        """At most `limit` bytes of the body; failures end it early. For error messages."""
        parts = bytearray()
        buffer = memoryview(bytearray(limit))
        try:
            while len(parts) < limit and (count := self.body.read_into(buffer[: limit - len(parts)])):
                parts += buffer[:count]
        except NetworkError:
            pass  # what came so far has to do
        return cleared(bytes(parts), self._masked)

    def close(self) -> None:
        """Give the connection back; it is kept when the body was read to its end."""
        if self._open:
            self._open = False
            self._pool.give_back(self.connection, keep=self.connection.reusable(self.head.keep_alive))


class Client:
    """Sends requests.

    Args:
        keys_for: Gives the key headers of an origin, asked at each hop.
        user_agent: ``modelyard/VERSION``, never a browser's: hubs answer browsers with log-in pages.
    """

    def __init__(self, pool: Pool, keys_for: KeysFor, user_agent: str) -> None:
        self.pool = pool
        self._keys_for = keys_for
        self._user_agent = user_agent

    def open(self, request: Request, stop: Stop) -> Reply:
        """Send a request and follow its redirects; the caller closes the reply.

        Raises:
            NetworkError: The connection failed or the answer is not proper HTTP.
            TooManyRedirects: A loop, or a hop that is not allowed.
            Stopped: `stop` was set.
        """
        url = first = parse(request.url)
        sender = Sender(Reach.PUBLIC) if request.told_by_public else None
        for hops in range(MOST_REDIRECTS + 1):
            stop.check()
            reply = self._send(request, url, first.origin, sender, stop, hops)
            target = self._next(request, reply, url, first)
            if target is None:
                return reply
            sender = Sender(reply.connection.line.reach, url.origin)
            reply.read_start(_DRAINED)
            reply.close()
            url = target
        raise TooManyRedirects(f"{first.host} redirects more than {MOST_REDIRECTS} times.")

    def _next(self, request: Request, reply: Reply, url: Url, first: Url) -> Url | None:
        location = reply.headers.get("location")
        if reply.status not in _REDIRECTS or not location or request.follow is Follow.NONE:
            return None
        try:
            target = join(url, location)
        except BaseException:
            reply.close()
            raise
        if request.follow is Follow.SAME_ORIGIN and target.origin != first.origin:
            return None
        if url.scheme == "https" and target.scheme == "http":
            reply.close()
            raise TooManyRedirects(f"{url.host} redirects from https to plain http; that is not followed.")
        return target

    def _send(self, request: Request, url: Url, bound_to: str, sender: Sender | None, stop: Stop, hops: int) -> Reply:
        headers = [
            ("User-Agent", self._user_agent),
            ("Accept", "*/*"),
            ("Accept-Encoding", "identity"),
            *request.headers,
        ]
        if request.body:
            headers += [("Content-Type", "application/json"), ("Content-Length", str(len(request.body)))]
        if url.origin == bound_to:
            headers += request.bound
        keys = self._keys_for(url.origin)
        headers += keys.items()
        fresh = False
        while True:
            connection = self.pool.take(url, stop, sender, fresh=fresh)
            used = connection.used
            try:
                with stop.waking(connection.shut):
                    head = connection.exchange(request.method, url, headers, request.body)
                return Reply(self.pool, connection, head, url, hops, secrets_of(keys))
            except Interrupted:
                self.pool.give_back(connection, keep=False)
                stop.check()
                # A kept connection may have died while it rested; a fresh one gets its own chance.
                if not used or request.method == "POST":
                    raise
                fresh = True
            except BaseException:
                self.pool.give_back(connection, keep=False)
                stop.check()
                raise
