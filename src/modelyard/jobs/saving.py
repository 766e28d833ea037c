"""What was written down, put where a person says: whole or not at all, and only over an older one of its kind."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

import msgspec

from modelyard.errors import TargetExists
from modelyard.library.passing import passing
from modelyard.store.disk_gate import disk_errors
from modelyard.store.opened import Opened, pinned

_HEAD = 64


class Form(msgspec.Struct, frozen=True):
    """What is written.

    Attributes:
        name: In words.
        begins: How every file of it begins, in its first 64 bytes.
        mode: Who may read it.
    """

    name: str
    begins: re.Pattern[bytes]
    mode: int


BACKUP = Form("backup", re.compile(rb'\{"modelyard_backup":'), 0o600)
LOCKFILE = Form("lockfile", re.compile(rb'\{\s*"modelyard"\s*:'), 0o666)
HISTORY = Form("history", re.compile(rb'id,kind,title,|\[\s*(\{\s*"id"\s*:|\])'), 0o666)


def save(path: Path, pieces: Iterable[bytes], form: Form) -> int:
    """Write a file, whole or not at all; gives its bytes.

    Raises:
        TargetExists: Something that is none of the kind stands there.
        DiskError: The disk says no; what stood there stays.
    """
    name = passing(path.parent).name
    with disk_errors(path), pinned(path.parent) as folder:
        _check(folder, path, form)
        try:
            descriptor = folder.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, form.mode)
            with os.fdopen(descriptor, "wb") as out:
                out.writelines(pieces)
                size = out.tell()
                out.flush()
                os.fsync(descriptor)
            _check(folder, path, form)
            folder.replace(name, path.name)
            folder.sync()
        finally:
            with contextlib.suppress(OSError):
                folder.unlink(name)
    return size


def _check(folder: Opened, path: Path, form: Form) -> None:
    """Only an older one may go for a newer one.

    Raises:
        TargetExists: Something else stands there.
    """
    there = folder.stat(path.name)
    if there is None:
        return
    plain = stat.S_ISREG(there.st_mode)
    if plain:
        with os.fdopen(folder.open(path.name), "rb") as found:
            plain = form.begins.match(found.read(_HEAD)) is not None
    if not plain:
        raise TargetExists(f"{path} is there already, and is no {form.name}.", hint="Choose another name.")
