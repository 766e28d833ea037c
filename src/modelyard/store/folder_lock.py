"""Whose a data folder is: a service, or a command while it changes something, keeps a file in it locked."""

from __future__ import annotations

import os
from pathlib import Path

from modelyard.store.file_lock import try_lock

LOCK = "service.lock"


def held_by(folder: Path) -> int | None:
    """The process that holds the folder, 0 when it has not said so yet; None when nobody holds it.

    To know it the lock is taken for an instant, so whoever wants to hold the folder has to wait that long.
    """
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return None
    try:
        return None if try_lock(descriptor) else holder_of(descriptor)
    finally:
        os.close(descriptor)


def holder_of(descriptor: int) -> int:
    """The process that the open lock file names, 0 when it names none."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    told = os.read(descriptor, 20).decode("ascii", "replace").strip()
    return int(told) if told.isascii() and told.isdigit() else 0
