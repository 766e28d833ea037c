"""One HTTP/1.1 connection: send a request, read a head, read a body into the caller's buffer.

This is where bytes leave the socket: `Body.read_into`. Nothing is copied but what arrived together
with the head.
"""

from __future__ import annotations

import re
import selectors
import socket
import ssl
import time

from modelyard.errors import BadAnswer, Interrupted, NetworkError, Stalled
from modelyard.net.dial import Line
from modelyard.net.gate import socket_errors
from modelyard.net.head import LONGEST_HEAD, Head, parse_head
from modelyard.net.tunnels import password_wanted
from modelyard.net.url import Url

_CHUNK_LINE = 4096
_MOST_INTERIM = 10
_HEAD_SECONDS = 60.0
_LEAST = 100
"""Bytes per second below which a body counts as silent: even a modem brought thirty times more."""

_WINDOW = 3
"""Silence time-outs that are waited for a body before its speed is judged."""


_NO_MORE = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

_Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)
"""One that takes any descriptor and needs none itself; Windows has only the other."""


def has_news(sock: socket.socket) -> bool:
    """Whether bytes, a caller or the far end's farewell wait at a socket."""
    with _Selector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(0))


class Connection:
    """A connection to one origin, used by one thread at a time."""

    __slots__ = ("_broken", "_spare", "body", "distrusted", "host", "line", "origin", "sock", "used", "used_at")

    def __init__(self, line: Line, url: Url) -> None:
        self.line = line
        self.sock = line.sock
        self.host = url.host
        self.origin = url.origin
        self._spare = b""
        self._broken: OSError | None = None
        self.body: Body | None = None
        self.used = False
        self.distrusted = False
        self.used_at = 0.0

    def exchange(self, method: str, url: Url, headers: list[tuple[str, str]], body: bytes = b"") -> Head:
        """Send one request and read the head of its answer.

        Raises:
            NetworkError: The connection failed, or the answer is not proper HTTP.
        """
        target, extra = url.target, ""
        if self.line.forwarding:
            target = url.text
            secret = self.line.forwarding.authorization
            extra = f"Proxy-Authorization: {secret}\r\n" if secret else ""
        fields = "".join(f"{name}: {value}\r\n" for name, value in headers)
        request = f"{method} {target} HTTP/1.1\r\nHost: {url.host_field}\r\n{extra}{fields}\r\n".encode("latin-1")
        with socket_errors(self.host):
            self.sock.sendall(request + body)
            head = self._read_head()
            interim = 0
            while head.status < 200:  # 103 Early Hints and the like
                interim += 1
                if interim > _MOST_INTERIM:
                    raise BadAnswer(f"{self.host} announces an answer for ever and never gives it.")
                head = self._read_head()
        if head.status == 407 and self.line.forwarding:
            raise password_wanted(self.line.forwarding)
        self.used = True
        length = 0 if method == "HEAD" else head.length
        self.body = Body(self, length, chunked=head.chunked and method != "HEAD")
        return head

    def _read_head(self) -> Head:
        block, begun = self._spare, time.monotonic()
        while (end := block.find(b"\r\n\r\n")) < 0:
            if len(block) > LONGEST_HEAD:
                raise BadAnswer(f"{self.host} sent more than {LONGEST_HEAD} bytes of headers.")
            got = self.sock.recv(32768)
            if not got:
                raise Interrupted(f"{self.host} closed the connection before it answered.")
            if time.monotonic() - begun > _HEAD_SECONDS:
                raise Interrupted(f"{self.host} takes for ever to send its headers.")
            block += got
        if end > LONGEST_HEAD:
            raise BadAnswer(f"{self.host} sent more than {LONGEST_HEAD} bytes of headers.")
        self._spare = block[end + 4 :]
        return parse_head(block[:end])

    def take(self, view: memoryview) -> int:
        """Raw bytes into `view`: first what came with the head, then from the socket. 0 means closed."""
        if self._spare:
            count = min(len(view), len(self._spare))
            view[:count] = self._spare[:count]
            self._spare = self._spare[count:]
            return count
        return self._gather(view)

    def _gather(self, view: memoryview) -> int:
        """Wait for bytes, and take what else is there with them.

        TLS gives 16 KiB at a time, and each way up to who writes and hashes it costs more than taking it. An error
        after some bytes is told by the next call: these bytes did arrive.
        """
        if self._broken is not None:
            broken, self._broken = self._broken, None
            raise broken
        sock, filled = self.sock, self.sock.recv_into(view)
        if not 0 < filled < len(view):
            return filled
        patience = sock.gettimeout()
        try:
            sock.settimeout(0)
            while filled < len(view) and (count := sock.recv_into(view[filled:])):
                filled += count
        except _NO_MORE:
            pass
        except OSError as error:
            self._broken = error
        finally:
            sock.settimeout(patience)
        return filled

    def take_line(self) -> bytes:
        """One line of chunk framing, without its end."""
        while b"\r\n" not in self._spare:
            if len(self._spare) > _CHUNK_LINE:
                raise BadAnswer(f"{self.host} sent a malformed chunk.")
            got = self.sock.recv(16384)
            if not got:
                raise Interrupted(f"{self.host} closed the connection in the middle of the body.")
            self._spare += got
        line, _, self._spare = self._spare.partition(b"\r\n")
        return line

    def surplus(self) -> bool:
        """Whether bytes arrived that nobody asked for, or the far end closed."""
        if self._spare:
            return True
        try:
            if isinstance(self.sock, ssl.SSLSocket) and self.sock.pending():
                return True
            return has_news(self.sock)
        except (OSError, ValueError):
            return True

    def reusable(self, keep_alive: bool) -> bool:
        """Whether another request may follow on this connection."""
        whole = self.body is not None and self.body.ended
        return keep_alive and whole and not self._spare and not self.distrusted

    def slow_down(self, rate: int | None) -> None:
        """Under a speed limit (bytes per second) let the kernel hold an eighth of a second, not megabytes."""
        if rate is not None:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, max(65536, rate // 8))

    def rested(self) -> None:
        """Remember when the connection went idle."""
        self.used_at = time.monotonic()

    def shut(self) -> None:
        """Wake a thread that reads from this connection; safe from any thread."""
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def close(self) -> None:
        """Close for good."""
        self.sock.close()


class Body:
    """The body of one answer, framed by length, by chunks, or by the end of the connection."""

    __slots__ = ("_chunk_left", "_chunked", "_connection", "_got", "_waited", "_window", "ended", "left")

    def __init__(self, connection: Connection, length: int | None, *, chunked: bool) -> None:
        self._connection = connection
        self.left = length
        self._chunked = chunked
        self._chunk_left = 0
        self.ended = length == 0 and not chunked
        self._window = _WINDOW * (connection.sock.gettimeout() or float("inf"))
        self._waited, self._got = 0.0, 0

    @property
    def delimited(self) -> bool:
        """Whether its end can be told from a broken connection."""
        return self._chunked or self.left is not None

    def expect(self, length: int) -> None:
        """Another field tells the length of the body: where the two differ, nothing after it is believed."""
        if self.left is not None and self.left != length:
            self.left = min(self.left, length)
            self._connection.distrusted = True

    def read_into(self, view: memoryview) -> int:
        """Read at most ``len(view)`` bytes into `view`; 0 means the body has ended.

        Raises:
            Interrupted: The connection ended before the body did.
            Stalled: Nothing came for the silence time-out, or next to nothing for some of them.
        """
        if self.ended:
            return 0
        begun = time.monotonic()
        count = self._read_into(view)
        self._waited += time.monotonic() - begun
        self._got += count
        if self._waited >= self._window:
            self._judge_pace()
        return count

    def _judge_pace(self) -> None:
        """Only the time that we waited counts, so that a speed limit of ours is no fault of the server's."""
        pace, self._waited, self._got = self._got / self._waited, 0.0, 0
        if pace < _LEAST and not self.ended:
            raise Stalled(f"{self._connection.host} only sends {pace:.0f} bytes a second.")

    def _read_into(self, view: memoryview) -> int:
        with socket_errors(self._connection.host):
            if self._chunked:
                return self._read_chunked(view)
            if self.left is None:
                return self._read_until_close(view)
            count = self._connection.take(view[: self.left])
            if not count:
                raise self._cut(f"{self.left} bytes were still to come")
            self.left -= count
            self.ended = self.left == 0
            return count

    def _read_until_close(self, view: memoryview) -> int:
        count = self._connection.take(view)
        self.ended = count == 0
        return count

    def _read_chunked(self, view: memoryview) -> int:
        if not self._chunk_left and not self._next_chunk():
            return 0
        count = self._connection.take(view[: self._chunk_left])
        if not count:
            raise self._cut("more chunks were to come")
        self._chunk_left -= count
        if not self._chunk_left and self._connection.take_line():
            raise BadAnswer(f"{self._connection.host} sent a malformed chunk.")
        return count

    def _next_chunk(self) -> bool:
        text = self._connection.take_line().split(b";", 1)[0].strip()
        if not re.fullmatch(rb"[0-9a-fA-F]{1,15}", text):
            raise BadAnswer(f"{self._connection.host} sent a malformed chunk.")
        self._chunk_left = int(text, 16)
        if self._chunk_left:
            return True
        for _ in range(100):  # trailers, read and ignored
            if not self._connection.take_line():
                self.ended = True
                return False
        raise BadAnswer(f"{self._connection.host} sent endless trailers.")

    def _cut(self, what: str) -> NetworkError:
        return Interrupted(f"{self._connection.host} closed the connection early: {what}.")
