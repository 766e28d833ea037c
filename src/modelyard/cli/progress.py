"""Showing a running download: bars on a terminal, plain lines elsewhere, JSON events when asked."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from modelyard.cli.telling import Teller
from modelyard.engine.progress import Snapshot
from modelyard.jobs.preflight import Step
from modelyard.values.sizes import show_size, show_time

if TYPE_CHECKING:
    from modelyard.jobs.download import Download
    from modelyard.jobs.wish import Planned

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

_LINE_SECONDS = 5.0
_EVENT_SECONDS = 0.25
_MOST_BARS = 8


@contextlib.contextmanager
def shown(download: Download, planned: Sequence[Planned], teller: Teller) -> Iterator[Callable[[], None]]:
    """Show a download while it runs; gives the function that is to be called about ten times a second."""
    if teller.as_json:
        yield _Events(download, teller).tick
    elif teller.quiet:
        yield lambda: None
    elif sys.stderr.isatty():
        with _bars(download, planned) as tick:
            yield tick
    else:
        yield _Lines(download, teller).tick


class _Events:
    """One JSON object per file and quarter of a second."""

    def __init__(self, download: Download, teller: Teller) -> None:
        self._download = download
        self._teller = teller
        self._last = 0.0

    def tick(self) -> None:
        now = time.monotonic()
        if now - self._last >= _EVENT_SECONDS:
            self._last = now
            for snapshot in self._download.snapshots():
                if snapshot.stage != "waiting":
                    self._teller.data({"event": "progress", **snapshot.as_dict()})


class _Lines:
    """A line per file every five seconds, and one for each new note."""

    def __init__(self, download: Download, teller: Teller) -> None:
        self._download = download
        self._teller = teller
        self._last = time.monotonic()
        self._notes: dict[str, str] = {}

    def tick(self) -> None:
        snapshots = self._download.snapshots()
        for snapshot in snapshots:
            if snapshot.note and self._notes.get(snapshot.name) != snapshot.note:
                self._notes[snapshot.name] = snapshot.note
                self._teller.note(f"{snapshot.name}: {snapshot.note}")
        if time.monotonic() - self._last >= _LINE_SECONDS:
            self._last = time.monotonic()
            for snapshot in snapshots[:_MOST_BARS]:
                self._teller.note(in_words(snapshot))


def in_words(snapshot: Snapshot) -> str:
    """Progress of one file as a line."""
    size = f" of {show_size(snapshot.size)}" if snapshot.size is not None else ""
    share = f" ({100 * snapshot.done // snapshot.size} %)" if snapshot.size else ""
    eta = f", {show_time(snapshot.eta)} to go" if snapshot.eta is not None else ""
    return f"{snapshot.name}: {show_size(snapshot.done)}{size}{share}, {show_size(snapshot.speed)}/s{eta}"


@contextlib.contextmanager
def _bars(download: Download, planned: Sequence[Planned]) -> Iterator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    bars = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[note]}", style="yellow", markup=False),
        console=Console(stderr=True),
        transient=True,
        expand=True,
    )
    with bars:
        yield _BarTicker(download, planned, bars).tick


class _BarTicker:
    """Keeps a bar for each running file, at most eight, and one for everything when there are several."""

    def __init__(self, download: Download, planned: Sequence[Planned], bars: Bars) -> None:
        self._download = download
        self._bars = bars
        self._rows: dict[str, TaskID] = {}
        todo = [one for one in planned if one.verdict.step is not Step.HERE]
        self._total: TaskID | None = None
        self._kept = 0
        if len(todo) > 1:
            size = sum(one.order.size or 0 for one in todo) or None
            self._total = bars.add_task(f"{len(todo)} files", total=size, note="")

    def tick(self) -> None:
        snapshots = [one for one in self._download.snapshots() if one.stage != "waiting"]
        names = {one.name for one in snapshots}
        for name in [name for name in self._rows if name not in names]:
            self._bars.remove_task(self._rows.pop(name))
        for snapshot in snapshots:
            self._show(snapshot)
        if self._total is not None:
            done = [outcome for outcome in self._download.outcomes if outcome.error is None and outcome.received]
            count = sum(outcome.size for outcome in done) + sum(one.done for one in snapshots)
            left = f"{len(self._download.outcomes)} finished"
            self._bars.update(self._total, completed=count, note=left)

    def _show(self, snapshot: Snapshot) -> None:
        if snapshot.name not in self._rows:
            if len(self._rows) >= _MOST_BARS:
                return
            self._rows[snapshot.name] = self._bars.add_task(snapshot.name[-40:], total=snapshot.size, note="")
        changes: dict[str, Any] = {"completed": snapshot.done, "total": snapshot.size, "note": _note(snapshot)}
        self._bars.update(self._rows[snapshot.name], **changes)


def _note(snapshot: Snapshot) -> str:
    if snapshot.stage != "transferring":
        return snapshot.stage
    return snapshot.note if snapshot.note and snapshot.speed == 0 else ""
