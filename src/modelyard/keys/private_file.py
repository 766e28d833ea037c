"""Files that only their owner may read: opened without following links, written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from modelyard.errors import NoPermission, UnsafePath

_LARGEST = 1024 * 1024
_PLAIN = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # a pipe in its place must not hold us up


def read_private(path: Path, largest: int = _LARGEST) -> bytes | None:
    """What a private file holds, None when there is none.

    Raises:
        UnsafePath: It is a link or no plain file, belongs to somebody else, or others may read it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _PLAIN | _NO_WAIT)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnsafePath(f"{path} cannot be opened as a plain file: {error.strerror}.") from error
    try:
        _check(path, os.fstat(descriptor))
        return os.read(descriptor, largest)
    finally:
        os.close(descriptor)


def write_private(path: Path, data: bytes) -> None:
    """Put bytes into a 0600 file, durably and in one step.

    Raises:
        NoPermission: The folder cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _PLAIN, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        beside.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise NoPermission(f"{path} cannot be written: {error.strerror}.") from error


def _check(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise UnsafePath(f"{path} is no plain file.")
    if not hasattr(os, "getuid"):  # Windows: the profile folder's own rights guard it
        return
    if found.st_uid != os.getuid():
        raise UnsafePath(f"{path} belongs to another user.", hint="Move it away and store what it held again.")
    if found.st_mode & 0o077:
        raise UnsafePath(f"Others may read {path}.", hint=f"Run chmod 600 {path}, and renew what it holds if they did.")


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened for that there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
