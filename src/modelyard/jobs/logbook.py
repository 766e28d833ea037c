"""What commands fetched by themselves, written down beside the database: the next who opens that takes it in.

A command neither waits for the service nor opens a database for this: one line is appended under a lock.
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from modelyard.store.disk_gate import disk_errors
from modelyard.store.file_lock import lock

if TYPE_CHECKING:
    from modelyard.jobs.download import Download
    from modelyard.jobs.wish import Outcome

_NAME = "fetched.jsonl"
LARGEST = 16 * 2**20
"""Bytes after which nothing more is written down until somebody takes it in."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One model or file that a command fetched.

    Attributes:
        id: Of this one time.
        address: Whole, without keys.
        files: Outcomes as data, see `Outcome.as_dict`.
    """

    id: str
    address: str
    to: str
    ended: float
    seconds: float
    files: list[dict[str, Any]]
    error: dict[str, Any] | None = None


def write_down(folder: Path, download: Download, seconds: float) -> None:
    """Append what a download fetched, or failed to; what lay there already is no news.

    Args:
        folder: The data folder.
        seconds: How long it ran.
    """
    lines = b"".join(msgspec.json.encode(entry) + b"\n" for entry in _entries(download, seconds))
    if not lines:
        return
    with contextlib.suppress(OSError):  # a disk without room: the file is what counts, not its entry
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _opened(folder / _NAME, create=True) as descriptor:
            if os.fstat(descriptor).st_size + len(lines) <= LARGEST:
                os.write(descriptor, lines)


def waits(folder: Path) -> bool:
    """Whether there is something to take in."""
    with contextlib.suppress(OSError):
        return (folder / _NAME).stat().st_size > 0
    return False


@contextlib.contextmanager
def taken(folder: Path) -> Iterator[bytes]:
    """What was written down; emptied when the block ends without an error, while nobody else can write."""
    path = folder / _NAME
    with disk_errors(path), _opened(path) as descriptor:
        with open(descriptor, "rb", closefd=False) as file:
            raw = file.read(LARGEST)
        yield raw
        os.ftruncate(descriptor, 0)  # Windows removes no open file


def _entries(download: Download, seconds: float) -> Iterator[Entry]:
    """One for each model; a single file is its own."""
    models: dict[str, list[Outcome]] = {}
    for outcome in download.outcomes:
        if outcome.received or outcome.error:
            one = outcome.planned
            models.setdefault(one.hub.show(replace(one.offer.address, path=None)), []).append(outcome)
    total = sum(outcome.received for each in models.values() for outcome in each) or 1
    for model, outcomes in models.items():
        first, alone = outcomes[0], len(outcomes) == 1
        error = next((outcome.error for outcome in outcomes if outcome.error), None)
        yield Entry(
            id=uuid.uuid4().hex,
            address=first.planned.hub.show(first.planned.offer.address) if alone else model,
            to=str(first.target if alone else first.planned.place.root) + ("" if alone else os.sep),
            ended=time.time(),
            seconds=seconds * sum(outcome.received for outcome in outcomes) / total,
            files=[outcome.as_dict() for outcome in outcomes],
            error=error.as_dict() if error else None,
        )


@contextlib.contextmanager
def _opened(path: Path, *, create: bool = False) -> Iterator[int]:
    """The file, locked."""
    flags = os.O_RDWR | os.O_APPEND | (os.O_CREAT if create else 0)
    for extra in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, extra, 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        lock(descriptor)
        yield descriptor
    finally:
        os.close(descriptor)
