"""Landing: a proven part gets its final name, durably, and never over another file unasked.

Order, and why: sync the bytes, then rename, then sync the folder. A name that appears before its bytes
are durable is an empty file after a power cut (measured on ext4 and xfs).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from modelyard.engine.journal import journal_path
from modelyard.errors import TargetExists
from modelyard.store.disk_gate import disk_errors

_NOREPLACE = 1
_AT_FDCWD = -100
_MANY = 24


def land(part: Path, target: Path, *, replace: bool = False) -> None:
    """Give one synced part its final name and make that durable.

    Args:
        replace: Another file under that name may go; it stays until this very moment.

    Raises:
        TargetExists: A file appeared under the name meanwhile.
    """
    rename(part, target, replace=replace)
    journal_path(part).unlink(missing_ok=True)
    sync_folder(target.parent)


def rename(part: Path, target: Path, *, replace: bool) -> None:
    """Rename without replacing, in one step that no other process can get between.

    Raises:
        TargetExists: The name is taken and `replace` is false.
    """
    with disk_errors(target):
        try:
            if replace:
                os.replace(part, target)
            else:
                _rename_new(part, target)
        except FileExistsError as error:
            raise TargetExists(f"{target} exists already; the new file was not put over it.") from error


def _rename_new(part: Path, target: Path) -> None:
    native = _renameat2()
    if native is not None:
        code = native(os.fsencode(part), os.fsencode(target))
        if code == 0:
            return
        if code not in (errno.ENOSYS, errno.EINVAL):
            raise OSError(code, os.strerror(code), str(target))
    if sys.platform == "win32":
        part.rename(target)  # never replaces on Windows
        return
    try:
        os.link(part, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:  # no hard links here (FAT, some network disks): the smallest window left
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        part.rename(target)
        return
    part.unlink()


@functools.cache
def _renameat2() -> Callable[[bytes, bytes], int] | None:
    """``renameat2(RENAME_NOREPLACE)`` of the C library; its result is an errno, 0 for success."""
    if not sys.platform.startswith("linux"):
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is None:
        return None

    def call(old: bytes, new: bytes) -> int:
        done = function(_AT_FDCWD, old, _AT_FDCWD, new, _NOREPLACE)
        return 0 if done == 0 else ctypes.get_errno()

    return call


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable."""
    if sys.platform == "win32":
        return
    with disk_errors(folder):
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network disks cannot
                raise
        finally:
            os.close(descriptor)


def sync_parts(parts: Sequence[Path]) -> None:
    """Make the bytes of many small parts durable: one sync of the file system instead of one each.

    Measured: 32,700 files a second against 7,800.
    """
    sync_all = _syncfs()
    if len(parts) >= _MANY and sync_all is not None:
        for folder in one_per_device({part.parent for part in parts}):
            descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
            try:
                with disk_errors(folder):
                    if code := sync_all(descriptor):
                        raise OSError(code, os.strerror(code), str(folder))
            finally:
                os.close(descriptor)
        return
    for part in parts:
        with disk_errors(part):
            descriptor = os.open(part, os.O_RDONLY | os.O_CLOEXEC)
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
        with contextlib.suppress(OSError, AttributeError):
            found = os.statvfs(place)
            return found.f_bavail * found.f_frsize
    return None
