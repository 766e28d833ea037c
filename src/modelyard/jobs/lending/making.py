"""Making the files of a loan, and taking them away: each is written down before it takes its name."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from modelyard.errors import NoSuchFile, TargetExists, YardError
from modelyard.jobs.lending.loans import Loan, Loans, Made, Way
from modelyard.library.shifting.copying import BLOCK, Count
from modelyard.library.shifting.failpoint import failpoint
from modelyard.library.shifting.journal import Mark, mark_of
from modelyard.library.shifting.naming import Way as Link
from modelyard.library.shifting.naming import second_name, take_away
from modelyard.store.opened import Opened, opened, refused

_COARSE = 2_000_000_001
"""Nanoseconds by which a time may differ on a disk that keeps even seconds (FAT)."""


class Making:
    """One loan while it is made; `loan` is what is written down.

    Args:
        base_of: The real folder of a root that holds a file: where links end.
    """

    def __init__(self, loans: Loans, loan: Loan, base_of: Callable[[Path], Path], count: Count) -> None:
        self._loans = loans
        self._base_of = base_of
        self._count = count
        self.loan = loans.keep(loan)
        failpoint("lending")

    def link(self, source: Path, base: Path, place: Path, ways: Sequence[Link]) -> Link:
        """Give a file a second name below the program's folder; see `second_name`."""
        target = base / place
        made = self._plan(str(source), base, target, ways[0] if ways else "copy")

        def told(way: Link, mark: Mark) -> None:
            self._mark(made, way, mark)

        return second_name(self._base_of(source), source, base, target, made.temp, ways, told, self._count)

    def write(self, base: Path, place: Path, data: bytes) -> None:
        """Put a small new file there.

        Raises:
            TargetExists: Something stands in the place.
        """
        target = base / place
        made = self._plan("", base, target, "written")
        try:
            with opened(base, target.parent, make=True) as folder:
                if folder.stat(target.name) is not None:
                    raise TargetExists(f"{target} exists already; nothing was put over it.")
                folder.write(made.temp, data)
                found = folder.stat(made.temp)
                assert found is not None
                self._mark(made, "written", mark_of(found))
                folder.rename(made.temp, folder, target.name)
                folder.sync()
        except OSError as error:
            raise refused(error, target) from error

    def change(self, **facts: object) -> None:
        """Write something more down."""
        self.loan = self._loans.keep(msgspec.structs.replace(self.loan, **facts))

    def _plan(self, source: str, base: Path, target: Path, way: Way) -> Made:
        temp = f".{target.name[:60]}.{self.loan.id}.tmp"
        made = Made(source=source, base=str(base), target=str(target), temp=temp, means=way)
        missing = [str(one) for one in target.parents if one.is_relative_to(base) and not os.path.lexists(one)]
        folders = tuple(dict.fromkeys((*missing, *self.loan.folders)))
        self.change(files=(*self.loan.files, made), folders=folders)
        return made

    def _mark(self, made: Made, way: Way, mark: Mark) -> None:
        marked = msgspec.structs.replace(made, means=way, mark=mark)
        self.change(files=tuple(marked if one == made else one for one in self.loan.files))


def take_back(loan: Loan, keep: Callable[[Made], str] = lambda _: "") -> list[tuple[str, str]]:
    """Remove the files of a loan that still are ours, the last one first; gives those that stay, with reasons.

    Args:
        keep: Why a file must stay; empty when it need not.

    Raises:
        NoSuchFile: The program's folder is away.
        DiskError: The disk says no.
    """
    for base in {one.base for one in loan.files}:
        if not Path(base).is_dir():
            raise NoSuchFile(f"{base} is not there.", hint="Attach its drive, or say --forget if the program is gone.")
    left = []
    for one in reversed(loan.files):
        target = Path(one.target)
        with contextlib.suppress(NoSuchFile):
            take_away(Path(one.base), target.with_name(one.temp), lambda _folder, _name: True)
        reason = keep(one)
        if not reason and one.mark is not None and not _taken(one, target):
            reason = why_not_ours(one)
        if reason and os.path.lexists(target):
            left.append((one.target, reason))
    for folder in sorted(loan.folders, key=len, reverse=True):
        with contextlib.suppress(OSError):
            Path(folder).rmdir()
    return left


def _taken(one: Made, target: Path) -> bool:
    try:
        return take_away(Path(one.base), target, lambda folder, name: is_ours(one, folder, name, thorough=True))
    except NoSuchFile:
        return True


def is_ours(one: Made, folder: Opened, name: str, *, thorough: bool = False) -> bool:
    """Whether what stands there is what we made, and its bytes are somewhere else, too.

    Args:
        thorough: Before it is removed: read both, where nothing else can tell.
    """
    found, mark = folder.stat(name), one.mark
    if found is None or mark is None:
        return False
    here = found.st_ino == mark.inode
    if one.means == "symlink":
        return here and stat.S_ISLNK(found.st_mode) and folder.said_by(name) == one.source
    if not stat.S_ISREG(found.st_mode):
        return False
    if one.means == "hardlink":
        return here and found.st_nlink > 1
    near = abs(found.st_mtime_ns - mark.mtime_ns) < (1 if here else _COARSE)
    if found.st_size != mark.size or not near:
        return False
    if one.means == "written":
        return True
    return _source_stands(one) and (here or not thorough or _same_bytes(folder, name, Path(one.source)))


def _source_stands(one: Made) -> bool:
    """Whether the model's own file still is what was copied: a copy keeps its time."""
    try:
        found = os.stat(one.source)
    except OSError:
        return False
    mark = one.mark
    return mark is not None and found.st_size == mark.size and abs(found.st_mtime_ns - mark.mtime_ns) < _COARSE


def _same_bytes(folder: Opened, name: str, source: Path) -> bool:
    """Whether a copy has the model's bytes: where file numbers change with every mount (FAT), nothing else tells."""
    with os.fdopen(folder.open(name), "rb") as copied, source.open("rb") as kept:
        while (block := copied.read(BLOCK)) == kept.read(BLOCK):
            if not block:
                return True
    return False


def why_not_ours(one: Made) -> str:
    """What to tell about a file that stays."""
    try:
        found = os.lstat(one.target)
    except OSError:
        return ""
    linked = one.means in ("hardlink", "symlink")
    if one.mark is None or (found.st_ino != one.mark.inode and (linked or found.st_size != one.mark.size)):
        return "Another file stands there now."
    if one.means == "hardlink" and found.st_nlink == 1:
        return "It is the only copy that is left: the model's own file is gone."
    if one.means in ("reflink", "copy") and not _source_stands(one):
        return "It is the only copy that is left: the model's own file is gone, or another by now."
    return "The program changed it."


def state_of(loan: Loan) -> Literal["stands", "changed", "gone"]:
    """Whether its files stand as they were made; a symlink to a model that was moved counts as gone."""
    states = {_state(one) for one in loan.files}
    return "changed" if "changed" in states else "gone" if "gone" in states else "stands"


def _state(one: Made) -> str:
    target = Path(one.target)
    try:
        with opened(Path(one.base), target.parent) as folder:
            ours, there = is_ours(one, folder, target.name), folder.stat(target.name) is not None
    except YardError:
        return "gone"
    if not there or (one.means == "symlink" and not Path(one.source).exists()):
        return "gone"
    return "stands" if ours else "changed"
