"""kill -9 every 1.5 seconds until the file is there: how many starts, how many bytes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from modelyard.testing import PracticeHub

SIZE = 96 * 2**20
SPEED = 12_000_000
MOST = 1.25


def bench(scratch: Path) -> int:
    """Print starts and bytes; the exit code says whether the bar held."""
    target = scratch / "model.safetensors"
    with PracticeHub() as hub:
        url = hub.add_file("model.safetensors", SIZE)
        sha256 = hashlib.sha256(bytes(hub.content("model.safetensors").read(0, SIZE))).hexdigest()
        hub.faults.speed = SPEED
        command = [sys.executable, "-m", "modelyard", "get", url, "--to", str(target), "--sha256", sha256, "-q"]
        home = str(scratch / "home")
        env = {**os.environ, "MODELYARD_HOME": home, "MODELYARD_CONNECTIONS_PER_FILE": "1"}
        starts = 0
        while starts < 40:
            starts += 1
            process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
            try:
                process.wait(1.5)
                break
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        sent = hub.log.bytes_sent() / SIZE
    right = target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() == sha256
    held = right and sent <= MOST
    verdict = "held  " if held else "MISSED"
    print(f"{verdict} kill -9 every 1.5 s: {starts} starts, {sent:.2f} x the file sent (at most {MOST})")
    return 0 if held else 1
