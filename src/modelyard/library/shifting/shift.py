"""The one way in which files of the library move: all of a shift, or none.

Order: journal; copies, proven and synced (another disk only); renames that never replace; the caller's own
books; what was copied is removed at its old place; journal away. Whatever ends it in between, `recover`
goes on from what is on the disk: forward when every file can still land, else back.
"""

from __future__ import annotations

import errno
import stat
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

import msgspec

from modelyard.errors import Busy, DiskError, NoSuchFile, YardError
from modelyard.library.shifting import journal
from modelyard.library.shifting.copying import Count, copy, copy_tree, remove_copied, remove_tree
from modelyard.library.shifting.failpoint import failpoint
from modelyard.library.shifting.journal import Mark, Shift, Step, mark_of
from modelyard.store.opened import Opened, opened, refused

Settle = Callable[[Shift], object]
"""Brings catalogue and proofs in line with a shift whose files have landed; may be called twice."""


def carry(books: Path, shift: Shift, settle: Settle, count: Count = lambda _: None, made: Made | None = None) -> Shift:
    """Move everything of a shift.

    Args:
        books: Folder of the journals.
        count: Called with the bytes of each copied block; may raise to stop.
        made: New bytes of small files that change on their way, by the source as the step has it.

    Raises:
        Busy, NoSuchFile: A file is not what it was when the shift was planned.
        TargetExists: Something stands in a place; all is as it was.
        DiskError, Damaged, Stopped: It did not work; all is as it was.
    """
    _check_sources(shift)
    by_copy = any(step.temp for step in shift.steps)
    shift = msgspec.structs.replace(shift, phase="copying" if by_copy else "landing")
    try:
        journal.keep(books, shift)
        failpoint("journaled")
        shift = _copied(books, shift, count, made or {})
        _land(shift)
    except OSError as error:
        if error.errno == errno.EXDEV and not all(step.temp for step in shift.steps):
            _undo(shift)
            return carry(books, copying(shift), settle, count, made)  # one device number, yet no rename: bind mounts
        _back(books, shift)
        raise refused(error, Path(error.filename or shift.root)) from error
    except YardError:
        _back(books, shift)
        raise
    _finish(books, shift, settle)
    return shift


Made = dict[str, bytes]


def _check_sources(shift: Shift) -> None:
    """Whoever came first may have moved the files since they were looked at; nothing of theirs is undone then."""
    for old, _, step in shift.ways():
        with opened(Path(shift.root), old.parent) as folder:
            found = folder.stat(old.name)
        if found is None:
            raise NoSuchFile(f"{old} is not there any more.", hint="Look what is there: `modelyard scan`.")
        if (found.st_dev, found.st_ino) != (step.before.device, step.before.inode):
            raise Busy(f"{old} is another file by now.", hint="Run `modelyard scan`, then try again.")


def copying(shift: Shift) -> Shift:
    """The same shift by copies instead of renames."""
    steps = tuple(
        step if step.temp else msgspec.structs.replace(step, temp=_temp(step.target, shift.id), mark=None)
        for step in shift.steps
    )
    return msgspec.structs.replace(shift, steps=steps, phase="copying")


def step_of(source: Path, target: str, root: Path, *, stays: bool = False, temp_for: str = "") -> Step:
    """The step of a file or folder as it is now.

    Args:
        target: Relative to the root that it goes to.
        temp_for: Id of the shift, when its bytes have to be copied.

    Raises:
        DiskError: It is not there.
    """
    try:
        found = source.lstat()
    except OSError as error:
        raise refused(error, source) from error
    place = source.relative_to(root).as_posix()
    temp = _temp(target, temp_for) if temp_for else ""
    mark, tree = mark_of(found), stat.S_ISDIR(found.st_mode)
    return Step(
        source=place, target=target, before=mark, mark=None if temp else mark, temp=temp, stays=stays, tree=tree
    )


def _temp(target: str, number: str) -> str:
    return f".{Path(target).name[:100]}.{number}.tmp"


def recover(books: Path, settle: Settle) -> list[tuple[Shift, bool | YardError]]:
    """Finish or undo what a crash left.

    Returns:
        Each with whether it was finished (else undone), or why it must wait (its drive is away).
    """
    told: list[tuple[Shift, bool | YardError]] = []
    for shift in journal.unfinished(books):
        try:
            told.append((shift, _recover(books, shift, settle)))
        except OSError as error:
            told.append((shift, refused(error, Path(shift.root))))
        except YardError as error:
            told.append((shift, error))
    return told


def _recover(books: Path, shift: Shift, settle: Settle) -> bool:
    if shift.phase == "copying":
        _back(books, shift)
        return False
    try:
        _land(shift, again=True)
    except FileExistsError:  # somebody put another file in its place meanwhile
        _back(books, shift)
        return False
    _finish(books, shift, settle)
    return True


# --- forward --------------------------------------------------------------------------------------


def _copied(books: Path, shift: Shift, count: Count, made: Made) -> Shift:
    """Bring the bytes that must be copied beside their targets, and write down that they are whole."""
    steps = []
    for step in shift.steps:
        with _ends(shift, step) as (source, target, old, new):
            if target.stat(new) is not None:
                raise FileExistsError(errno.EEXIST, "exists", str(target.path / new))
            if not step.temp:
                steps.append(step)
                continue
            _bring(step, source, old, target, made.get(step.source), count)
            failpoint("copied")
            target.sync()
            landed = target.stat(step.temp)
            assert landed is not None
            steps.append(msgspec.structs.replace(step, mark=mark_of(landed)))
    if shift.phase == "copying":
        shift = msgspec.structs.replace(shift, steps=tuple(steps), phase="landing")
        journal.keep(books, shift)
        failpoint("proven")
    return shift


def _bring(step: Step, source: Opened, old: str, target: Opened, data: bytes | None, count: Count) -> None:
    if data is not None:
        target.write(step.temp, data)
    elif step.tree:
        target.mkdir(step.temp)
        with source.sub(old) as below, target.sub(step.temp) as beside:
            copy_tree(below, beside, step.before.device, count)
    else:
        copy(source, old, target, step.temp, count)


def _land(shift: Shift, *, again: bool = False) -> None:
    """Give every file its new name.

    Args:
        again: After a crash: some have theirs, and of some nothing is left.
    """
    folders: set[tuple[str, Path]] = set()
    for step in shift.steps:
        with _ends(shift, step) as (source, target, old, new):
            place, name = (target, step.temp) if step.temp else (source, old)
            if again and _has_landed(step, place, name, target, new):
                continue
            if again and place.stat(name) is None:
                continue  # its owner took it away meanwhile; nothing of ours is left to move
            place.rename(name, target, new)
            failpoint("landed")
            folders |= {(shift.to_root, target.path), (shift.root, source.path)}
    for root, folder in sorted(folders, reverse=True):
        with opened(Path(root), folder) as one:
            one.sync()
    failpoint("synced")


def _has_landed(step: Step, place: Opened, name: str, target: Opened, new: str) -> bool:
    found = target.stat(new)
    if found is None or step.mark is None:
        return False
    left = place.stat(name)
    if (found.st_dev, found.st_ino) == (step.mark.device, step.mark.inode):
        if left is not None and not step.tree and (left.st_dev, left.st_ino) == (found.st_dev, found.st_ino):
            place.unlink(name)  # linked, not yet unlinked: where no rename without replacing exists
        return True
    return left is None and _same_bytes(mark_of(found), step.mark)  # inodes that change with every mount (FAT)


def _finish(books: Path, shift: Shift, settle: Settle) -> None:
    settle(shift)
    failpoint("settled")
    for step in shift.steps:
        if step.temp and not step.stays:
            with _ends(shift, step) as (source, target, old, new):
                _remove_old(step, source, old, target, new)
                source.sync()
            failpoint("removed")
    journal.drop(books, shift.id)


def _remove_old(step: Step, source: Opened, old: str, target: Opened, new: str) -> None:
    """Remove what was copied, when it is still what was copied and its copy stands."""
    found, copied = source.stat(old), target.stat(new)
    if found is None or copied is None:
        return
    if step.tree:
        with source.sub(old) as below, target.sub(new) as beside:
            empty = remove_copied(below, beside)
        if empty:
            source.rmdir(old)
    elif mark_of(found) == step.before:
        source.unlink(old)


# --- back -----------------------------------------------------------------------------------------


def _back(books: Path, shift: Shift) -> None:
    _undo(shift)
    journal.drop(books, shift.id)


def _undo(shift: Shift) -> None:
    for root in (shift.root, shift.to_root):
        if not Path(root).is_dir():
            raise NoSuchFile(f"{root} is not there.", hint="Attach its drive: an unfinished move waits for it.")
    for step in reversed(shift.steps):
        if not _stands(shift, step):
            continue
        with _ends(shift, step) as (source, target, old, new):
            if step.temp:
                _throw_away(step, source, old, target, new)
            elif source.stat(old) is None and _is_ours(step, target, new):
                target.rename(new, source, old)
                source.sync()
                target.sync()


def _throw_away(step: Step, source: Opened, old: str, target: Opened, new: str) -> None:
    """Remove a copy, as long as what was copied still stands."""
    if target.stat(step.temp) is not None:
        remove_tree(target, step.temp) if step.tree else target.unlink(step.temp)
    if _is_ours(step, target, new) and source.stat(old) is not None:
        remove_tree(target, new) if step.tree else target.unlink(new)
    target.sync()


def _is_ours(step: Step, target: Opened, new: str) -> bool:
    found, mark = target.stat(new), step.mark
    return found is not None and mark is not None and (found.st_dev, found.st_ino) == (mark.device, mark.inode)


def _stands(shift: Shift, step: Step) -> bool:
    """Whether both folders of a step are there: one that was never made holds nothing to undo."""
    return Path(shift.root, step.source).parent.is_dir() and Path(shift.to_root, step.target).parent.is_dir()


def _same_bytes(one: Mark, other: Mark) -> bool:
    return (one.size, one.mtime_ns) == (other.size, other.mtime_ns)


class _ends(ExitStack):  # noqa: N801  # reads as a function
    """Both folders of a step, opened, and the names in them."""

    def __init__(self, shift: Shift, step: Step) -> None:
        super().__init__()
        self._old, self._new = Path(shift.root, step.source), Path(shift.to_root, step.target)
        self._roots = Path(shift.root), Path(shift.to_root)

    def __enter__(self) -> tuple[Opened, Opened, str, str]:  # type: ignore[override]
        try:
            source = self.enter_context(opened(self._roots[0], self._old.parent, make=True))  # gone after a crash
            target = self.enter_context(opened(self._roots[1], self._new.parent, make=True))
        except BaseException:
            self.close()
            raise
        return source, target, self._old.name, self._new.name


def on_one_device(paths: Iterable[Path]) -> bool:
    """Whether all of these, or the nearest folders above them that exist, lie on one file system."""
    return len({_device(path) for path in paths}) <= 1


def _device(path: Path) -> int:
    for place in (path, *path.parents):
        try:
            return place.lstat().st_dev
        except FileNotFoundError:
            continue
        except OSError as error:
            raise refused(error, path) from error
    raise DiskError(f"{path} has no folder.")
