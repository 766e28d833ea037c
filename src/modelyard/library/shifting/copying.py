"""Copies that are proven: hashed while they are written, synced, read back from the disk and compared."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable

from modelyard.errors import Busy, Damaged, UnsafePath
from modelyard.store.opened import Opened

BLOCK = 4 << 20
Count = Callable[[int], object]
"""Called with the bytes of each block; may raise to stop."""


def copy(source: Opened, name: str, target: Opened, new: str, count: Count = lambda _: None) -> None:
    """Copy one file with its mode and time; durable and proven when this returns.

    Raises:
        UnsafePath: It is a link or no plain file.
        Damaged: The disk gave back other bytes than were written.
        Busy: It was changed while it was read.
        OSError: The disk says no.
    """
    descriptor = source.open(name)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise UnsafePath(f"{source.path / name} is no plain file.")
        written = _pour(file.fileno(), target, new, stat.S_IMODE(before.st_mode), count)
        after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise Busy(f"{source.path / name} is being changed.", hint="Wait until its program is done with it.")
    target.touch(new, before)
    if _read_back(target, new, count) != written:
        raise Damaged(f"{target.path} gave back other bytes than were written.", hint="Check that disk.")


def _pour(descriptor: int, target: Opened, new: str, mode: int, count: Count) -> bytes:
    hashed = hashlib.sha256()
    with os.fdopen(target.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0) as out:
        while block := os.read(descriptor, BLOCK):
            hashed.update(block)
            view = memoryview(block)
            while view:
                view = view[out.write(view) :]
            count(len(block))
        if hasattr(os, "fchmod"):
            os.fchmod(out.fileno(), mode)
        os.fsync(out.fileno())
    return hashed.digest()


def _read_back(folder: Opened, name: str, count: Count) -> bytes:
    hashed = hashlib.sha256()
    with os.fdopen(folder.open(name), "rb", buffering=0) as file:
        if hasattr(os, "posix_fadvise"):  # from the disk, not from memory
            with contextlib.suppress(OSError):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while block := file.read(BLOCK):
            hashed.update(block)
            count(0)
    return hashed.digest()


def copy_tree(source: Opened, target: Opened, device: int, count: Count = lambda _: None) -> None:
    """Copy everything in a folder.

    Args:
        device: Of the folder; another one mounted in it is refused.

    Raises:
        UnsafePath: A link, another device or no plain file is in it.
    """
    for name in source.names():
        found = source.stat(name)
        if found is None:
            continue
        if found.st_dev != device or not (stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)):
            raise UnsafePath(f"{source.path / name} is a link or another disk; the folder cannot be copied as a whole.")
        if stat.S_ISDIR(found.st_mode):
            target.mkdir(name)
            with source.sub(name) as below, target.sub(name) as beside:
                copy_tree(below, beside, device, count)
        else:
            copy(source, name, target, name, count)
    target.sync()


def remove_copied(source: Opened, target: Opened) -> bool:
    """Remove from a folder what stands the same (size and time) in its copy; whether nothing is left."""
    empty = True
    for name in source.names():
        old, new = source.stat(name), target.stat(name)
        if old is None:
            continue
        if stat.S_ISDIR(old.st_mode) and new is not None and stat.S_ISDIR(new.st_mode):
            with source.sub(name) as below, target.sub(name) as beside:
                gone = remove_copied(below, beside)
            if gone:
                source.rmdir(name)
            empty = empty and gone
        elif new is not None and (old.st_size, old.st_mtime_ns) == (new.st_size, new.st_mtime_ns):
            source.unlink(name)
        else:
            empty = False
    return empty


def remove_tree(folder: Opened, name: str) -> None:
    """Remove a folder of ours with everything in it; links in it are removed, not followed."""
    with folder.sub(name) as below:
        for one in below.names():
            found = below.stat(one)
            if found is not None and stat.S_ISDIR(found.st_mode):
                remove_tree(below, one)
            else:
                below.unlink(one)
    folder.rmdir(name)
