"""Reads of one thread go behind everybody else's, and of that thread alone."""

from __future__ import annotations

import ctypes
import platform
import sys
import threading

import pytest

from modelyard.jobs.idle_disk import yield_disk

READ = {"x86_64": 252, "aarch64": 31}


def priority() -> int:
    """What the system has of the calling thread."""
    return int(ctypes.CDLL(None).syscall(READ[platform.machine()], 1, 0)) >> 13


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or platform.machine() not in READ, reason="asks Linux by its number"
)
def test_only_the_thread_that_asks_for_it_waits_for_the_others() -> None:
    before, found = priority(), []

    def read() -> None:
        found.append((yield_disk(), priority()))

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert found == [(True, 3)] and priority() == before != 3


def test_a_machine_that_nobody_knows_reads_as_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "abacus")
    assert yield_disk() is False
