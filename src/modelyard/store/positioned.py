"""Reading and writing at an offset of an open file, also where a system has no call for it (Windows).

There the place is sought first, one caller at a time: several threads use one descriptor here.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence

_LOCKS = tuple(threading.Lock() for _ in range(16))
"""One for every sixteenth descriptor: a lock a file would have to be forgotten with it."""

READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
"""How a file is opened to read its bytes as they are."""

FLUSHED = READ if os.name != "nt" else os.O_RDWR | getattr(os, "O_BINARY", 0)
"""How a file is opened to be synced: Windows syncs only what may be written."""


def sought_read(fd: int, length: int, offset: int) -> bytes:
    """`os.pread` by seeking."""
    with _LOCKS[fd % len(_LOCKS)]:
        os.lseek(fd, offset, os.SEEK_SET)
        return os.read(fd, length)


def sought_read_into(fd: int, buffers: Sequence[memoryview | bytearray], offset: int) -> int:
    """`os.preadv` by seeking."""
    done = 0
    for buffer in buffers:
        view = memoryview(buffer)
        data = sought_read(fd, len(view), offset + done)
        view[: len(data)] = data
        done += len(data)
        if len(data) < len(view):
            break
    return done


def sought_write(fd: int, data: memoryview | bytes, offset: int) -> int:
    """`os.pwrite` by seeking."""
    with _LOCKS[fd % len(_LOCKS)]:
        os.lseek(fd, offset, os.SEEK_SET)
        return os.write(fd, data)


pread = os.pread if hasattr(os, "pread") else sought_read
preadv = os.preadv if hasattr(os, "preadv") else sought_read_into
pwrite = os.pwrite if hasattr(os, "pwrite") else sought_write
fdatasync = os.fdatasync if hasattr(os, "fdatasync") else os.fsync
