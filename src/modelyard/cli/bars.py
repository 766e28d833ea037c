"""Bars on a terminal: one for each running file, and one for all of them together."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn
from rich.table import Column

from modelyard.cli.progress import Notes
from modelyard.cli.total import Total
from modelyard.engine.progress import Snapshot
from modelyard.values.sizes import show_size, show_time

if TYPE_CHECKING:
    from modelyard.jobs.download import Download
    from modelyard.jobs.wish import Planned

_MOST_BARS = 8


@contextlib.contextmanager
def bars(download: Download, planned: Sequence[Planned], notes: Notes) -> Iterator[Callable[[], None]]:
    """Show bars while a download runs; gives the function that is to be called about ten times a second."""
    shown = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        DownloadColumn(table_column=Column(no_wrap=True)),
        TextColumn("{task.fields[speed]}", style="progress.data.speed"),
        TextColumn("{task.fields[eta]}", style="progress.remaining"),
        TextColumn("{task.fields[state]}", style="yellow"),
        console=Console(stderr=True),
        transient=True,
        expand=True,
    )
    with shown:
        yield _Bars(download, planned, shown, notes).tick


class _Bars:
    """Keeps a bar for each running file, at most eight, and one for everything when there are several."""

    def __init__(self, download: Download, planned: Sequence[Planned], shown: Progress, notes: Notes) -> None:
        self._download = download
        self._shown = shown
        self._notes = notes
        self._rows: dict[str, TaskID] = {}
        self._total = Total(download, planned)
        self._together: TaskID | None = None
        if self._total.files > 1:
            self._together = shown.add_task(f"{self._total.files} files", speed="", eta="", state="")

    def tick(self) -> None:
        snapshots = [one for one in self._download.snapshots() if one.stage != "waiting"]
        self._notes.tell(snapshots)
        names = {one.name for one in snapshots}
        for name in [name for name in self._rows if name not in names]:
            self._shown.remove_task(self._rows.pop(name))
        for snapshot in snapshots:
            if snapshot.name not in self._rows and len(self._rows) < _MOST_BARS:
                self._rows[snapshot.name] = self._shown.add_task(snapshot.name[-40:], speed="", eta="", state="")
            if snapshot.name in self._rows:
                self._show(self._rows[snapshot.name], snapshot, _state(snapshot))
        if self._together is not None:
            total = self._total.snapshot()
            self._show(self._together, total, total.note)

    def _show(self, row: TaskID, snapshot: Snapshot, state: str) -> None:
        changes: dict[str, Any] = {
            "completed": snapshot.done,
            "total": snapshot.size,
            "speed": f"{show_size(snapshot.speed)}/s" if snapshot.speed else "",
            "eta": f"{show_time(snapshot.eta)} to go" if snapshot.eta is not None else "",
            "state": state,
        }
        self._shown.update(row, **changes)


def _state(snapshot: Snapshot) -> str:
    if snapshot.stage != "transferring":
        return snapshot.stage
    return f"{snapshot.retries} {'retry' if snapshot.retries == 1 else 'retries'}" if snapshot.retries else ""
