"""The engine in a child process that is really killed."""

from __future__ import annotations

import contextlib
import hashlib
import random
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from modelyard.engine.blocks import BLOCK, block_digest
from modelyard.engine.journal import Journal, Known, Story
from modelyard.engine.part import PartFile, part_path
from modelyard.testing import PracticeHub
from running import modelyard, start

SIZE = 40 * 2**20


def _sha256(hub: PracticeHub, name: str) -> str:
    return hashlib.sha256(bytes(hub.content(name).read(0, SIZE))).hexdigest()


@pytest.mark.slow
@pytest.mark.parametrize("connections", ["1", "8", None])  # None: as many as it finds best
def test_killed_again_and_again_it_finishes_and_wastes_little(
    hub: PracticeHub, tmp_path: Path, connections: str | None
) -> None:
    url = hub.add_file("m.safetensors", SIZE)
    hub.faults.speed = 12_000_000 // int(connections or 16)
    target, chance = tmp_path / "m.safetensors", random.Random(7)
    chosen = {"MODELYARD_CONNECTIONS_PER_FILE": connections} if connections else {}
    for _ in range(30):
        enough = hub.log.bytes_sent() + chance.randrange(4_000_000, 9_000_000)  # not time: the same on any machine
        process = start("get", url, "--to", str(target), env=chosen)
        while process.poll() is None and hub.log.bytes_sent() < enough:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.01)
        process.kill()
        process.communicate()
        if target.exists():
            break
    assert hashlib.sha256(target.read_bytes()).hexdigest() == _sha256(hub, "m.safetensors")
    assert hub.log.bytes_sent() <= 1.25 * SIZE
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["m.safetensors"]


def test_what_many_connections_had_begun_is_not_fetched_again(hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("m.safetensors", SIZE)
    content, sha256 = hub.content("m.safetensors"), _sha256(hub, "m.safetensors")
    target = tmp_path / "m.safetensors"
    with urllib.request.urlopen(urllib.request.Request(url, method="HEAD")) as answer:
        story = Story(size=SIZE, etag=answer.headers["ETag"], source=url)
    part, begun = PartFile(part_path(target, sha256)), range(3, SIZE // BLOCK, 3)
    known = {}
    for index, length in [(0, BLOCK), *((index, 700_000) for index in begun)]:
        data = bytes(content.read(index * BLOCK, index * BLOCK + length))
        part.write(memoryview(data), index * BLOCK)
        known[index] = Known(length, block_digest(data))
    Journal(part, story, known).close()
    part.close()
    hub.faults.speed = 5_000_000
    assert modelyard("get", url, "--to", str(target), "--sha256", sha256).code == 0
    kept = sum(one.length for one in known.values())
    assert hub.log.bytes_sent() < SIZE - kept + 64 * 2**10 * 5  # one compares 64 KiB, the others next to nothing


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
