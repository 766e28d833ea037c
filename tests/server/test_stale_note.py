"""A note that a killed service left: whoever listens at its address now is no service of ours."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.errors import NoService
from modelyard.keys.private_file import write_private
from modelyard.server.client import Client, running
from modelyard.server.folder import Note, held, leave_note
from modelyard.store.folder_lock import held_by

TOKEN = "the-token-of-the-owner"


class Foreign:
    """Answers every request like a healthy service, and keeps what it was told."""

    def __init__(self) -> None:
        self.heard = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                made, _ = self._socket.accept()
                with made:
                    self.heard += made.recv(65536)
                    made.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[Foreign]:
    """Somebody at the address of a note in `tmp_path`, where a token is kept."""
    foreign = Foreign()
    write_private(tmp_path / "service.token", TOKEN.encode())
    leave_note(tmp_path, Note(os.getpid() + 1, foreign.url, "", "1"))
    yield foreign
    foreign.close()


def test_a_note_of_a_folder_that_nobody_holds_is_stale(tmp_path: Path, foreign: Foreign) -> None:
    with held(tmp_path):
        pass
    assert running(tmp_path) is None
    assert foreign.heard == b""


def test_a_note_of_a_folder_that_another_process_holds_is_stale(tmp_path: Path, foreign: Foreign) -> None:
    with held(tmp_path):
        assert held_by(tmp_path) == os.getpid()
        assert running(tmp_path) is None
    assert foreign.heard == b""


def test_health_is_asked_without_the_token(tmp_path: Path, foreign: Foreign) -> None:
    leave_note(tmp_path, Note(os.getpid(), foreign.url, "", "1"))
    with held(tmp_path):
        assert running(tmp_path) is not None
    assert b"/healthz" in foreign.heard and TOKEN.encode() not in foreign.heard


def test_no_client_sends_the_token_to_whoever_came_after_the_service(tmp_path: Path, foreign: Foreign) -> None:
    leave_note(tmp_path, Note(os.getpid(), foreign.url, "", "1"))
    client = Client(tmp_path)
    with held(tmp_path):
        client.ask("GET", "/api/v1/session")
    assert TOKEN.encode() in foreign.heard
    foreign.heard = b""
    with pytest.raises(NoService):
        client.ask("GET", "/api/v1/session")
    with pytest.raises(NoService):
        Client(tmp_path).ask("GET", "/api/v1/session")
    assert foreign.heard == b""


def test_looking_who_holds_a_folder_makes_no_file(tmp_path: Path) -> None:
    assert held_by(tmp_path) is None
    assert os.listdir(tmp_path) == []
