"""The power is cut while tasks are added and ended: what was told is there, and the database is whole."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from modelyard.events.log import EventLog
from modelyard.store.database import Database
from modelyard.tasks.queue import Queue
from modelyard.tasks.states import State
from tasks.disks import NEEDS_ROOT, NEEDS_XFS_IO, TornDisk

pytestmark = [pytest.mark.root, pytest.mark.slow, NEEDS_ROOT, NEEDS_XFS_IO]


@pytest.mark.parametrize("round_", range(10))
def test_what_was_told_survives_a_power_cut(tmp_path: Path, round_: int) -> None:
    disk = TornDisk(tmp_path)
    with disk.mounted() as place:
        told = _until_the_power_is_cut(disk, place / "yard", random.Random(round_))
    added = {int(number) for word, *numbers in told if word == "added" for number in numbers}
    done = {int(number) for word, *numbers in told if word == "done" for number in numbers}
    assert added
    with disk.mounted() as place:
        _whole(place / "yard" / "modelyard.db")
        with contextlib.closing(Database(place / "yard")) as database:
            queue = Queue(database, EventLog())
            queue.recover()
            assert all(queue.get(number) for number in added)
            assert {number for number in added if queue.get(number).state is State.DONE} >= done
            assert sum(queue.counts().values()) % 2 == 0, "two tasks are added in one step: both are there, or none"
        _whole(place / "yard" / "modelyard.db")


def _until_the_power_is_cut(disk: TornDisk, folder: Path, chance: random.Random) -> list[list[str]]:
    """Let the child work, cut the power at some moment; gives what it had told by then.

    What it tells afterwards does not count: a machine without power says nothing, and a kernel that merely
    plays dead may still call a write synced that was under way.
    """
    program = Path(__file__).with_name("crashing.py")
    process = subprocess.Popen([sys.executable, str(program), str(folder)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    told = process.stdout.readline()
    os.set_blocking(process.stdout.fileno(), False)
    end = time.monotonic() + chance.random() * 0.4
    while time.monotonic() < end:
        told += process.stdout.read() or b""
    disk.cut()
    process.send_signal(signal.SIGKILL)
    process.stdout.close()
    process.wait()
    return [line.split() for line in told.decode().splitlines(keepends=True) if line.endswith("\n")]


def _whole(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
