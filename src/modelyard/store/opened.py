"""A folder opened name by name without following links: what is swapped for a link meanwhile is refused.

Where the system has no descriptors of folders (Windows) the same calls go by path.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from modelyard.errors import DiskError, TargetExists, UnsafePath
from modelyard.store.disk_gate import translate

_BY_DESCRIPTOR = os.open in os.supports_dir_fd and os.rename in os.supports_dir_fd
_ANYWHERE = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER = _ANYWHERE | getattr(os, "O_NOFOLLOW", 0)
_WAY = _FOLDER | getattr(os, "O_PATH", 0)
"""A folder that is only passed through: it need not be readable."""
_FILE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NOREPLACE = 1


class Opened:
    """One open folder. Names are single components; `close` it, or use `opened`."""

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path = path
        self.descriptor = descriptor

    def stat(self, name: str) -> os.stat_result | None:
        """What stands under a name, links not followed; None when nothing does."""
        try:
            return os.stat(self._at(name), dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def names(self) -> list[str]:
        """Everything in it."""
        return sorted(os.listdir(self.path if self.descriptor is None else self.descriptor))

    def open(self, name: str, flags: int = os.O_RDONLY, mode: int = 0o666) -> int:
        """A descriptor of a file; a link is refused."""
        return os.open(self._at(name), flags | _FILE, mode, dir_fd=self.descriptor)

    def read(self, name: str, most: int) -> bytes:
        """A small file.

        Raises:
            DiskError: It has more than `most` bytes, or cannot be read.
        """
        try:
            with os.fdopen(self.open(name), "rb") as file:
                data = file.read(most + 1)
        except OSError as error:
            raise refused(error, self.path / name) from error
        if len(data) > most:
            raise DiskError(f"{self.path / name} is larger than {most:,} bytes.")
        return data

    def write(self, name: str, data: bytes) -> None:
        """Put a small new file, durable when this returns."""
        with os.fdopen(self.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        self.sync()

    def sub(self, name: str, *, make: bool = False) -> Opened:
        """A folder in it, opened; made first where asked and missing."""
        at = self._at(name)
        if make:
            with contextlib.suppress(FileExistsError):
                os.mkdir(at, dir_fd=self.descriptor)
                self.sync()
        if self.descriptor is None:
            found = os.lstat(self.path / name)
            if not stat.S_ISDIR(found.st_mode):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(self.path / name))
            return Opened(self.path / name, None)
        return Opened(self.path / name, os.open(at, _FOLDER, dir_fd=self.descriptor))

    def rename(self, name: str, other: Opened, new: str) -> None:
        """Rename into a folder, never over anything.

        Raises:
            FileExistsError: The name is taken.
        """
        native = _renameat2() if self.descriptor is not None and other.descriptor is not None else None
        if native is not None:
            code = native(self.descriptor, os.fsencode(name), other.descriptor, os.fsencode(new))
            if code == 0:
                return
            if code not in (errno.ENOSYS, errno.EINVAL):
                raise OSError(code, os.strerror(code), str(other.path / new))
        self._rename_slowly(name, other, new)

    def _rename_slowly(self, name: str, other: Opened, new: str) -> None:
        """Where the system has no rename that never replaces: link and unlink, else with the smallest window left."""
        found = self.stat(name)
        if other.descriptor is not None and found is not None and stat.S_ISREG(found.st_mode):
            try:
                os.link(name, new, src_dir_fd=self.descriptor, dst_dir_fd=other.descriptor, follow_symlinks=False)
            except OSError as error:  # else no hard links here (FAT, some network disks)
                if isinstance(error, FileExistsError):
                    raise
            else:
                self.unlink(name)
                return
        if other.stat(new) is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(other.path / new))
        os.rename(self._at(name), other._at(new), src_dir_fd=self.descriptor, dst_dir_fd=other.descriptor)

    def replace(self, name: str, old: str) -> None:
        """Rename over a file of this folder."""
        os.replace(self._at(name), self._at(old), src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def link(self, name: str, other: Opened, new: str) -> None:
        """Give a file a second name in a folder of the same file system."""
        where = {"src_dir_fd": self.descriptor, "dst_dir_fd": other.descriptor} if self.descriptor is not None else {}
        os.link(self._at(name), other._at(new), **where, follow_symlinks=False)

    def symlink(self, text: str, name: str) -> None:
        """Make a symlink that says `text`."""
        os.symlink(text, self._at(name), dir_fd=self.descriptor)

    def said_by(self, name: str) -> str:
        """What a symlink says."""
        return os.readlink(self._at(name), dir_fd=self.descriptor)

    def unlink(self, name: str) -> None:
        """Remove a name."""
        os.unlink(self._at(name), dir_fd=self.descriptor)

    def rmdir(self, name: str) -> None:
        """Remove an empty folder."""
        os.rmdir(self._at(name), dir_fd=self.descriptor)

    def mkdir(self, name: str) -> None:
        """Make a folder."""
        os.mkdir(self._at(name), dir_fd=self.descriptor)

    def touch(self, name: str, like: os.stat_result) -> None:
        """Give a file the times of another."""
        follow = {} if os.utime not in os.supports_follow_symlinks else {"follow_symlinks": False}
        os.utime(self._at(name), ns=(like.st_atime_ns, like.st_mtime_ns), dir_fd=self.descriptor, **follow)  # type: ignore[arg-type]

    def sync(self) -> None:
        """Make its names durable.

        Raises:
            DiskError: The disk failed.
        """
        if self.descriptor is None:
            return  # Windows opens no folder for that
        try:
            os.fsync(self.descriptor)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network disks cannot
                raise refused(error, self.path) from error

    def close(self) -> None:
        """Close it."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _at(self, name: str) -> str:
        if not name or "/" in name or name in (".", "..") or (os.altsep and os.sep in name):
            raise UnsafePath(f"{name[:80]!r} is no name inside a folder.")
        return name if self.descriptor is not None else str(self.path / name)


@contextlib.contextmanager
def opened(root: Path, folder: Path, *, make: bool = False) -> Iterator[Opened]:
    """A folder below a root for the length of a block.

    Args:
        root: Where links end: none is followed below it.
        folder: The root itself, or a path below it.
        make: Make what is missing of the way.

    Raises:
        UnsafePath: It does not lie below the root, or a link stands in the way.
        DiskError: It cannot be opened.
    """
    try:
        parts = folder.relative_to(root).parts
    except ValueError:
        raise UnsafePath(f"{folder} does not lie below {root}.") from None
    try:
        here = Opened(root, os.open(root, _FOLDER) if _BY_DESCRIPTOR else None)
        for part in parts:
            with here:
                here = here.sub(part, make=make)
    except OSError as error:
        raise refused(error, folder) from error
    with here:
        yield here


def pinned(folder: Path, within: str = "") -> Opened:
    """A folder as it is now, wherever links lead; whoever swaps a part of its way later moves nothing of ours.

    Args:
        folder: It is there.
        within: A real path that it must lie in; empty asks for none.

    Raises:
        UnsafePath: It leads out of `within`, or somebody swaps a part of its way this very moment.
        DiskError: It cannot be opened.
    """
    try:
        held = _as_told(folder) or _step_by_step(folder)
    except OSError as error:
        raise refused(error, folder) from error
    if within and not held.path.is_relative_to(within):
        held.close()
        raise UnsafePath(f"{folder} leads to {held.path} by now, which is outside {within}.")
    return held


def _as_told(folder: Path) -> Opened | None:
    """A folder and the real path that Linux tells of the very descriptor; None where it does not."""
    if not sys.platform.startswith("linux"):
        return None
    descriptor = -1
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, _ANYWHERE)
        real = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115  # once a file, and half the time
        if os.path.samestat(os.stat(real), os.fstat(descriptor)):  # it was neither removed nor is it hidden from us
            return Opened(Path(real), descriptor)
    if descriptor >= 0:
        os.close(descriptor)
    return None


def _step_by_step(folder: Path) -> Opened:
    """A folder by its real path, no link followed on the way."""
    real = Path(os.path.realpath(folder, strict=True))
    if not _BY_DESCRIPTOR:
        return Opened(real, None)
    *way, last = real.parts
    here = None
    for part, flags in [*((part, _WAY) for part in way), (last, _FOLDER)]:
        try:
            below = os.open(part, flags, dir_fd=here)
        finally:
            if here is not None:
                os.close(here)
        here = below
    return Opened(real, here)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable, wherever links lead.

    Raises:
        DiskError: The disk failed, or the folder cannot be opened.
    """
    try:
        held = Opened(folder, os.open(folder, _ANYWHERE) if _BY_DESCRIPTOR else None)
    except OSError as error:
        raise refused(error, folder) from error
    with held:
        held.sync()


def refused(error: OSError, path: Path) -> DiskError:
    """The error of ours that a refusal of the system means."""
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return UnsafePath(f"{path}: a link or a file stands where a folder should.", hint="Was it changed just now?")
    if isinstance(error, FileExistsError):
        return TargetExists(f"{path} exists already; nothing was put over it.", hint="Choose another name or folder.")
    return translate(error, path)


@functools.cache
def _renameat2() -> Callable[[int | None, bytes, int | None, bytes], int] | None:
    """``renameat2(RENAME_NOREPLACE)`` of the C library; its result is an errno, 0 for success."""
    if not sys.platform.startswith("linux"):
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is None:
        return None

    def call(old_folder: int | None, old: bytes, new_folder: int | None, new: bytes) -> int:
        done = function(old_folder, old, new_folder, new, _NOREPLACE)
        return 0 if done == 0 else ctypes.get_errno()

    return call
