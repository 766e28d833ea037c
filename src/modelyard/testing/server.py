"""A listener: reads requests strictly, writes answers exactly as told, also wrong ones."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from modelyard.testing.clock import Clock
from modelyard.testing.log import Log
from modelyard.testing.wire import Answer, Origin, Request
from modelyard.testing.writing import Line, Writer


class Stream(Protocol):
    """The reading side of a connection."""

    def readline(self, size: int, /) -> bytes:
        """A line, or as much of it."""

    def read(self, size: int, /) -> bytes:
        """So many bytes."""


_MOST_BODY = 64 << 20
_GONE = (OSError, ssl.SSLError, ValueError)


@dataclass
class Pace:
    """How slow the hub is on purpose.

    Attributes:
        speed: Body bytes per second of each connection that sends a file; None is full speed.
        latency: Seconds before each answer.
    """

    speed: int | None = None
    latency: float = 0.0
    released: threading.Event = field(default_factory=threading.Event)


class Listener:
    """One origin: a port of 127.0.0.x, a thread for each connection."""

    def __init__(
        self,
        origin: Origin,
        handle: Callable[[Request], Answer],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        log: Log,
        clock: Clock,
        pace: Pace,
    ) -> None:
        self.origin, self._handle, self._tls = origin, handle, tls
        self._log, self._clock, self._pace = log, clock, pace
        self._closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._socket = socket.create_server((host, port), backlog=256)
        self.host, self.port = self._socket.getsockname()[:2]
        self.url = f"{'https' if tls else 'http'}://{self.host}:{self.port}"
        self._accepting = threading.Thread(target=self._accept, name=f"practice-{origin}", daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Stop listening and end every connection, stalled ones too."""
        self._closing.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._accepting.join(5)
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(5)

    def _accept(self) -> None:
        number = 0
        while not self._closing.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            number += 1
            thread = threading.Thread(target=self._serve, args=(connection, number), daemon=True)
            self._threads = [other for other in self._threads if other.is_alive()] + [thread]
            thread.start()

    def _serve(self, plain: socket.socket, number: int) -> None:
        connection = plain
        self._open.add(plain)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = self._tls.wrap_socket(plain, server_side=True) if self._tls else plain
            self._open.add(connection)
            with connection.makefile("rb", buffering=1 << 16) as stream:
                while self._exchange(connection, stream, number):
                    pass
        except _GONE:
            pass  # the client left, or spoke something that is no HTTP
        finally:
            self._open -= {plain, connection}
            _hang_up(connection)

    def _exchange(self, connection: socket.socket, stream: Stream, number: int) -> bool:
        """Answer one request; False when the connection ends."""
        request = read_request(stream, connection, self.origin, self.url)
        if request is None or self._closing.is_set():
            return False
        self._closing.wait(self._pace.latency)
        record = self._log.open(request, number, self._clock.now())
        answer = self._handle(request)
        record.status = answer.status
        line = Line(connection, self._closing, self._pace.released)
        return Writer(line, request, answer, self._speed(answer), self._clock).write(record)

    def _speed(self, answer: Answer) -> int | None:
        return answer.wire.rate or (self._pace.speed if answer.file else None)


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def read_request(stream: Stream, connection: socket.socket, origin: Origin, base: str = "") -> Request | None:
    """Read one request with its body; None at the end of the connection."""
    line = stream.readline(1 << 16).decode("latin-1").rstrip("\r\n")
    method, _, rest = line.partition(" ")
    target, _, version = rest.rpartition(" ")
    if not version.startswith("HTTP/1."):
        return None
    headers = _read_headers(stream)
    if headers.get("expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    scheme = base.partition("://")[0]
    if version == "HTTP/1.0":
        headers.setdefault("connection", "close")
    if "://" in target.partition("?")[0]:
        target = "/" + target.split("://", 1)[1].partition("/")[2]
    body = _read_body(stream, headers)
    return Request(method, target, headers, body, origin, f"{scheme}://{headers.get('host', base.partition('://')[2])}")


def _read_headers(stream: Stream) -> dict[str, str]:
    headers = {}
    while line := stream.readline(1 << 16).decode("latin-1").rstrip("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers


def _read_body(stream: Stream, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while size := int(stream.readline(64).split(b";")[0], 16):
            body += stream.read(size)
            stream.readline(8)
        _read_headers(stream)
        return body
    return stream.read(min(int(headers.get("content-length") or 0), _MOST_BODY))
