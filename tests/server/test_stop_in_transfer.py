"""A real service that is stopped while bytes come in."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from modelyard.testing import PracticeHub
from server.serving import API, Served, served

MIB = 2**20
SIZE = 12 * MIB  # more than what is fetched in one go, in memory
COUNT = 3


def tasks(yard: Served) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yard.ask("GET", f"{API}/tasks").json["tasks"]
    return found


def until(yard: Served, what: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """Ask until it holds for every task."""
    end = time.monotonic() + 30
    found = tasks(yard)
    while not all(what(task) for task in found):
        assert time.monotonic() < end, found
        yard.ask("GET", f"{API}/events?wait=0.3")
        found = tasks(yard)
    return found


def test_a_service_stopped_in_the_middle_of_transfers_goes_on_where_it_was(hub: PracticeHub, tmp_path: Path) -> None:
    data = {f"{number}.safetensors": os.urandom(SIZE) for number in range(COUNT)}
    urls = [hub.add_file(name, content) for name, content in data.items()]
    hub.faults.speed = 2 * MIB
    with served(tmp_path / "yard", env=hub.env()) as yard:
        yard.ask("PUT", f"{API}/settings/tasks.per-hub", {"value": str(COUNT)})
        yard.ask("POST", f"{API}/tasks", {"addresses": urls, "shared": {"to": f"{tmp_path}/"}})
        until(yard, lambda task: task["done"] >= SIZE // 2)
        assert {task["state"] for task in tasks(yard)} == {"running"}
        began = time.monotonic()
        assert yard.stop(signal.SIGTERM) == 0
        assert time.monotonic() - began < 3
    assert not any((tmp_path / name).exists() for name in data)
    hub.faults.speed = None
    with served(tmp_path / "yard", env=hub.env()) as yard:
        ended = until(yard, lambda task: task["state"] == "done")
        steps = [yard.ask("GET", f"{API}/tasks/{task['id']}/steps").json for task in ended]
    assert all((tmp_path / name).read_bytes() == content for name, content in data.items())
    assert all("restart" in str(one) for one in steps), "nobody had to say so"
    assert all(SIZE <= task["received"] < SIZE + 3 * MIB for task in ended), "what was here is not fetched again"
