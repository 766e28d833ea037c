"""One file's bytes for two names: the second is replaced by a reflink, else by a hard link, after both were compared.

The replacement is made beside, read and compared with what it replaces, and takes its name in one step: a crash
leaves either file whole, and at most a hidden name beside, which the journal names.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from modelyard.errors import Busy, CannotShare, Damaged, NoSuchFile
from modelyard.library import writing
from modelyard.library.shifting.copying import BLOCK
from modelyard.library.shifting.failpoint import failpoint
from modelyard.library.shifting.journal import Mark, mark_of
from modelyard.store.opened import Opened, opened, refused

ENDING = ".share.json"
_FICLONE = 0x40049409
_F_SETSIG = 10
_NO_CLONES = (errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.EXDEV, errno.ENOSYS, errno.ENOTSUP)

Means = Literal["reflink", "hardlink"]


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What is being done, as its journal tells.

    Attributes:
        root: Of the file that stays; links resolved, as in all of these.
        kept: The file that stays.
        double: The file that is replaced.
        path: The same, as the caller calls it.
        temp: Name beside it under which the replacement is made.
        mark: Of the file that stays.
    """

    id: str
    root: str
    kept: str
    to_root: str
    double: str
    path: str
    temp: str
    mark: Mark


Settle = Callable[[Share], object]


def share(books: Path, one: Share, was: Mark, settle: Settle, count: Callable[[int], object] = lambda _: None) -> Means:
    """Replace a file by another name of the same bytes.

    Args:
        was: What the file to replace was when it was measured.
        settle: Brings the catalogue in line; may be called twice.

    Raises:
        CannotShare: The file systems know no way.
        Busy: Somebody has one of both open for writing, or changed it.
        Damaged: Their bytes differ.
        DiskError: The disk says no. In all cases both files are as they were.
    """
    kept, double = Path(one.kept), Path(one.double)
    journal = books / f"{one.id}{ENDING}"
    books.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with (
            opened(Path(one.root), kept.parent) as source,
            opened(Path(one.to_root), double.parent) as target,
            _quiet(source, kept.name, one.mark) as kept_quiet,
            _quiet(target, double.name, was) as double_quiet,
        ):
            writing.put(journal, msgspec.json.encode(one))
            failpoint("sharing")
            try:
                means = _second_name(source, kept.name, target, one.temp, double.name)
                failpoint("linked")
                _compare(target, one.temp, double.name, count)
                kept_quiet()
                double_quiet()
                target.replace(one.temp, double.name)
                failpoint("replaced")
            except BaseException:
                with contextlib.suppress(FileNotFoundError):
                    target.unlink(one.temp)
                journal.unlink()
                raise
            target.sync()
    except OSError as error:
        raise refused(error, double) from error
    settle(one)
    failpoint("shared")
    journal.unlink()
    return means


def recover(books: Path, settle: Settle) -> int:
    """Remove what a crash left beside, and bring the catalogue in line; gives how many there were."""
    count = 0
    for journal in sorted(books.glob(f"*{ENDING}")):
        one = msgspec.json.decode(journal.read_bytes(), type=Share)
        try:
            with opened(Path(one.to_root), Path(one.double).parent) as target:
                if target.stat(one.temp) is not None:
                    target.unlink(one.temp)
                found = target.stat(Path(one.double).name)
        except NoSuchFile:
            if not Path(one.to_root).is_dir():
                continue  # its drive is away
            found = None
        if found is not None and (found.st_dev, found.st_ino) == (one.mark.device, one.mark.inode):
            settle(one)
        journal.unlink()
        count += 1
    return count


def _second_name(source: Opened, name: str, target: Opened, temp: str, double: str) -> Means:
    if cloned(source, name, target, temp):
        like = target.stat(double)
        assert like is not None
        target.touch(temp, like)  # the times of the one that it replaces: what was measured of it stays
        return "reflink"
    try:
        source.link(name, target, temp)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOTSUP):
            raise
        raise CannotShare(
            f"{target.path} knows no links to {source.path / name}: {error.strerror}.", reason="no-links"
        ) from error
    return "hardlink"


def cloned(source: Opened, name: str, target: Opened, temp: str) -> bool:
    """Whether the file system could give the bytes a second, independent owner (btrfs, XFS)."""
    if not sys.platform.startswith("linux"):
        return False
    import fcntl

    before = source.open(name)
    try:
        mode = stat.S_IMODE(os.fstat(before).st_mode)
        new = target.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.ioctl(new, _FICLONE, before)
            os.fchmod(new, mode)
            os.fsync(new)
            return True
        except OSError as error:
            target.unlink(temp)
            if error.errno not in _NO_CLONES:
                raise
            return False
        finally:
            os.close(new)
    finally:
        os.close(before)


def _compare(folder: Opened, one: str, other: str, count: Callable[[int], object]) -> None:
    """Read both files whole.

    Raises:
        Damaged: They differ.
    """
    with (
        os.fdopen(folder.open(one), "rb", buffering=0) as first,
        os.fdopen(folder.open(other), "rb", buffering=0) as second,
    ):
        for file in (first, second):
            if hasattr(os, "posix_fadvise"):  # from the disk, not from memory
                with contextlib.suppress(OSError):
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while True:
            mine = _block(first.fileno())
            if mine != _block(second.fileno()):
                raise Damaged(
                    f"{folder.path / other} has other bytes than were measured, or its double has.",
                    hint="See which one is damaged: `modelyard verify --library`.",
                )
            if not mine:
                return
            count(len(mine))


def _block(descriptor: int) -> bytes:
    parts = []
    left = BLOCK
    while left and (part := os.read(descriptor, left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _check(folder: Opened, name: str, mark: Mark) -> None:
    found = folder.stat(name)
    if found is None or mark_of(found) != mark:
        raise Busy(f"{folder.path / name} is not what was measured any more.", hint="Run `modelyard scan`, then again.")


@contextlib.contextmanager
def _quiet(folder: Opened, name: str, mark: Mark) -> Iterator[Callable[[], None]]:
    """A file that nobody writes: where the system can tell (Linux), whoever opens it for that has to wait meanwhile.

    Yields:
        A check that it still is what it was, and that nobody waits to write it.

    Raises:
        Busy: Somebody has it open for writing, or it is not what was measured.
    """
    _check(folder, name, mark)
    if not sys.platform.startswith("linux"):
        yield lambda: _check(folder, name, mark)
        return
    descriptor = folder.open(name)
    try:
        leased = _leased(descriptor, folder.path / name)

        def check() -> None:
            _check(folder, name, mark)
            if leased and not _lease_stands(descriptor):
                raise _writing(folder.path / name)

        yield check
    finally:
        os.close(descriptor)


def _leased(descriptor: int, path: Path) -> bool:
    """Take a lease; False where the system gives none (another owner, network disks)."""
    import fcntl
    import signal

    try:
        fcntl.fcntl(descriptor, _F_SETSIG, signal.SIGURG)  # a signal that ends nobody
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        if error.errno == errno.EAGAIN:
            raise _writing(path) from error
        return False
    return True


def _lease_stands(descriptor: int) -> bool:
    import fcntl

    return fcntl.fcntl(descriptor, fcntl.F_GETLEASE) == fcntl.F_RDLCK


def _writing(path: Path) -> Busy:
    return Busy(f"{path} is open for writing.", hint="Close the program that writes it, then try again.")
