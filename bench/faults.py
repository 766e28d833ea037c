"""The network rows of the fault matrix, each run by the real command line: does the right file arrive, at what cost?

A row counts as recovered when the right bytes arrive without a hash. The hash of the first version is given in a
second run: then nothing wrong may be taken for right. Rows 39 and 40 have several names, and hold when all of them do.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from modelyard.testing import PracticeHub
from modelyard.testing.scenarios import Scenario, catalogue

SIZE = 16 * 2**20
ROWS = 44
RECOVERED = 30
_PATIENCE = 300
_KILL_AT = 0.45


@dataclass(frozen=True)
class Run:
    """How one run ended.

    Attributes:
        verdict: good, refused, corrupt (wrong bytes called right), exposed (refused, but wrong bytes under the final
            name), unproven (wrong bytes, said to be unverified), nothing (called done without a file) or hung.
        over: Body bytes sent beyond the file's size, as a share of it.
    """

    verdict: str
    over: float


@dataclass(frozen=True)
class Row:
    """One scenario, without and with the hash."""

    number: int
    name: str
    says: str
    recoverable: bool
    free: Run
    pinned: Run

    @property
    def runs(self) -> tuple[Run, Run]:
        """Both."""
        return self.free, self.pinned


def judge(code: int | None, verified: bool, found: str | None, right: Sequence[str]) -> str:
    """The verdict on an exit code (None: it never ended) and the SHA-256 of what stands under the final name."""
    if code is None:
        return "hung"
    if found is None:
        return "refused" if code else "nothing"
    if found in right:
        return "good"
    if code:
        return "exposed"
    return "corrupt" if verified else "unproven"


def run(name: str, folder: Path, *, pinned: bool) -> Run:
    """Run one scenario against a hub of its own."""
    target = folder / f"{name}-{pinned}" / "model.safetensors"
    with PracticeHub() as hub:
        url, scenario = hub.add_fault(name, SIZE)
        first = _sha256(scenario.first.bytes())
        command = [sys.executable, "-m", "modelyard", "get", url, "--to", str(target), "--json"]
        command += ["--sha256", first] if pinned else []
        env = {**os.environ, "MODELYARD_HOME": str(target.parent.with_suffix(".home"))}
        if scenario.row == ROWS:
            _killed(command, env, hub)
        code, verified = _ended(command, env)
        found = _sha256(target.read_bytes()) if target.exists() else None
        right = _right(scenario, first, pinned=pinned)
        return Run(judge(code, verified, found, right), max(0.0, hub.log.bytes_sent() / SIZE - 1))


def _right(scenario: Scenario, first: str, *, pinned: bool) -> Sequence[str]:
    return (first,) if pinned else (_sha256(scenario.final_bytes),)


def _ended(command: Sequence[str], env: dict[str, str]) -> tuple[int | None, bool]:
    """Its exit code, and whether it called a file verified."""
    try:
        ran = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        return None, False
    told = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith(b"{")]
    return ran.returncode, any(one.get("verified") for one in told)


def _killed(command: Sequence[str], env: dict[str, str], hub: PracticeHub) -> None:
    """The last row: SIGKILL once nearly half is there."""
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while hub.log.bytes_sent() < _KILL_AT * SIZE and process.poll() is None:
        pass
    process.kill()
    process.wait()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def bench(scratch: Path, chosen: Sequence[str] = (), jobs: int = 2, page: Path | None = None) -> int:
    """Print the table and the bars; the exit code says whether every bar held.

    Args:
        page: Where the table is written as Markdown.
    """
    kinds = {name: kind for name, kind in catalogue().items() if kind.row <= ROWS and (not chosen or name in chosen)}
    if unknown := set(chosen) - set(kinds):
        raise SystemExit(f"No scenario {', '.join(sorted(unknown))}; there are {', '.join(catalogue())}.")

    def both(name: str) -> Row:
        free, pinned = (run(name, scratch, pinned=given) for given in (False, True))
        kind = kinds[name]
        return Row(kind.row, name, kind.says, kind.recoverable, free, pinned)

    with ThreadPoolExecutor(jobs) as pool:
        rows = list(pool.map(both, kinds))
    print(table(rows))
    if page:
        page.write_text(markdown(rows))
    judged = bars(rows)
    print("\n".join(f"  {'held  ' if held else 'MISSED'} {text}" for text, held in judged))
    return 0 if all(held for _, held in judged) else 1


def table(rows: Sequence[Row]) -> str:
    """The rows as text."""
    head = (
        f"{'row':>3} {'scenario':18} {'what happens':48} {'without hash':>13} {'over':>6} {'with hash':>10} {'over':>6}"
    )
    lines = [
        f"{row.number:3} {row.name:18} {row.says:48} {row.free.verdict:>13} {row.free.over:6.0%}"
        f" {row.pinned.verdict:>10} {row.pinned.over:6.0%}"
        for row in rows
    ]
    return "\n".join([head, *lines])


_SAID = {"good": "arrives", "unproven": "arrives, said to be unverified"}
_PAGE = """# When the network fails

What becomes of a download when server or network misbehave. Each row is run by the real command line against the
practice hub, once without a hash and once with the SHA-256 that the file had at the beginning. *Refused* means: an
error with its reason, and nothing under the final name; what is worth keeping is kept for the next run. *Sent* is what
went over the wire, in sizes of the file. `python3 run.py bench faults --table docs/faults.md` writes this page.

| | what happens | without a hash | sent | with the hash | sent |
|---|---|---|---|---|---|
"""


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a page for people."""

    def cells(one: Run) -> str:
        return f"{_SAID.get(one.verdict, one.verdict)} | {1 + one.over:.2f}"

    return _PAGE + "".join(f"| {row.number} | {row.says} | {cells(row.free)} | {cells(row.pinned)} |\n" for row in rows)


def bars(rows: Sequence[Row]) -> list[tuple[str, bool]]:
    """What was promised, and whether it held."""
    able = {row.number for row in rows if row.recoverable}
    lost = {row.number for row in rows if row.recoverable and row.free.verdict != "good"}
    wanted = len(able) - (32 - RECOVERED)
    said = [one.verdict for row in rows for one in row.runs]
    with_hash = [row.pinned.verdict for row in rows]
    costly = max((row.free.over for row in rows if row.recoverable and row.free.verdict == "good"), default=0.0)
    return [
        (
            f"recovered {len(able - lost)} of {len(able)} recoverable rows (at least {wanted})",
            len(lost) <= 32 - RECOVERED,
        ),
        (f"corrupt: {said.count('corrupt')} (0)", "corrupt" not in said),
        (f"exposed: {said.count('exposed')} (0)", "exposed" not in said),
        (f"wrong bytes although the hash was given: {with_hash.count('unproven')} (0)", "unproven" not in with_hash),
        (
            f"without an end or a file: {said.count('hung') + said.count('nothing')} (0)",
            not {"hung", "nothing"} & set(said),
        ),
        (f"most bytes for a recovered file: {1 + costly:.2f} x its size", True),
    ]
