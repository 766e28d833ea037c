"""kill -9 every 1.5 seconds until the file is there: how many starts, how many bytes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from modelyard.testing import PracticeHub

MIB = 2**20
EVERY = 1.5
MOST = 1.25
ROWS = (
    ("1 MB/s each, as many connections as it likes", 160 * MIB, 1_000_000, {}),
    ("4 MB/s each, as many connections as it likes", 256 * MIB, 4_000_000, {}),
    ("12 MB/s, one connection", 96 * MIB, 12_000_000, {"MODELYARD_CONNECTIONS_PER_FILE": "1"}),
)
"""What the server gives a connection, with a size that takes several kills on a quiet machine."""


def bench(scratch: Path) -> int:
    """Print starts and bytes; the exit code says whether the bar held for every row."""
    print(f"kill -9 every {EVERY} s (at most {MOST} x the file sent)")
    held = [_row(scratch / str(number), *row) for number, row in enumerate(ROWS)]
    return 0 if all(held) else 1


def _row(scratch: Path, says: str, size: int, speed: int, options: dict[str, str]) -> bool:
    scratch.mkdir()
    target = scratch / "model.safetensors"
    with PracticeHub() as hub:
        url = hub.add_file("model.safetensors", size)
        sha256 = hashlib.sha256(hub.content("model.safetensors").read(0, size)).hexdigest()
        hub.faults.speed = speed
        command = [sys.executable, "-m", "modelyard", "get", url, "--to", str(target), "--sha256", sha256, "-q"]
        starts = _killed_until_done(command, {**os.environ, "MODELYARD_HOME": str(scratch / "home"), **options})
        sent = hub.log.bytes_sent() / size
    right = target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() == sha256
    target.unlink(missing_ok=True)
    held = right and sent <= MOST
    verdict = "held  " if held else "MISSED"
    print(f"{verdict} {says}: {starts} starts, {sent:.2f} x" + ("" if right else ", never finished"), flush=True)
    return held


def _killed_until_done(command: list[str], env: dict[str, str]) -> int:
    """How many starts it took, at most sixty."""
    for number in range(1, 61):
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
        try:
            process.wait(EVERY)
            return number
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return 60
