"""The prover writes what its lanes leave to it, in time for whoever reads it back, and tells when the disk fails."""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.engine.blocks import BLOCK, BlockTable
from modelyard.engine.cores import Cores
from modelyard.engine.part import PartFile
from modelyard.engine.prover import Piece, Prover
from modelyard.errors import DiskFull
from modelyard.jobs.wish import Wish
from modelyard.testing import PracticeHub


@pytest.fixture
def part(tmp_path: Path) -> Iterator[PartFile]:
    opened = PartFile(tmp_path / ".m.bin.0123456789.part")
    yield opened
    opened.close()


def test_what_was_handed_over_is_in_the_part_once_it_settles(part: PartFile) -> None:
    data = os.urandom(3 * BLOCK + 7)
    noted: dict[int, int] = {}
    table = BlockTable(len(data))
    prover = Prover(part, table, ["sha256"], (), lambda index, _digest, length: noted.update({index: part.size()}))
    released = threading.Semaphore(0)
    for start in (2 * BLOCK, 0, BLOCK, 3 * BLOCK):  # out of order, too
        prover.put(Piece(start, memoryview(data)[start : start + BLOCK], released.release, written=False))
    prover.settle()
    assert part.read(0, len(data)) == data
    assert all(released.acquire(blocking=False) for _ in range(4))
    assert prover.finish()["sha256"] == hashlib.sha256(data).hexdigest()
    assert table.complete
    assert all(size >= (index + 1) * BLOCK or index == 3 for index, size in noted.items())  # noted after it is there
    prover.settle()  # harmless when it has ended


def test_a_disk_that_is_full_under_the_prover_is_told_as_such(
    hub: PracticeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = PartFile.write

    def full(self: PartFile, view: memoryview, offset: int) -> None:
        if threading.current_thread().name == "prover" and offset >= 4 * BLOCK:
            raise DiskFull(f"No room left ({errno.ENOSPC}).")
        real(self, view, offset)

    monkeypatch.setattr(PartFile, "write", full)
    monkeypatch.setattr(Prover, "idle", True)
    url = hub.add_file("m.bin", 12 * BLOCK)
    hub.faults.speed = 40_000_000
    with App(os.environ, flags={"connections.per-file": "1"}) as app:
        download = app.download(Wish([url], to=f"{tmp_path}/out/"))
        download.run(download.plan())
    (outcome,) = download.outcomes
    assert isinstance(outcome.error, DiskFull)
    assert not (tmp_path / "out" / "m.bin").exists() and list((tmp_path / "out").glob(".*.part"))


def test_digests_that_the_lane_had_time_for_are_not_made_again(part: PartFile) -> None:
    data, table = os.urandom(2 * BLOCK), BlockTable(2 * BLOCK)
    noted: dict[int, tuple[bytes, int]] = {}
    prover = Prover(part, table, ["sha256"], (), lambda index, digest, length: noted.update({index: (digest, length)}))
    part.write(memoryview(data), 0)
    prover.put(Piece(0, memoryview(data), lambda: None, digests=(b"a" * 32, b"b" * 32)))
    assert prover.finish()["sha256"] == hashlib.sha256(data).hexdigest()
    assert noted == {0: (b"a" * 32, BLOCK), 1: (b"b" * 32, BLOCK)} and table.complete


@pytest.mark.parametrize("waited", [0, 40])
def test_what_may_be_left_out_is_measured_while_there_are_cores_for_it(part: PartFile, waited: int) -> None:
    waits, times = itertools.count(0, waited), itertools.count(0, 100)
    cores = Cores(lambda: next(waits), lambda: next(times))
    data = os.urandom(64 * BLOCK)
    prover = Prover(part, BlockTable(len(data)), ["sha256", "blake3"], ("blake3",), lambda *_: None, cores)
    for start in range(0, len(data), BLOCK):
        prover.put(Piece(start, memoryview(data)[start : start + BLOCK], lambda: None, written=False))
    measured = prover.finish()
    assert measured["sha256"] == hashlib.sha256(data).hexdigest()
    assert ("blake3" in measured) is (waited == 0)
