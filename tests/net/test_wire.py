"""What one read takes: all that is there, and nothing that would have to be waited for."""

from __future__ import annotations

import contextlib
import fcntl
import select
import socket
import ssl
import sys
import termios
import threading
from collections.abc import Iterator

import pytest

from modelyard.errors import Interrupted, Stalled
from modelyard.net.dial import Line
from modelyard.net.url import parse
from modelyard.net.wire import Body, Connection
from net.tls_hub import Identity

RECORD = 16384
"""Bytes that TLS gives at a time, at most."""


def opened(near: socket.socket, far: socket.socket, length: int) -> Body:
    """A body of `length` bytes, none of which was sent yet."""
    line = Line.__new__(Line)
    line.sock, line.forwarding = near, None
    connection = Connection(line, parse("http://wire.example/"))
    far.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length)
    connection.exchange("GET", parse("http://wire.example/"), [])
    assert connection.body is not None
    return connection.body


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    near.settimeout(0.2)
    with near, far:
        yield near, far


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return Identity(tmp_path_factory.mktemp("tls") / "identity")


@contextlib.contextmanager
def secured(identity: Identity) -> Iterator[tuple[ssl.SSLSocket, ssl.SSLSocket]]:
    """Both ends of one TLS connection, with room for all that a test sends."""
    context = ssl.create_default_context(cafile=str(identity.ca_file))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        raw = socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
    raw.settimeout(10)
    far: list[ssl.SSLSocket] = []
    other = threading.Thread(target=lambda: far.append(identity.context.wrap_socket(accepted, server_side=True)))
    other.start()
    near = context.wrap_socket(raw, server_hostname="localhost")
    other.join()
    with near, far[0]:
        yield near, far[0]


def waiting(sock: socket.socket) -> int:
    """Bytes that the system holds for a socket."""
    told = bytearray(4)
    fcntl.ioctl(sock.fileno(), termios.FIONREAD, told)
    return int.from_bytes(told, sys.byteorder)


def test_one_read_takes_every_tls_record_that_is_there(identity: Identity) -> None:
    with secured(identity) as (near, far):
        body = opened(near, far, 8 * RECORD)
        far.sendall(bytes(4 * RECORD))
        while waiting(near) < 4 * RECORD:
            select.select([near], [], [], 5)
        assert body.read_into(memoryview(bytearray(8 * RECORD))) == 4 * RECORD
        assert near.gettimeout() == 10, "the next read waits again"


def test_a_read_waits_for_no_more_than_the_first_bytes(ends: tuple[socket.socket, socket.socket]) -> None:
    near, far = ends
    body = opened(near, far, 1000)
    far.sendall(b"x" * 10)
    assert body.read_into(memoryview(bytearray(1000))) == 10
    with pytest.raises(Stalled):
        body.read_into(memoryview(bytearray(1000)))


def test_bytes_that_came_before_a_break_are_given_before_it_is_told(ends: tuple[socket.socket, socket.socket]) -> None:
    near, far = ends
    body = opened(near, far, 1000)
    far.sendall(b"x" * 10)
    far.shutdown(socket.SHUT_WR)
    assert body.read_into(memoryview(bytearray(1000))) == 10
    with pytest.raises(Interrupted, match="990 bytes were still to come"):
        body.read_into(memoryview(bytearray(1000)))


class Breaking:
    """A socket whose second read fails, as one that was reset fails after its last bytes."""

    def __init__(self, real: socket.socket) -> None:
        self._real = real
        self._reads = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def recv_into(self, view: memoryview) -> int:
        self._reads += 1
        if self._reads > 1:
            raise ConnectionResetError
        return self._real.recv_into(view)


def test_a_reset_after_some_bytes_is_told_by_the_next_read(ends: tuple[socket.socket, socket.socket]) -> None:
    near, far = ends
    body = opened(near, far, 1000)
    body._connection.sock = Breaking(near)  # type: ignore[assignment]
    far.sendall(b"x" * 10)
    assert body.read_into(memoryview(bytearray(1000))) == 10
    with pytest.raises(Interrupted, match="broke the connection off"):
        body.read_into(memoryview(bytearray(1000)))
