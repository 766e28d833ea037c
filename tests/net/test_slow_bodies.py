"""A body that drips is as good as silent, whoever reads it; a slow reader is no fault of the server's."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.errors import Stalled
from modelyard.jobs.wish import Outcome, Wish
from modelyard.net.dial import Line
from modelyard.net.url import parse
from modelyard.net.wire import Body, Connection
from modelyard.testing import PracticeHub

SILENCE = 0.2
SIZE = 12 * 2**20


@pytest.fixture
def ends() -> Iterator[tuple[Connection, socket.socket]]:
    near, far = socket.socketpair()
    near.settimeout(SILENCE)
    with near, far:
        line = Line.__new__(Line)
        line.sock, line.forwarding = near, None
        yield Connection(line, parse("http://slow.example/")), far


def begun(ends: tuple[Connection, socket.socket], length: int) -> Connection:
    connection, far = ends
    far.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length)
    connection.exchange("GET", parse("http://slow.example/"), [])
    return connection


def dripping(far: socket.socket, over: threading.Event) -> threading.Thread:
    """Ten bytes a second: never silent for long, never worth waiting for."""

    def drip() -> None:
        while not over.wait(SILENCE / 2):
            far.sendall(b".")

    thread = threading.Thread(target=drip)
    thread.start()
    return thread


def read_all(body: Body) -> int:
    """Bytes that were read until nothing more was to come."""
    read = 0
    while got := body.read_into(memoryview(bytearray(100))):
        read += got
    return read


def test_a_drip_counts_as_stalled_after_some_time_outs(ends: tuple[Connection, socket.socket]) -> None:
    body, over = begun(ends, 10**6).body, threading.Event()
    assert body is not None
    thread = dripping(ends[1], over)
    try:
        with pytest.raises(Stalled, match="bytes a second"):
            read_all(body)
    finally:
        over.set()
        thread.join()
    assert 10**6 - 100 < (body.left or 0) < 10**6


def test_who_reads_slowly_is_not_taken_for_a_slow_server(ends: tuple[Connection, socket.socket]) -> None:
    body, pause = begun(ends, 40).body, threading.Event()
    assert body is not None
    ends[1].sendall(bytes(40))
    for _ in range(20):
        pause.wait(SILENCE / 4)
        assert body.read_into(memoryview(bytearray(1))) == 1


def fetch(app: App, url: str, to: Path) -> Outcome:
    download = app.download(Wish([url], to=f"{to}/"))
    (outcome,) = download.run(download.plan())
    return outcome


@pytest.mark.parametrize("size", [SIZE, 2**20], ids=["large", "small"])
def test_a_server_that_drips_is_left_with_a_reason_and_the_file_goes_on_elsewhen(tmp_path: Path, size: int) -> None:
    """U40."""
    flags = {"timeout.silence": "0.2", "retry.first": "0.01", "retry.retries": "2"}
    with PracticeHub() as hub, App({**os.environ, **hub.env()}, flags=flags) as app:
        url = hub.add_file("m.safetensors", size)
        hub.faults.use("drip", "files/m.safetensors", last=size // 2, drip=10)
        refused = fetch(app, url, tmp_path / "out")
        assert isinstance(refused.error, Stalled), refused.error
        assert "bytes a second" in refused.error.message
        hub.faults.clear()
        hub.log.clear()
        done = fetch(app, url, tmp_path / "out")
        assert done.error is None and done.target.read_bytes() == hub.content("m.safetensors").bytes()
        assert hub.log.bytes_sent() < size or size < SIZE
