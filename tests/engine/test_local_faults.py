"""What may happen here while bytes come: the disk fills up, the part vanishes, the clock is set, memory ends."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.engine.lane import Lane
from modelyard.engine.progress import Snapshot
from modelyard.engine.run import Run
from modelyard.jobs.wish import Outcome, Wish
from modelyard.net.stop import Clock
from modelyard.testing import PracticeHub
from running import modelyard, start

SIZE = 12 * 2**20
SPEED = 8_000_000
YEAR = 365 * 86400.0


def content() -> bytes:
    return random.Random(5).randbytes(SIZE)


def part_in(folder: Path) -> Path | None:
    return next(iter(folder.glob(".*.part")), None)


def while_it_runs(
    app: App, url: str, folder: Path, done: int, do: Callable[[], None]
) -> tuple[Outcome, list[Snapshot]]:
    """Fetch, and do something once when so many bytes are there; gives the outcome and every snapshot."""
    told: list[Snapshot] = []
    waiting = [do]

    def tick() -> None:
        told.extend(download.snapshots())
        if waiting and told and told[-1].done >= done:
            waiting.pop()()

    download = app.download(Wish([url], to=f"{folder}/"))
    download.run(download.plan(), tick)
    assert not waiting, "it ended too early"
    (outcome,) = download.outcomes
    return outcome, told


@pytest.mark.parametrize("by", ["nothing", "another file"])
def test_a_part_that_somebody_took_away_is_begun_anew(hub: PracticeHub, tmp_path: Path, by: str) -> None:
    """Row 56."""
    right, folder, theirs = content(), tmp_path / "out", tmp_path / "theirs"
    url = hub.add_file("m.bin", right)
    hub.faults.speed = SPEED
    theirs.write_bytes(b"somebody's own file")

    def take() -> None:
        part = part_in(folder)
        assert part
        part.unlink() if by == "nothing" else theirs.rename(part)
        hub.faults.speed = None

    with App(os.environ, flags={"connections.per-file": "1"}) as app:
        outcome, _ = while_it_runs(app, url, folder, 2 * 2**20, take)
    assert outcome.error is None and (folder / "m.bin").read_bytes() == right
    assert [path.name for path in folder.iterdir()] == ["m.bin"]


class Jumping(Clock):
    """A wall clock that is set while bytes come; what measures spans is not."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def wall(self) -> float:
        return super().wall() + self.ahead


@pytest.mark.parametrize("years", [3, -1])
def test_a_clock_that_is_set_meanwhile_delays_and_ends_nothing(hub: PracticeHub, tmp_path: Path, years: int) -> None:
    """Row 62."""
    right, clock = content(), Jumping()
    url = hub.add_file("m.bin", right)
    hub.faults.speed = SPEED
    hub.faults.use("cut_once", path="*m.bin", at=SIZE // 2)

    def jump() -> None:
        clock.ahead = years * YEAR
        hub.faults.speed = None

    with App(os.environ, clock=clock, flags={"retry.first": "0.01", "limit.total": "30MB/s"}) as app:
        outcome, told = while_it_runs(app, url, tmp_path / "out", 2 * 2**20, jump)
    assert outcome.error is None and (tmp_path / "out" / "m.bin").read_bytes() == right
    assert outcome.received < 1.1 * SIZE  # the break was continued, not begun anew
    assert all(one.speed >= 0 and (one.eta is None or 0 <= one.eta < 60) for one in told)
    assert [one.done for one in told] == sorted(one.done for one in told)


def test_without_memory_it_says_so_and_goes_on_when_there_is_some(hub: PracticeHub, tmp_path: Path) -> None:
    """Row 68: what a run could not finish is the next one's beginning, whatever it lacked and wherever it stopped."""
    right, target = content(), tmp_path / "out" / "m.bin"
    url = hub.add_file("m.bin", right)
    get = ("get", url, "--to", str(target), "--sha256", hashlib.sha256(right).hexdigest(), "--json")
    for megabytes in (80, 110, 140):
        limited = f"import resource as r, runpy; r.setrlimit(r.RLIMIT_AS, ({megabytes * 10**6},) * 2)\n"
        limited += "runpy.run_module('modelyard', run_name='__main__', alter_sys=True)"
        ran = subprocess.run([sys.executable, "-c", limited, *get], capture_output=True, text=True, timeout=60)
        if ran.returncode == 0:
            break
        assert (ran.returncode, '"out-of-memory"' in ran.stdout) == (7, True), ran.stdout + ran.stderr
        assert not target.exists()
    done = modelyard(*get)
    assert done.code == 0 and target.read_bytes() == right
    assert hub.log.bytes_sent() <= 2 * SIZE  # what lay in the socket's buffers when a run ended is sent again


def test_a_connection_that_gets_no_thread_leaves_its_bytes_to_others(
    hub: PracticeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, runs, add, start = hub.add_file("m.bin", content()), [], Run.add, threading.Thread.start

    def start_no_lane(thread: threading.Thread) -> None:
        if thread.name == "lane":
            raise RuntimeError("can't start new thread")
        start(thread)

    def noted(run: Run, lane: Lane) -> None:
        runs.append(run)
        add(run, lane)

    monkeypatch.setattr(threading.Thread, "start", start_no_lane)
    monkeypatch.setattr(Run, "add", noted)
    with App(os.environ) as app:
        download = app.download(Wish([url], to=f"{tmp_path}/"))
        (outcome,) = download.run(download.plan())
    assert outcome.error is not None and outcome.error.code == "out-of-memory"
    assert [run.grid.unclaimed for run in runs] == [SIZE]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.getuid() != 0:
        pytest.skip("needs root to mount a small disk")
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("this sandbox cannot mount")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.root
def test_a_disk_that_fills_up_meanwhile_keeps_the_part_and_asks_nobody(hub: PracticeHub, small_disk: Path) -> None:
    """Row 50."""
    right, target = content(), small_disk / "m.bin"
    url = hub.add_file("m.bin", right)
    hub.faults.speed = SPEED
    get = ("get", url, "--to", str(target), "--json")
    process = start(*get, env={"MODELYARD_CONNECTIONS_PER_FILE": "1"})
    while hub.log.bytes_sent() < 4 * 2**20 and process.poll() is None:
        threading.Event().wait(0.01)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(2**20))
        except OSError:
            full = hub.clock.now()
    out, _ = process.communicate(timeout=20)
    assert hub.clock.now() - full < 2
    assert process.returncode == 7 and '"disk-full"' in out
    part = part_in(small_disk)
    assert part and part.stat().st_size >= 3 * 2**20 and not target.exists()
    assert len(hub.log.find("/files/m.bin")) == 1
    filler.unlink()
    hub.faults.speed = None
    assert modelyard(*get).code == 0
    assert target.read_bytes() == right and hub.log.bytes_sent() <= 1.25 * SIZE
    assert [path.name for path in small_disk.iterdir()] == ["m.bin"]
