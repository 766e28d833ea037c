"""Too few cores are seen by the thread that waits for one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from modelyard.engine.cores import Cores


@pytest.fixture
def crowd() -> Iterator[None]:
    """More busy processes than cores."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_only_what_was_waited_since_the_last_look_counts() -> None:
    told = iter([(100, 900), (200, 900), (290, 910), (300, 912), (300, 912)])
    cores = Cores(lambda: next(told))
    assert [cores.short() for _ in range(5)] == [False, False, False, True, False]


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux counts what a thread waits.")
@pytest.mark.usefixtures("crowd")
def test_a_thread_beside_more_busy_ones_than_there_are_cores_finds_them_short() -> None:
    cores, ends = Cores(), time.monotonic() + 20
    short = cores.short()
    while not short and time.monotonic() < ends:
        sum(number * number for number in range(200_000))
        short = cores.short()
    assert short
