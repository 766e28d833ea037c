"""What a person sees of a running download: each file, all of them together, and why something is tried again."""

from __future__ import annotations

import os
import pty
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import pytest

from modelyard.app import App
from modelyard.cli import progress
from modelyard.cli.progress import shown
from modelyard.cli.telling import Teller
from modelyard.cli.total import Total
from modelyard.jobs.wish import Wish
from modelyard.testing import PracticeHub

SIZE = 700_000


@contextmanager
def opened(hub: PracticeHub, **flags: str) -> Iterator[App]:
    with App({**os.environ, **hub.env()}, flags={"retry.first": "0.01", "retry.retries": "1", **flags}) as app:
        yield app


def on_a_terminal(*arguments: str, columns: int, env: dict[str, str]) -> list[str]:
    """The lines that a terminal of this width shows one after the other."""
    ours, theirs = pty.openpty()
    ioctl(theirs, TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environ = {**os.environ, **env, "TERM": "xterm"}
    program = [sys.executable, "-m", "modelyard", *arguments]
    with subprocess.Popen(program, stdin=theirs, stdout=theirs, stderr=theirs, env=environ) as process:
        os.close(theirs)
        said = b""
        while chunk := _read(ours):
            said += chunk
    os.close(ours)
    assert process.returncode == 0, said
    return re.split(r"[\r\n]+", re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", said).decode())


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux says so when the other side has closed
        return b""


def test_bars_tell_of_each_file_and_of_all_how_fast_and_how_long_and_retries_in_words(
    hub: PracticeHub, tmp_path: Path
) -> None:
    hub.hf.add_repo("me/model", {"a.safetensors": SIZE, "b.safetensors": SIZE})
    hub.faults.use("s503x2", "*b.safetensors*")
    lines = on_a_terminal(
        *("get", "hf:me/model", "--to", f"{tmp_path}/", "--limit", "2MB/s"),
        columns=80,
        env={**hub.env(), "MODELYARD_RETRY_FIRST": "0.05"},
    )
    going = r" +[━╸╺ ]+ +[\d.]+/[\d.]+ \w?B +[\d.]+ \w?B/s +\d+ s to go "
    for name in ("a.safetensors", "b.safetensors", "2 files"):
        assert any(re.match(name + going, line) for line in lines), (name, lines)
    assert any(re.match(r"2 files .* finished *$", line) for line in lines)
    assert any(re.match(r"b.safetensors: .*503.* Trying again", line) for line in lines), "a line of its own"
    assert any(re.match(r"b.safetensors .* (1 retry|2 retries) *$", line) for line in lines)
    assert all(len(line) <= 80 for line in lines if not line.startswith("/"))


def test_the_total_counts_what_comes_and_neither_what_was_here_nor_what_failed(
    hub: PracticeHub, tmp_path: Path
) -> None:
    hub.hf.add_repo("me/model", dict.fromkeys(("here.safetensors", "new.safetensors", "bad.safetensors"), SIZE))
    named = hub.add_file("x.bin", 5000, disposition='attachment; filename="named.safetensors"')
    with opened(hub) as app:
        first = app.download(Wish(["hf:me/model/here.safetensors"], f"{tmp_path}/model/"))
        first.run(first.plan())
        hub.faults.use("s500forever", "*bad.safetensors*")
        download = app.download(Wish(["hf:me/model", named], f"{tmp_path}/"))
        planned = download.plan()
        total = Total(download, planned)
        assert (total.files, total.snapshot().size, total.snapshot().done) == (3, None, 0)
        download.run(planned, lambda: None)
    end = total.snapshot()
    assert (end.size, end.done, end.received, end.note) == (SIZE + 5000, SIZE + 5000, SIZE + 5000, "3 finished")
    assert download.snapshots() == [], "a file that its server named has ended, too"


def test_plain_lines_have_a_total_when_there_are_several_files(
    hub: PracticeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_LINE_SECONDS", 0.0)
    hub.hf.add_repo("me/model", {"a.safetensors": SIZE, "b.safetensors": SIZE})
    for address, total in (("hf:me/model", True), ("hf:me/model/a.safetensors", False)):
        with opened(hub) as app:
            download = app.download(Wish([address], f"{tmp_path}/{total}/", limit=3_000_000))
            planned = download.plan()
            with shown(download, planned, Teller()) as tick:
                download.run(planned, tick)
        told = capsys.readouterr().err
        found = re.search(r"^2 files: .* of 1\.4 MB \(\d+ %\), .*/s, \d+ s to go, \d finished$", told, re.MULTILINE)
        assert bool(found) is total, told
        assert re.search(r"^a.safetensors: .* of 700 kB \(\d+ %\), .*/s, \d+ s to go$", told, re.MULTILINE)
