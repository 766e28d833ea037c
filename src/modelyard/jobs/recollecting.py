"""Takes what commands wrote into the logbook into history and statistics."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from modelyard.errors import YardError
from modelyard.jobs.addressing import KeepKey
from modelyard.jobs.logbook import Entry, taken, waits
from modelyard.jobs.queued import Options, draft
from modelyard.jobs.yard import Yard
from modelyard.tasks.elsewhere import Elsewhere, keep
from modelyard.tasks.queue import Queue


def take_in(folder: Path, yard: Yard, queue: Callable[[], Queue], keep_key: KeepKey) -> int:
    """Put everything that was written down into history; gives how many.

    Args:
        queue: Opened only when there is something.

    Raises:
        DiskError: It cannot be read, or the database cannot be written to; nothing is lost.
    """
    if not waits(folder):
        return 0
    with taken(folder) as raw:
        return keep(queue(), [told for entry in _read(raw) if (told := _elsewhere(yard, entry, keep_key))])


def _read(raw: bytes) -> Iterator[Entry]:
    """The entries; a line that a full disk cut off is passed over."""
    for line in raw.splitlines():
        with contextlib.suppress(msgspec.DecodeError):
            yield msgspec.json.decode(line, type=Entry)


def _elsewhere(yard: Yard, entry: Entry, keep_key: KeepKey) -> Elsewhere | None:
    """None for an address that no hub of this installation reads any more."""
    try:
        made = draft(yard, entry.address, Options(to=entry.to), keep_key)
    except YardError:
        return None
    good = [file for file in entry.files if not file.get("error")]
    if len(entry.files) == 1:
        made = msgspec.structs.replace(made, title=Path(str(entry.files[0].get("path", ""))).name)
    return Elsewhere(
        msgspec.structs.replace(made, key=f"command {entry.id}"),
        entry.ended,
        entry.seconds,
        _sum(good, "size"),
        _sum(entry.files, "received"),
        {"files": entry.files},
        entry.error,
    )


def _sum(files: Sequence[dict[str, Any]], name: str) -> int:
    return sum(value for file in files if isinstance(value := file.get(name), int))
