"""A second name for a file in another tree: by reflink, hard link, symlink or copy, the first that works.

It is made beside under a hidden name, told to the caller, and only then given its name; it never replaces anything.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from modelyard.errors import CannotLend, TargetExists, UnsafePath
from modelyard.library.shifting.copying import Count, copy
from modelyard.library.shifting.failpoint import failpoint
from modelyard.library.shifting.journal import Mark, mark_of
from modelyard.library.shifting.sharing import cloned
from modelyard.store.opened import Opened, opened, refused

Way = Literal["reflink", "hardlink", "symlink", "copy"]
_NO_LINKS = (errno.EXDEV, errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS)
_NO_PRIVILEGE = 1314
"""Windows: symlinks need Developer Mode or an administrator."""

Told = Callable[[Way, Mark], object]
"""Writes down what was made before it takes its name."""


def second_name(
    base: Path, source: Path, to_base: Path, target: Path, temp: str, ways: Sequence[Way], told: Told, count: Count
) -> Way:
    """Give a file a second name below another folder.

    Args:
        base: Where links end on the source's side, as `to_base` on the other.
        temp: The hidden name beside the target.
        ways: Those that are allowed, in the order in which they are tried.

    Raises:
        TargetExists: Something stands in the place.
        CannotLend: No allowed way works there.
        DiskError: The disk says no; nothing is left beside.
    """
    try:
        with opened(base, source.parent) as one, opened(to_base, target.parent, make=True) as other:
            found = one.stat(source.name)
            if found is None or not stat.S_ISREG(found.st_mode):
                raise UnsafePath(f"{source} is a link or no plain file.", hint="Was it changed just now?")
            if other.stat(target.name) is not None:
                raise TargetExists(f"{target} exists already; nothing was put over it.", hint="See what it is first.")
            try:
                for way in ways:
                    if not _made(way, one, source, other, temp, count):
                        continue
                    failpoint("named")
                    found = other.stat(temp)
                    assert found is not None
                    told(way, mark_of(found))
                    failpoint("marked")
                    other.rename(temp, other, target.name)
                    failpoint("placed")
                    other.sync()
                    return way
            except BaseException:
                with contextlib.suppress(OSError):
                    other.unlink(temp)
                raise
    except OSError as error:
        raise refused(error, target) from error
    tried = ", ".join(ways) or "none"
    raise CannotLend(
        f"{target.parent} cannot have a second name of {source} (tried: {tried}).",
        hint="A copy would do, for its bytes once more: --copy.",
    )


def _made(way: Way, one: Opened, source: Path, other: Opened, temp: str, count: Count) -> bool:
    if way == "reflink":
        if not cloned(one, source.name, other, temp):
            return False
        like = one.stat(source.name)
        if like is not None:
            other.touch(temp, like)
        return True
    if way == "copy":
        copy(one, source.name, other, temp, count)
        return True
    try:
        if way == "hardlink":
            one.link(source.name, other, temp)
        else:
            other.symlink(str(source), temp)
    except OSError as error:
        if error.errno in _NO_LINKS or getattr(error, "winerror", 0) == _NO_PRIVILEGE:
            return False
        raise
    return True


def take_away(to_base: Path, target: Path, is_ours: Callable[[Opened, str], bool]) -> bool:
    """Remove a name that we made, when it still is ours; whether nothing stands there now."""
    with _folder(to_base, target.parent) as folder:
        if folder is None or folder.stat(target.name) is None:
            return True
        if not is_ours(folder, target.name):
            return False
        try:
            folder.unlink(target.name)
        except OSError as error:
            raise refused(error, target) from error
        folder.sync()
        return True


@contextlib.contextmanager
def _folder(base: Path, folder: Path) -> Iterator[Opened | None]:
    if not os.path.lexists(folder):
        yield None
        return
    with opened(base, folder) as one:
        yield one
