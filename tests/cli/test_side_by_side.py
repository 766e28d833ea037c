"""Commands beside each other and beside a service that starts or stops: they wait, none fails."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.cli.yard import _start, asking, started
from modelyard.errors import Busy
from modelyard.server.client import running
from modelyard.server.folder import held
from modelyard.store.folder_lock import held_by
from running import modelyard, start


@pytest.fixture
def folder(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder; whatever service it ends with is stopped."""
    monkeypatch.setenv("MODELYARD_SERVER_PORT", "0")
    yield data_folder
    note = running(data_folder)
    if note:
        os.kill(note.pid, signal.SIGKILL)


def test_commands_that_read_and_write_at_the_same_time_all_succeed(folder: Path) -> None:
    processes = [start("queue", "add", stdin=subprocess.PIPE) for _ in range(4)] + [start("queue") for _ in range(4)]
    ends = [process.communicate("hf:me/model" if process.stdin else None, timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * 8, ends


def test_what_only_reads_needs_no_lock_and_what_writes_lets_go_of_it(folder: Path) -> None:
    with App() as app, asking(app) as yard:
        with held(folder):
            assert yard("GET", "/tasks")["tasks"] == []
        yard("POST", "/tasks", {"addresses": ["hf:me/model"]})
        assert held_by(folder) is None
        assert len(yard("GET", "/tasks")["tasks"]) == 1


def test_a_write_waits_for_the_one_before_it(folder: Path) -> None:
    taken, free = threading.Event(), threading.Event()

    def hold() -> None:
        with held(folder):
            taken.set()
            free.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait(20)
    threading.Timer(0.5, free.set).start()
    with App() as app, asking(app) as yard:
        yard("POST", "/tasks", {"addresses": ["hf:me/model"]})
    holder.join()


def test_a_write_that_waits_too_long_is_told_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelyard.cli.yard._PATIENCE", 0.1)
    with App() as app, asking(app) as yard, held(folder), pytest.raises(Busy):
        yard("POST", "/tasks", {"addresses": ["hf:me/model"]})


def test_a_write_goes_to_the_service_that_started_in_between(folder: Path) -> None:
    with App() as app, asking(app) as yard:
        assert not yard.lasts
        started(folder)
        assert yard("POST", "/tasks", {"addresses": ["hf:me/model"]})["ids"] == [1]


def test_a_service_started_in_a_folder_of_strangers_runs_nothing_of_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloned, mark = tmp_path / "cloned", tmp_path / "ran"
    cloned.mkdir()
    for name in ("aiohttp.py", "msgspec.py", "modelyard.py"):
        (cloned / name).write_text(f"open({str(mark)!r}, 'a').write({name!r})\nraise SystemExit\n")
    monkeypatch.chdir(cloned)
    assert running(folder) is None
    assert started(folder) == running(folder)
    assert not mark.exists()


def test_top_without_a_service_prints_one_picture_and_ends(folder: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen([sys.executable, "-m", "modelyard", "top"], stdout=theirs, stdin=theirs)
        assert process.wait(30) == 0
    finally:
        os.close(ours)
        os.close(theirs)


def test_top_in_a_terminal_shows_what_is_new_until_it_is_stopped(folder: Path) -> None:
    note = started(folder)
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, "-m", "modelyard", "top"], stdout=theirs, stderr=theirs, stdin=theirs)
    os.close(theirs)
    try:
        seen = shown(ours, b"nothing queued")
        assert b"\x1b[?1049h" in seen  # a screen of its own
        with App() as app, asking(app) as yard:
            yard("POST", "/tasks", {"addresses": ["http://127.0.0.1:9/watched.bin"]})
        shown(ours, b"watched.bin")
        process.send_signal(signal.SIGINT)
        assert b"\x1b[?1049l" in shown(ours, b"\x1b[?1049l")  # and given back
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert running(folder) == note  # the service and its downloads go on


def shown(terminal: int, text: bytes) -> bytes:
    """What a terminal shows until a text comes."""
    seen = b""
    while text not in seen:
        assert select.select([terminal], [], [], 30)[0], seen[-2000:]
        seen += os.read(terminal, 65536)
    return seen


def test_starting_goes_on_while_a_command_holds_the_folder(folder: Path) -> None:
    found = []
    with held(folder):
        starter = threading.Thread(target=lambda: found.append(started(folder)))
        starter.start()
        busy = modelyard("serve", "--port", "0")
        assert busy.code == 9
        began = time.monotonic()
        while starter.is_alive() and time.monotonic() - began < 2.5:
            starter.join(0.1)
        assert starter.is_alive()
    starter.join(30)
    assert found and running(folder) == found[0]


def test_many_starters_find_one_service(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[object] = []
    begun: list[subprocess.Popen[bytes]] = []
    monkeypatch.setattr("modelyard.cli.yard._start", lambda: (begun.append(_start()), begun[-1])[1])
    threads = [threading.Thread(target=lambda: found.append(started(folder))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(40)
    for process in begun:  # those that came too late wait for the folder, and would have it after the test
        process.kill()
        process.wait()
    assert len(found) == 4 and found == [found[0]] * 4
