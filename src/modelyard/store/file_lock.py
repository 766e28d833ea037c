"""A lock on an open file that ends with its holder: `flock`, or one byte of the file where there is none (Windows)."""

from __future__ import annotations

import os
import time

_BYTE = 1024
"""The byte that is locked on Windows; others cannot read it meanwhile, so notes in a lock file stand before it."""
_BETWEEN = 0.02
"""Seconds between two tries."""


def lock(descriptor: int) -> None:
    """Wait for the lock."""
    while not try_lock(descriptor):
        time.sleep(_BETWEEN)


def try_lock(descriptor: int) -> bool:
    """Take the lock without waiting; whether it is ours now."""
    try:
        import fcntl
    except ImportError:
        return _lock_windows(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_windows(descriptor: int) -> bool:
    import msvcrt

    locking, nonblocking = getattr(msvcrt, "locking"), getattr(msvcrt, "LK_NBLCK")  # noqa: B009  # only there
    os.lseek(descriptor, _BYTE, os.SEEK_SET)
    try:
        locking(descriptor, nonblocking, 1)
    except OSError:
        return False
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)
    return True
