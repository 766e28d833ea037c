"""Puts a changed workflow to the disk: whole or not at all, and never over what nobody read."""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec

from modelyard.errors import NoWorkflow, TargetExists
from modelyard.store.disk_gate import disk_errors
from modelyard.store.opened import Opened, pinned

_OURS_ALONE = 0o600
_PUBLIC = 0o666


class Read(msgspec.Struct, frozen=True):
    """The bytes of a file as they were read.

    Attributes:
        found: What the system said of the file then; None when it came from no file.
    """

    raw: bytes
    found: os.stat_result | None = None


def read(path: Path, most: int) -> Read:
    """A whole file.

    Raises:
        NoWorkflow: It has more than `most` bytes.
        DiskError: It cannot be read.
    """
    with disk_errors(path), path.open("rb") as file:
        found = os.fstat(file.fileno())
        raw = file.read(most + 1)
    if len(raw) > most:
        raise NoWorkflow("It is too large to be changed.", hint="Save the workflow as JSON, and fix that.")
    return Read(raw, found)


def create(path: Path, data: bytes, like: os.stat_result | None = None) -> None:
    """Put a new file, durably; the same file being there already is no error.

    Args:
        like: Who may read this one may read the new one, and nobody else.

    Raises:
        TargetExists: Another file has the name.
        DiskError: The disk says no; nothing is left then.
    """
    with disk_errors(path), pinned(path.parent) as folder, _written(folder, data, like) as temporary:
        try:
            folder.rename(temporary, folder, path.name)
        except FileExistsError as error:
            if _holds(folder, path.name, data):
                return  # it was fixed before
            raise TargetExists(f"{path} exists already.", hint="Name another one with --output.") from error
        folder.sync()


def replace(path: Path, was: Read, data: bytes) -> None:
    """Change a file; what it was is kept as NAME.bak, or with a number where that is taken.

    Raises:
        TargetExists: It is no longer what was read: somebody saved it meanwhile.
        DiskError: The disk says no; the file is as it was then.
    """
    with disk_errors(path), pinned(path.parent) as folder, _written(folder, data, was.found) as temporary:
        _check(folder, path, was)
        _keep(path, was)
        _check(folder, path, was)
        folder.replace(temporary, path.name)
        folder.sync()


def _check(folder: Opened, path: Path, was: Read) -> None:
    now = folder.stat(path.name)
    if now is None or was.found is None or _stamp(now) != _stamp(was.found):
        raise TargetExists(
            f"{path} was changed since it was read; it is left as it is now.", hint="Run the same line again."
        )


def _keep(path: Path, was: Read) -> None:
    for number in itertools.chain([""], map(str, range(1, 1000))):
        try:
            return create(path.with_name(f"{path.name}.bak{number}"), was.raw, was.found)
        except TargetExists:
            continue
    raise TargetExists(f"{path.name}.bak and 999 more exist already.", hint="Move some of them away.")


@contextlib.contextmanager
def _written(folder: Opened, data: bytes, like: os.stat_result | None) -> Iterator[str]:
    """A durable file of another name, for the length of a block; it goes when it got no name of its own."""
    name = f".modelyard-{uuid.uuid4().hex[:12]}.tmp"
    mode = _PUBLIC if like is None else stat.S_IMODE(like.st_mode) & 0o777
    try:
        descriptor = folder.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode if like is None else _OURS_ALONE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if like is not None and hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        yield name
    finally:
        with contextlib.suppress(OSError):
            folder.unlink(name)


def _holds(folder: Opened, name: str, data: bytes) -> bool:
    there = folder.stat(name)
    if there is None or not stat.S_ISREG(there.st_mode) or there.st_size != len(data):
        return False
    return folder.read(name, len(data)) == data


def _stamp(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
