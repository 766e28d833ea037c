"""Showing a running download: bars on a terminal, plain lines elsewhere, JSON events when asked."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from modelyard.cli.telling import Teller
from modelyard.cli.total import Total
from modelyard.engine.progress import Snapshot
from modelyard.values.sizes import show_size, show_time

if TYPE_CHECKING:
    from modelyard.jobs.download import Download
    from modelyard.jobs.wish import Planned

_LINE_SECONDS = 5.0
_EVENT_SECONDS = 0.25
_MOST_LINES = 8


@contextlib.contextmanager
def shown(download: Download, planned: Sequence[Planned], teller: Teller) -> Iterator[Callable[[], None]]:
    """Show a download while it runs; gives the function that is to be called about ten times a second."""
    if teller.as_json:
        yield _Events(download, teller).tick
    elif teller.quiet:
        yield lambda: None
    elif sys.stderr.isatty():
        from modelyard.cli.bars import bars  # brings rich, which only a terminal needs

        with bars(download, planned, Notes(teller)) as tick:
            yield tick
    else:
        yield _Lines(download, planned, teller).tick


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


class Notes:
    """A line for each new note: a retry, say, and why."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._told: set[tuple[str, str]] = set()  # several files may have one name

    def tell(self, snapshots: Sequence[Snapshot]) -> None:
        """Tell those that were not told yet."""
        said = dict.fromkeys((one.name, one.note) for one in snapshots if one.note)
        for name, note in said:
            if (name, note) not in self._told:
                self._teller.note(f"{name}: {note}")
        self._told = set(said)


class _Lines:
    """A line per file every five seconds, one for all of them when there are several, and the notes."""

    def __init__(self, download: Download, planned: Sequence[Planned], teller: Teller) -> None:
        self._download = download
        self._teller = teller
        self._total = Total(download, planned)
        self._last = time.monotonic()
        self._notes = Notes(teller)

    def tick(self) -> None:
        snapshots = self._download.snapshots()
        self._notes.tell(snapshots)
        total = self._total.snapshot()
        if time.monotonic() - self._last >= _LINE_SECONDS:
            self._last = time.monotonic()
            for snapshot in snapshots[:_MOST_LINES]:
                self._teller.note(in_words(snapshot))
            if self._total.files > 1:
                self._teller.note(f"{in_words(total)}, {total.note}")


def in_words(snapshot: Snapshot) -> str:
    """Progress of one file as a line."""
    size = f" of {show_size(snapshot.size)}" if snapshot.size is not None else ""
    share = f" ({100 * snapshot.done // snapshot.size} %)" if snapshot.size else ""
    eta = f", {show_time(snapshot.eta)} to go" if snapshot.eta is not None else ""
    return f"{snapshot.name}: {show_size(snapshot.done)}{size}{share}, {show_size(snapshot.speed)}/s{eta}"
