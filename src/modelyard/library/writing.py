"""A small file put whole and durably in the place of another: temporary beside, sync, rename, sync the folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from modelyard.errors import UnsafePath
from modelyard.library.passing import passing
from modelyard.library.shifting.failpoint import failpoint
from modelyard.store.disk_gate import translate
from modelyard.store.opened import sync_folder

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def put(path: Path, data: bytes) -> None:
    """Write a file in one step; one that is there keeps its mode, and stays until the new one is durable.

    Raises:
        UnsafePath: A link or something that is no plain file stands in its place.
        DiskError: The disk says no.
    """
    beside = passing(path.parent)
    try:
        mode = check_plain(path)
        descriptor = os.open(beside, _NEW, 0o666)
        try:
            with os.fdopen(descriptor, "wb") as file:
                if mode is not None and hasattr(os, "fchmod"):
                    os.fchmod(descriptor, mode)
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            failpoint("put-written")
            beside.replace(path)
            failpoint("put-named")
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise translate(error, path) from error


def check_plain(path: Path) -> int | None:
    """The mode of the file that stands there, None when there is none.

    Raises:
        UnsafePath: It is a link or no plain file.
    """
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise UnsafePath(f"{path} is a link or no plain file; it is not written through.")
    return stat.S_IMODE(found.st_mode)
