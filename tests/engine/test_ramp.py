"""How many connections: more while they bring more, and none for a disk that is what takes the time."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.engine.pace import Pace
from modelyard.engine.part import PartFile
from modelyard.engine.ramp import Ramp, part_size
from modelyard.jobs.wish import Wish
from modelyard.net.url import parse
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


def test_connections_that_write_or_wait_for_buffers_get_no_company() -> None:
    ramp = Ramp()
    assert [ramp.next(20e6, busy=busy) for busy in (True, True, False, True)] == [1, 1, 4, 4]
    assert not ramp.settled
    assert ramp.next(401e6, busy=True) == 4
    assert ramp.settled


def test_work_that_is_not_done_yet_counts() -> None:
    times = iter([10.0, 13.0, 20.0])
    pace = Pace(0.0)
    with pace.working(lambda: next(times)):
        assert pace.busy(12.0) == 2.0
    assert pace.busy(19.0) == 3.0


def test_parts_are_two_seconds_long_and_leave_work_for_the_others() -> None:
    assert part_size(320e6, 16, 100 * 2**30) == 40_000_000
    assert part_size(320e6, 16, 480 * 2**20) == 10 * 2**20
    assert part_size(0, 1, 0) == 8 * 2**20


@pytest.mark.parametrize("visited", [False, True])
@pytest.mark.parametrize("slow", ["disk", "wire"])
def test_a_slow_wire_gets_more_connections_and_a_slow_disk_does_not(
    hub: PracticeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slow: str, visited: bool
) -> None:
    one_at_a_time, real = threading.Lock(), PartFile.write

    def write(self: PartFile, view: memoryview, offset: int) -> None:
        with one_at_a_time:  # as a disk that writes no faster, whoever asks it
            time.sleep(len(view) / 10e6)
        real(self, view, offset)

    url = hub.add_file("m.safetensors", 16 * 2**20, sparse=True)
    if slow == "disk":
        monkeypatch.setattr(PartFile, "write", write)
    else:
        hub.faults.speed = 8_000_000
    with App({"MODELYARD_HOME": str(tmp_path / "yard"), **hub.env()}) as app:
        if visited:
            app.proofs.learn(parse(url).origin, 8)
        download = app.download(Wish([url], to=f"{tmp_path}/models/"))
        seen = [0]
        (outcome,) = download.run(download.plan(), lambda: seen.extend(one.connections for one in download.snapshots()))
    assert outcome.error is None
    assert (max(seen) > 1) is (slow == "wire")
