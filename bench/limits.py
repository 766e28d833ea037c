"""Speed limits for real: ten seconds at 1, 50 and 500 MB/s over 8 and 16 connections from nginx, ±3 %."""

from __future__ import annotations

import os
import time
from pathlib import Path

from modelyard.app import App
from modelyard.jobs.wish import Wish
from modelyard.net.url import parse
from server import Server

RATES = (1_000_000, 50_000_000, 500_000_000)
CONNECTIONS = (8, 16)
SETTLES, SECONDS, EXACT = 1.5, 10.0, 0.03
"""The first block comes over one connection; from then on the limit is shared."""


def bench(scratch: Path) -> int:
    """Print what came of each; the exit code says whether all kept to their limit."""
    held = True
    with Server(scratch) as server:
        for rate in RATES:
            with open(server.files / f"{rate}.bin", "wb") as file:
                file.truncate(int(rate * (SETTLES + SECONDS + 1)) + 2**29)
            url = server.url(f"{rate}.bin")
            for connections in CONNECTIONS:
                free, _ = _rate(url, scratch / "out", None, connections)
                got, seen = _rate(url, scratch / "out", rate, connections)
                right = abs(got / rate - 1) <= EXACT and seen == connections
                held &= right
                words = f"{rate / 1e6:g} MB/s over {seen} connections, {SECONDS:g} s: {100 * (got / rate - 1):+.2f} %"
                verdict = "held  " if right else "MISSED" if free > 1.1 * rate else "UNTOLD"  # too slow a machine
                print(f"{verdict} {words} (at most ±{100 * EXACT:g} %)", end="; ")
                print(f"without a limit {free / 1e6:.0f} MB/s", flush=True)
            (server.files / f"{rate}.bin").unlink()
    return 0 if held else 1


def _rate(url: str, folder: Path, limit: int | None, connections: int) -> tuple[float, int]:
    """Bytes per second over ten seconds, or to the end where nothing limits them, and over how many connections."""
    settles = SETTLES if limit else 0.0
    flags = {"connections.per-file": str(connections), "connections.per-host": str(connections)}
    env = {**os.environ, "MODELYARD_HOME": str(folder / "home")}
    with App(env, flags=flags) as app:
        app.proofs.learn(parse(url).origin, connections)  # a host that this many served best
        download = app.download(Wish([url], f"{folder}/", limit=limit))
        seen: list[tuple[float, int, int]] = []

        def tick() -> None:
            seen.extend((time.monotonic(), one.received, one.connections) for one in download.snapshots())
            begun = next((at for at, received, _ in seen if received), None)
            if begun and time.monotonic() - begun > settles + SECONDS:
                download.stop.set()

        download.run(download.plan(), tick)
        download.discard()
        for outcome in download.outcomes:
            outcome.target.unlink(missing_ok=True)
    begun = next(at for at, received, _ in seen if received)
    inside = [one for one in seen if one[0] - begun >= settles]
    (start, before, _), (end, after, _) = inside[0], inside[-1]
    return (after - before) / (end - start), max(one[2] for one in seen)
