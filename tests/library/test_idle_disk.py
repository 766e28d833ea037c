"""Reads of one thread go behind everybody else's, and of that thread alone."""

from __future__ import annotations

import contextlib
import ctypes
import platform
import sys
import threading

import pytest

from modelyard.library.idle_disk import as_always, yield_disk, yielding

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


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or platform.machine() not in READ, reason="asks Linux by its number"
)
def test_a_child_that_such_a_thread_starts_reads_as_always() -> None:
    told = []

    def start() -> None:
        yield_disk()
        before = priority()
        as_always()  # as a limited child does first of all
        told.append((before, priority()))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert told == [(3, 0)]


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or platform.machine() not in READ, reason="asks Linux by its number"
)
def test_the_disk_is_yielded_for_a_while_and_taken_again_even_after_an_error() -> None:
    told = []

    def read() -> None:
        with contextlib.suppress(OSError), yielding(wanted=True):
            told.append(priority())
            raise OSError
        told.append(priority())
        with yielding(wanted=False):
            told.append(priority())

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert told == [3, 0, 0]


def test_a_machine_that_nobody_knows_reads_as_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "abacus")
    assert yield_disk() is False
