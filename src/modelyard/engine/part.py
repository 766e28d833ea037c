"""The part: a file not yet proven, beside its target, held by one process at a time.

This is where bytes reach the disk: `PartFile.write`.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import mmap
import os
import sys
from pathlib import Path

from modelyard.engine.blocks import BLOCK
from modelyard.errors import UnsafePath
from modelyard.store.disk_gate import disk_errors
from modelyard.store.opened import pinned
from modelyard.store.positioned import fdatasync, pread, preadv, pwrite

DIRECT_FROM = 64 * 2**20
"""Files of at least this size bypass the page cache on Linux disks: a quarter of the CPU, and the
cache keeps the models in use (measured, facts engine 6)."""

_ALIGNED = 4096


def part_path(target: Path, identity: str) -> Path:
    """Name of the part of `target` for the bytes that `identity` describes (a digest, or its address).

    The same request finds the same part again; another version of the file gets another one.
    """
    mark = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:10]
    stem = os.fsdecode(os.fsencode(target.name)[:180])
    return target.with_name(f".{stem}.{mark}.part")


class PartFile:
    """The open part, in a folder that stays the one it was, whatever links are swapped meanwhile.

    Args:
        within: A real path that its folder must lie in; empty asks for none.
    """

    def __init__(self, path: Path, within: str = "") -> None:
        self.path = path
        self._direct_fd = -1
        self._direct = False
        self.folder = pinned(path.parent, within)
        try:
            self.fd = self._open()
        except BaseException:
            self.folder.close()
            raise

    def _open(self) -> int:
        with disk_errors(self.path):
            return self.folder.open(self.path.name, os.O_RDWR | os.O_CREAT, 0o644)

    def reopen(self) -> None:
        """Begin with a new file: somebody removed or renamed the one that we hold.

        Raises:
            DiskError: Something else stands under the name, a link or a folder.
        """
        fresh = self._open()
        self._close_files()
        self.fd = fresh

    def empty(self) -> None:
        """Throw the bytes away; a file that is no longer ours, perhaps somebody's finished model, is let go."""
        if self.still_ours():
            self.truncate(0)
        else:
            self.reopen()

    def trim(self, size: int) -> None:
        """Cut off what lies beyond `size`."""
        if self.size() > size:
            self.truncate(size)

    def go_direct(self) -> None:
        """Write past the page cache where the file system allows it."""
        if sys.platform == "linux" and self._direct_fd < 0 and not _in_memory(os.fstat(self.fd).st_dev):
            with contextlib.suppress(OSError):
                flags = os.O_WRONLY | os.O_CLOEXEC | os.O_DIRECT
                self._direct_fd = os.open(f"/proc/self/fd/{self.fd}", flags)
        self._direct = self._direct_fd >= 0

    @property
    def direct(self) -> bool:
        """Whether aligned writes bypass the page cache."""
        return self._direct

    def buffer_again(self) -> None:
        """Write through the page cache from now on: pieces that come out of order are read back soon.

        The descriptor stays open until the part is closed: another thread may be writing to it, and its number
        must not become another file's.
        """
        self._direct = False

    def write(self, view: memoryview, offset: int) -> None:
        """Put bytes at `offset`.

        Raises:
            DiskFull, DiskFailed, FileTooBig: See `disk_gate`.
        """
        with disk_errors(self.path):
            if self._direct and offset % _ALIGNED == 0:
                even = len(view) - len(view) % _ALIGNED
                if even:
                    even = self._write_direct(view[:even], offset)
                view, offset = view[even:], offset + even
            while view:
                count = pwrite(self.fd, view, offset)
                view, offset = view[count:], offset + count

    def _write_direct(self, view: memoryview, offset: int) -> int:
        done = 0
        try:
            while done < len(view):
                done += pwrite(self._direct_fd, view[done:], offset + done)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            self.buffer_again()
        return done

    def read(self, offset: int, length: int) -> bytes:
        """Bytes that are on disk; fewer at the end of the file."""
        with disk_errors(self.path):
            return pread(self.fd, length, offset)

    def read_into(self, view: memoryview, offset: int) -> int:
        """Read back into `view`; fewer bytes at the end of the file."""
        with disk_errors(self.path):
            return preadv(self.fd, [view], offset)

    def size(self) -> int:
        """Bytes of the file now."""
        with disk_errors(self.path):
            return os.fstat(self.fd).st_size

    def truncate(self, size: int) -> None:
        """Cut the file, or grow it with a hole."""
        with disk_errors(self.path):
            os.ftruncate(self.fd, size)

    def sync(self) -> None:
        """Make the bytes durable. A failed sync is final: the kernel forgets which pages were lost."""
        with disk_errors(self.path):
            fdatasync(self.fd)

    def still_ours(self) -> bool:
        """Whether the name still leads to the file that we hold open."""
        try:
            there, ours = self.folder.stat(self.path.name), os.fstat(self.fd)
        except OSError:
            return False
        return there is not None and os.path.samestat(there, ours)

    def check_place(self) -> None:
        """See that its path still leads to it, so that it lands where a person looks for it.

        Raises:
            UnsafePath: The folder was moved or replaced; the bytes wait in the old one.
        """
        try:
            there = os.lstat(self.path)
        except OSError:
            there = None
        if there is None or not os.path.samestat(there, os.fstat(self.fd)):
            raise UnsafePath(
                f"{self.path.parent} was moved or replaced while {self.path.name} was being fetched.",
                hint="Put the folder back and try again: it goes on from the bytes that are there.",
            )

    def remove(self) -> None:
        """Take its name away; the bytes go when it is closed."""
        with disk_errors(self.path), contextlib.suppress(FileNotFoundError):
            self.folder.unlink(self.path.name)

    def close(self) -> None:
        """Close without removing. Nobody may write any more."""
        self._close_files()
        self.folder.close()

    def _close_files(self) -> None:
        self._direct = False
        for descriptor in (self._direct_fd, self.fd):
            if descriptor >= 0:
                with contextlib.suppress(OSError):
                    os.close(descriptor)
        self._direct_fd = self.fd = -1


@functools.cache
def _in_memory(device: int) -> bool:
    """Whether a device is tmpfs: there direct writes are taken, and cost more than plain ones (measured)."""
    numbers = f"{os.major(device)}:{os.minor(device)}"
    try:
        mounts = Path("/proc/self/mountinfo").read_text("utf-8").splitlines()
    except OSError:
        return False
    return any(line.split()[2] == numbers and " - tmpfs " in line for line in mounts)


def new_buffer(blocks: int) -> memoryview:
    """A page-aligned buffer of whole blocks, fit for direct writes."""
    return memoryview(mmap.mmap(-1, blocks * BLOCK))
