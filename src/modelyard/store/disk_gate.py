"""The one gate through which the disk's errors become ours."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator

from modelyard.errors import DiskError, DiskFailed, DiskFull, FileTooBig, NoPermission, NoSuchFile, ReadOnlyDisk


def translate(error: OSError, path: str | os.PathLike[str]) -> DiskError:
    """The error of ours that a disk error means."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return DiskFull(f"No room left for {path}.")
        case errno.EFBIG:
            return FileTooBig(f"Files as large as {path} are not allowed here.")
        case errno.EACCES | errno.EPERM:
            return NoPermission(f"No right to write {path}.")
        case errno.EROFS:
            return ReadOnlyDisk(f"{path} is on a read-only file system.")
        case errno.EIO:
            return DiskFailed(f"The disk failed at {path}.")
        case errno.ENOENT | errno.ENOTDIR:
            return NoSuchFile(f"{path} is not there.")
        case errno.EMFILE | errno.ENFILE:
            return DiskError("This process has no file handle left.", hint="Raise `ulimit -n`.")
        case errno.ENAMETOOLONG:
            return DiskError(f"The name {path} is too long for this file system.", hint="Give a shorter one with --to.")
        case _:
            return DiskError(f"{path}: {error.strerror or error}.")


@contextlib.contextmanager
def disk_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn every OS error of the block into one of ours."""
    try:
        yield
    except OSError as error:
        raise translate(error, path) from error
