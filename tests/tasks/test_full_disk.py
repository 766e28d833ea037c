"""A full disk under the database: what happens is still written down, nothing is lost, and it goes on by itself."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelyard.testing import PracticeHub
from server.serving import API, Served, served
from tasks.disks import NEEDS_ROOT, fill, small_disk

SIZE = 3 * 2**20

pytestmark = [pytest.mark.root, pytest.mark.slow, NEEDS_ROOT]


def until(what: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Ask until the answer is one."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, what
        time.sleep(0.05)
    return found


class Yard:
    """A service on a small disk."""

    def __init__(self, service: Served, hub: PracticeHub, target: Path) -> None:
        self.service, self.hub, self.target = service, hub, target
        self.told: list[int] = []

    def add(self, name: str, limit: str = "") -> str:
        """Queue a download; gives the code of the refusal, if it was one."""
        url = self.hub.add_file(name, os.urandom(SIZE))
        item = {"address": url, "to": f"{self.target}/", "limit": limit}
        got = self.service.ask("POST", f"{API}/tasks", {"items": [item]})
        if got.status == 201:
            self.told += got.json["ids"]
            return ""
        return got.code

    def resume(self) -> None:
        """Do not wait until the minute is over after which room is looked for again."""
        waiting = [number for number, state in self.states().items() if state == "waiting"]
        assert self.service.ask("POST", f"{API}/tasks/actions", {"do": "resume", "ids": waiting}).status == 200

    def states(self) -> dict[int, str]:
        """Of every task in the list."""
        return {one["id"]: one["state"] for one in self.service.ask("GET", f"{API}/tasks?limit=1000").json["tasks"]}

    def all_are(self, state: str) -> Callable[[], bool]:
        """Whether every task that was told has this state."""
        return lambda: [self.states()[number] for number in self.told] == [state] * len(self.told)


def test_a_full_disk_under_the_database_loses_nothing(tmp_path: Path, hub: PracticeHub) -> None:
    with small_disk(tmp_path / "yard", "64m") as folder:
        with served(folder, env=hub.env()) as service:
            yard = Yard(service, hub, tmp_path / "models")
            assert (folder / "reserve.bin").stat().st_size == 8 * 2**20
            for number in range(3):
                assert yard.add(f"early{number}.bin", "2MB/s") == ""
            until(lambda: set(yard.states().values()) == {"running"})
            fill(folder)
            until(lambda: "running" not in yard.states().values())
            assert set(yard.states().values()) <= {"done", "waiting"}, "what happened is in the room kept aside"

            for number in range(3):
                assert yard.add(f"late{number}.bin", "500kB/s") == ""
            until(lambda: {yard.states()[number] for number in yard.told[3:]} == {"running"})
            codes = _until_nothing_fits(yard, folder)
            assert codes <= {"", "disk-full"} and "disk-full" in codes
            assert service.ask("GET", "/healthz").status == 200
            assert set(yard.told) <= yard.states().keys(), "reading goes on"
            until(lambda: len(list(yard.target.glob("late*.bin"))) == 3)  # and that cannot be written down
            assert _refusal(service, yard.told[-1]) == "disk-full"

            for ballast in folder.glob("ballast*"):
                ballast.unlink()
            until(lambda: "running" not in yard.states().values())
            yard.resume()
            until(yard.all_are("done"))
            assert yard.add("after.bin") == ""
            until(yard.all_are("done"))
            assert "Traceback" not in "".join(service.lines)
            assert service.stop() == 0
        with contextlib.closing(sqlite3.connect(folder / "modelyard.db")) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert {number for (number,) in db.execute("SELECT id FROM tasks")} == set(yard.told)
        with served(folder, env=hub.env()):
            assert (folder / "reserve.bin").stat().st_size == 8 * 2**20
    assert len(list((tmp_path / "models").iterdir())) == len(yard.told)


def _until_nothing_fits(yard: Yard, folder: Path) -> set[str]:
    """Take every byte that the service still finds, the reserve too."""
    codes = set()
    for number in range(40):
        fill(folder, f"ballast{number}")
        codes.add(yard.add(f"full{number}.bin"))
        if "disk-full" in codes and not (folder / "reserve.bin").exists():
            break
    fill(folder, "ballast-last")
    return codes


def _refusal(service: Served, number: int) -> str:
    got = service.ask("PATCH", f"{API}/tasks/{number}", {"favourite": True})
    for _ in range(200):
        if got.status != 200:
            return got.code
        got = service.ask("PATCH", f"{API}/tasks/{number}", {"favourite": True})
    return ""
