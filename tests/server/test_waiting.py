"""What is slow or large keeps nobody else waiting."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.testing import PracticeHub
from server.serving import API, Served, served


class Tarpit:
    """Takes connections and never answers."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.held: list[socket.socket] = []
        self.came = threading.Semaphore(0)
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.held.append(self._socket.accept()[0])
                self.came.release()

    def close(self) -> None:
        for held in [self._socket, *self.held]:
            with contextlib.suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
            held.close()


@pytest.fixture
def tarpit() -> Iterator[Tarpit]:
    """A hub that never answers."""
    tarpit = Tarpit()
    yield tarpit
    tarpit.close()


@pytest.fixture
def yard(tmp_path: Path, hub: PracticeHub, tarpit: Tarpit) -> Iterator[Served]:
    """A service whose hubs are the tarpit."""
    with served(tmp_path / "yard", env=dict.fromkeys(hub.env(), tarpit.url)) as yard:
        yield yard


def test_hubs_that_never_answer_keep_no_other_request_waiting(yard: Served, tarpit: Tarpit) -> None:
    for number in range(12):
        path = f"{API}/hubs/model?address=hf:me/model{number}"
        threading.Thread(target=_asked, args=(yard, path), daemon=True).start()
    assert tarpit.came.acquire(timeout=10) and tarpit.came.acquire(timeout=10)
    for path in ("/healthz", f"{API}/tasks", f"{API}/session"):
        began = time.monotonic()
        assert yard.ask("GET", path).status == 200
        assert time.monotonic() - began < 1, path


def test_millions_of_empty_items_are_refused_at_once(yard: Served) -> None:
    began = time.monotonic()
    body = b'{"items":[' + b",".join([b"{}"] * 5_000_000) + b"]}"
    assert yard.ask("POST", f"{API}/tasks", body).code == "body-too-large"
    assert time.monotonic() - began < 5
    body = b'{"items":[' + b",".join([b"{}"] * 200_000) + b"]}"
    assert yard.ask("POST", f"{API}/tasks", body).code == "bad-request"
    assert yard.ask("GET", f"{API}/tasks").json["tasks"] == []


def _asked(yard: Served, path: str) -> None:
    with contextlib.suppress(OSError):
        yard.ask("GET", path)
