"""Room kept aside for the database, so that a full disk is still written down (promise 8)."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_SIZE = 8 * 2**20


class Reserve:
    """A file that is only there to be given up.

    Args:
        path: Where it lies, on the disk of the database.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def fill(self) -> None:
        """Take the room again, when there is enough of it."""
        with contextlib.suppress(OSError):
            if self._path.exists() and self._path.stat().st_size >= _SIZE:
                return
            if _free(self._path.parent) > 4 * _SIZE:
                self._write()

    def release(self) -> None:
        """Give the room to the database."""
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        with self._path.open("wb") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, _SIZE)
            else:
                file.write(bytes(_SIZE))


def _free(folder: Path) -> int:
    if hasattr(os, "statvfs"):
        found = os.statvfs(folder)
        return found.f_bavail * found.f_frsize
    import shutil

    return shutil.disk_usage(folder).free
