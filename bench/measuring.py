"""Running one command as a person would and telling what it cost."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds on the clock, seconds of CPU, megabytes at the peak."""

    wall: float
    cpu: float
    peak: float
    code: int


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None, stdin: Path | None = None) -> Cost:
    """Run a command to its end; its output goes to a file beside the results."""
    log = cwd.parent / "last-output.txt"
    source = stdin.open("rb") if stdin else subprocess.DEVNULL
    with log.open("wb") as out:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, env={**os.environ, **(env or {})}, stdin=source, stdout=out, stderr=subprocess.STDOUT
        )
        seen = [0.0]
        watcher = threading.Thread(target=_watch, args=(process.pid, seen), daemon=True)
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        watcher.join()
    return Cost(wall, usage.ru_utime + usage.ru_stime, max(seen), process.returncode)


def _watch(pid: int, seen: list[float]) -> None:
    """Note the most memory of a process or a child of it until it ends; what its end tells begins at its parent's."""
    while True:
        try:
            seen.append(_peak(pid))
        except (OSError, IndexError):  # it has ended
            return
        with contextlib.suppress(OSError, IndexError):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            seen += [_peak(int(child)) for child in children]
        time.sleep(0.02)


def _peak(pid: int) -> float:
    return int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1024


def warm(folder: Path, size: int) -> None:
    """Write a quarter more than `size` bytes and drop them, so that every program finds the same memory.

    A virtual machine gives freed memory back to its host within seconds, and the next write to tmpfs pays for
    getting it back: 4 GiB took between 1.3 and 11.8 s here by that alone, and whoever ran after a pause paid.
    """
    filler, block = folder / "filler.bin", bytes(1 << 20)
    with filler.open("wb", buffering=0) as file:
        for _ in range(size * 5 // 4 >> 20):
            file.write(block)
    filler.unlink()


def machine() -> str:
    """The machine in one line: figures mean nothing without it."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "unknown CPU",
    )
    return f"{os.cpu_count()} cores of {model}, {resource.getpagesize() * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB"
