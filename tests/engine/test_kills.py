"""The engine in a child process that is really killed."""

from __future__ import annotations

import contextlib
import hashlib
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from modelyard.testing import PracticeHub
from running import start

SIZE = 40 * 2**20


def _sha256(hub: PracticeHub, name: str) -> str:
    return hashlib.sha256(bytes(hub.content(name).read(0, SIZE))).hexdigest()


@pytest.mark.slow
@pytest.mark.parametrize(("connections", "most"), [("1", 1.25), ("8", 1.4)])  # each connection compares 64 KiB anew
def test_killed_again_and_again_it_finishes_and_wastes_little(
    hub: PracticeHub, tmp_path: Path, connections: str, most: float
) -> None:
    url = hub.add_file("m.safetensors", SIZE)
    hub.faults.speed = 12_000_000 // int(connections)
    target, chance = tmp_path / "m.safetensors", random.Random(7)
    for _ in range(30):
        enough = hub.log.bytes_sent() + chance.randrange(7_000_000, 14_000_000)  # about a second, on any machine
        process = start("get", url, "--to", str(target), env={"MODELYARD_CONNECTIONS_PER_FILE": connections})
        while process.poll() is None and hub.log.bytes_sent() < enough:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.01)
        process.kill()
        process.communicate()
        if target.exists():
            break
    assert hashlib.sha256(target.read_bytes()).hexdigest() == _sha256(hub, "m.safetensors")
    assert hub.log.bytes_sent() <= most * SIZE
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["m.safetensors"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_polite_signal_keeps_the_part_and_says_how_to_go_on(
    hub: PracticeHub, tmp_path: Path, number: signal.Signals
) -> None:
    url = hub.add_file("m.safetensors", SIZE)
    hub.faults.speed = 3_000_000
    target = tmp_path / "m.safetensors"
    process = start("get", url, "--to", str(target), env={"MODELYARD_CONNECTIONS_PER_FILE": "1"})
    while not list(tmp_path.glob(".m*.journal")) or next(tmp_path.glob(".m*.journal")).stat().st_size < 400:
        assert process.poll() is None
    begun = time.monotonic()
    process.send_signal(number)
    _, told = process.communicate(timeout=10)
    assert time.monotonic() - begun < 3
    assert process.returncode == 130
    assert "Run the same line again" in told
    assert not target.exists()
    hub.faults.speed = None
    again = start("get", url, "--to", str(target), "--json")
    out, _ = again.communicate(timeout=60)
    assert again.returncode == 0, out
    assert hub.log.bytes_sent() < 1.25 * SIZE


def test_two_processes_that_ask_for_one_file_make_one_transfer(hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("m.safetensors", SIZE)
    hub.faults.speed = 10_000_000
    target = tmp_path / "m.safetensors"
    sha256 = _sha256(hub, "m.safetensors")
    both = [start("get", url, "--to", str(target), "--sha256", sha256) for _ in range(2)]
    outs = [process.communicate(timeout=90) for process in both]
    assert [process.returncode for process in both] == [0, 0], outs
    assert hashlib.sha256(target.read_bytes()).hexdigest() == sha256
    assert hub.log.bytes_sent() < 1.3 * SIZE
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["m.safetensors"]
