"""A command waits for an answer that takes its time, and not for a service that is stuck."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from modelyard.errors import NoService
from modelyard.server.client import Client
from modelyard.server.folder import Note, held, leave_note
from modelyard.testing.tls import make_authority, server_context
from modelyard.values.version import VERSION


class Slow(BaseHTTPRequestHandler):
    """Answers `/healthz` at once while it is well, everything else when it is let go."""

    well = threading.Event()
    go = threading.Event()
    asked = 0

    def do_GET(self) -> None:
        if self.path == "/healthz":
            type(self).asked += 1
            if self.asked == 2:
                self.go.set()
            if not self.well.is_set():
                return
        else:
            self.go.wait(20)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"true")

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture(params=["http", "https"])
def note(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Note]:
    Slow.well.set()
    Slow.go.clear()
    Slow.asked = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server, held(tmp_path):
        if request.param == "https":
            monkeypatch.setenv("SSL_CERT_FILE", str(make_authority(tmp_path)))
            server.socket = server_context(tmp_path).wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        note = Note(os.getpid(), f"{request.param}://localhost:{server.server_port}/", "", VERSION)
        leave_note(tmp_path, note)
        (tmp_path / "service.token").write_text("t")
        (tmp_path / "service.token").chmod(0o600)
        yield note
        Slow.go.set()
        server.shutdown()
        thread.join()


def test_an_answer_that_takes_longer_than_the_longest_silence_is_waited_for(tmp_path: Path, note: Note) -> None:
    assert Client(tmp_path, note, seconds=0.1).ask("GET", "/long") == (200, True)
    assert Slow.asked >= 2, "it was asked whether it is well, and was"


def test_a_service_that_is_stuck_is_not_waited_for(tmp_path: Path, note: Note) -> None:
    Slow.well.clear()
    Slow.asked = 5
    began = time.monotonic()
    with pytest.raises(NoService, match="timed out"):
        Client(tmp_path, note, seconds=0.1).ask("GET", "/long")
    assert time.monotonic() - began < 4


def test_who_asks_whether_it_runs_is_not_patient(tmp_path: Path, note: Note) -> None:
    with pytest.raises(NoService, match="timed out"):
        Client(tmp_path, note, seconds=0.1, patient=False).ask("GET", "/long")
    assert Slow.asked == 0
