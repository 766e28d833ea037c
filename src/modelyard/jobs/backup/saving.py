"""A backup put into a file that only its owner may read."""

from __future__ import annotations

import contextlib
import os
import stat
import uuid
from collections.abc import Iterable
from pathlib import Path

from modelyard.errors import TargetExists
from modelyard.store.disk_gate import disk_errors
from modelyard.store.opened import Opened, pinned

_BEGIN = b'{"modelyard_backup":'


def save(path: Path, pieces: Iterable[bytes]) -> int:
    """Write a file that only its owner may read, whole or not at all; gives its bytes.

    Raises:
        TargetExists: Something that is no backup stands there.
        DiskError: The disk says no; what stood there stays.
    """
    name = f".modelyard-{uuid.uuid4().hex[:12]}.tmp"
    with disk_errors(path), pinned(path.parent) as folder:
        _check(folder, path)
        try:
            descriptor = folder.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as out:
                out.writelines(pieces)
                size = out.tell()
                out.flush()
                os.fsync(descriptor)
            _check(folder, path)
            folder.replace(name, path.name)
            folder.sync()
        finally:
            with contextlib.suppress(OSError):
                folder.unlink(name)
    return size


def _check(folder: Opened, path: Path) -> None:
    """Only an older backup may go for a newer one.

    Raises:
        TargetExists: Something else stands there.
    """
    there = folder.stat(path.name)
    if there is None:
        return
    plain = stat.S_ISREG(there.st_mode)
    if plain:
        with os.fdopen(folder.open(path.name), "rb") as found:
            plain = found.read(len(_BEGIN)) == _BEGIN
    if not plain:
        raise TargetExists(f"{path} is there already, and is no backup.", hint="Choose another name.")
