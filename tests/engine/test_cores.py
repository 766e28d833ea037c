"""Too few cores are seen by the thread that waits for one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from modelyard.engine.cores import Cores, waited_for_a_core


@pytest.fixture
def crowded() -> Iterator[None]:
    """This thread shares its one core with two that compute."""
    cores, busy = os.sched_getaffinity(0), list[subprocess.Popen[bytes]]()
    os.sched_setaffinity(0, {min(cores)})
    try:
        busy.extend(subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2))
        yield
    finally:
        os.sched_setaffinity(0, cores)
        for process in busy:
            process.kill()
            process.wait()


def test_cores_are_short_when_two_looks_in_a_row_say_so() -> None:
    waits = iter([900, 905, 925, 945, 946, 966])
    times = iter(range(0, 700, 100))
    cores = Cores(lambda: next(waits), lambda: next(times))
    assert [cores.short() for _ in range(6)] == [False, False, False, True, False, False]


def test_a_count_that_cannot_be_read_for_once_is_no_crowd() -> None:
    waits = iter([900, 0, 900, 900])
    times = iter(range(0, 500, 100))
    cores = Cores(lambda: next(waits), lambda: next(times))
    assert not any(cores.short() for _ in range(4))


@pytest.mark.skipif(not waited_for_a_core(), reason="Only Linux counts what a thread waits, and not everywhere.")
@pytest.mark.usefixtures("crowded")
def test_a_thread_beside_more_busy_ones_than_there_are_cores_finds_them_short() -> None:
    cores, ends = Cores(), time.monotonic() + 20
    short = cores.short()
    while not short and time.monotonic() < ends:
        sum(number * number for number in range(200_000))
        short = cores.short()
    assert short
