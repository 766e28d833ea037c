"""Landing: a proven part gets its final name, durably, and never over another file unasked.

Order, and why: sync the bytes, then rename, then sync the folder. A name that appears before its bytes
are durable is an empty file after a power cut (measured on ext4 and xfs).
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from modelyard.engine.journal import forget_journal
from modelyard.engine.part import PartFile
from modelyard.errors import TargetExists
from modelyard.store.disk_gate import disk_errors
from modelyard.store.opened import Opened, pinned
from modelyard.store.positioned import FLUSHED, READ

_MANY = 24


def land(part: PartFile, target: Path, *, replace: bool = False) -> None:
    """Give one synced part its final name and make that durable.

    Args:
        part: Held.
        target: Beside it.
        replace: Another file under that name may go; it stays until this very moment.

    Raises:
        TargetExists: A file appeared under the name meanwhile.
    """
    name(part, target, replace=replace)
    forget_journal(part)
    part.folder.sync()


def name(part: PartFile, target: Path, *, replace: bool) -> None:
    """Give a held part a name in its folder, in one step that no other process can get between.

    Raises:
        TargetExists: The name is taken and `replace` is false.
    """
    if not replace:
        _move(part.folder, part.path.name, part.folder, target)
        return
    with disk_errors(target):
        part.folder.replace(part.path.name, target.name)


def rename(path: Path, target: Path) -> None:
    """Rename a file without replacing, in one step that no other process can get between.

    Raises:
        TargetExists: The name is taken.
    """
    with pinned(path.parent) as source, pinned(target.parent) as folder:
        _move(source, path.name, folder, target)


def _move(source: Opened, old: str, folder: Opened, target: Path) -> None:
    with disk_errors(target):
        try:
            source.rename(old, folder, target.name)
        except FileExistsError as error:
            raise TargetExists(f"{target} exists already; the new file was not put over it.") from error


def sync_parts(parts: Sequence[PartFile]) -> None:
    """Make the bytes of many small parts durable: one sync of the file system instead of one each.

    Measured: 32,700 files a second against 7,800.
    """
    sync_all = _syncfs()
    if len(parts) < _MANY or sync_all is None:
        for part in parts:
            with disk_errors(part.path):
                os.fsync(part.fd)
        return
    for part in {os.fstat(part.fd).st_dev: part for part in parts}.values():
        with disk_errors(part.path):
            if code := sync_all(part.fd):
                raise OSError(code, os.strerror(code), str(part.path))


def sync_files(files: Sequence[Path]) -> None:
    """Make the bytes of many small files durable, as `sync_parts` does."""
    sync_all = _syncfs()
    if len(files) >= _MANY and sync_all is not None:
        for folder in one_per_device({file.parent for file in files}):
            descriptor = os.open(folder, READ)
            try:
                with disk_errors(folder):
                    if code := sync_all(descriptor):
                        raise OSError(code, os.strerror(code), str(folder))
            finally:
                os.close(descriptor)
        return
    for file in files:
        with disk_errors(file):
            descriptor = os.open(file, FLUSHED)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def one_per_device(folders: Iterable[Path]) -> list[Path]:
    """One of the folders for each disk."""
    return list({folder.stat().st_dev: folder for folder in folders}.values())


@functools.cache
def _syncfs() -> Callable[[int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if function is None:
        return None
    return lambda descriptor: 0 if function(descriptor) == 0 else ctypes.get_errno()


def free_bytes(folder: Path) -> int | None:
    """Bytes that we may still write on the disk of `folder` (or its nearest parent); None when unknown."""
    for place in (folder, *folder.parents):
        with contextlib.suppress(OSError):
            return shutil.disk_usage(place).free
    return None
