"""The end does not wait for hooks that do not come back."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Iterator

import pytest

from modelyard.app import App
from modelyard.jobs.hooks.entries import Hook
from modelyard.server.service import Service
from modelyard.server.working import working

DONE = {"id": 1, "kind": "download", "title": "a.safetensors", "from": "running", "to": "done"}


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a hook waits for that never comes back; opened in the end."""
    gate = threading.Event()
    yield gate
    gate.set()


def test_a_plugin_that_does_not_come_back_is_left_behind_at_once(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: queue.Queue[object] = queue.Queue()

    def hang(event: object) -> None:
        called.put(event)
        gate.wait(60)

    monkeypatch.setattr("modelyard.jobs.hooks.telling._plugin", lambda _name: hang)
    with App(os.environ) as app:
        app.hooks.file.add(Hook(name="a", on=("task-done",), plugin="toy", timeout=50))
        app.hooks.start()
        app.events.publish("task.moved", DONE)
        called.get(timeout=20)
        began = time.monotonic()
        app.hooks.close(20)
        assert time.monotonic() - began < 1
        assert not app.hooks._thread.is_alive()


def test_a_service_whose_hook_never_ends_is_closed_within_three_seconds(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: queue.Queue[object] = queue.Queue()
    app = App(os.environ)
    with app, working(Service(app)):
        monkeypatch.setattr(app.hooks, "_do", lambda *_: (called.put(1), gate.wait(60), {})[-1])
        app.hooks.file.add(Hook(name="a", on=("task-done",), run=("true",)))
        app.events.publish("task.moved", DONE)
        called.get(timeout=20)
        began = time.monotonic()
    assert time.monotonic() - began < 3
