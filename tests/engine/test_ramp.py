"""How many connections: more while they bring more, and none for a disk that is what takes the time."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.engine.part import PartFile
from modelyard.engine.ramp import Ramp, part_size
from modelyard.jobs.wish import Wish
from modelyard.testing import PracticeHub


def test_a_fast_line_stays_at_one_connection() -> None:
    ramp = Ramp()
    assert ramp.next(160e6) == 1
    assert ramp.settled


def test_connections_double_while_the_total_rises() -> None:
    ramp = Ramp()
    assert [ramp.next(rate) for rate in (20e6, 80e6, 160e6, 320e6)] == [4, 8, 16, 16]
    assert ramp.settled


def test_connections_stop_growing_when_they_bring_nothing() -> None:
    ramp = Ramp()
    assert [ramp.next(rate) for rate in (20e6, 21e6, 90e6)] == [4, 4, 4]


def test_a_speed_limit_needs_no_further_connections() -> None:
    assert Ramp().next(0.95e6, ceiling=1e6) == 1


def test_connections_that_wait_for_the_disk_or_the_hashes_get_no_more_beside_them() -> None:
    ramp = Ramp()
    assert [ramp.next(20e6, waiting=share) for share in (0.1, 0.4)] == [1, 1]
    assert not ramp.settled
    assert ramp.next(20e6, waiting=0.9) == 4


def test_parts_are_two_seconds_long_and_leave_work_for_the_others() -> None:
    assert part_size(320e6, 16, 100 * 2**30) == 40_000_000
    assert part_size(320e6, 16, 480 * 2**20) == 10 * 2**20
    assert part_size(0, 1, 0) == 8 * 2**20


@pytest.mark.parametrize("slow", ["disk", "wire"])
def test_a_slow_wire_gets_more_connections_and_a_slow_disk_does_not(
    hub: PracticeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slow: str
) -> None:
    size, speed, one_at_a_time = 48 * 2**20, 40_000_000, threading.Lock()
    real = PartFile.write

    def write(self: PartFile, view: memoryview, offset: int) -> None:
        with one_at_a_time:  # as a disk that writes no faster, whoever asks it
            time.sleep(len(view) / speed)
        real(self, view, offset)

    url = hub.add_file("m.safetensors", size, sparse=True)
    if slow == "disk":
        monkeypatch.setattr(PartFile, "write", write)
    else:
        hub.faults.speed = speed // 2
    with App({"MODELYARD_HOME": str(tmp_path / "yard"), **hub.env()}) as app:
        download = app.download(Wish([url], to=f"{tmp_path}/models/"))
        most = 0

        def tick() -> None:
            nonlocal most
            most = max(most, *(one.connections for one in download.snapshots()), 0)

        (outcome,) = download.run(download.plan(), tick)
    assert outcome.error is None
    assert (most > 1) is (slow == "wire")
