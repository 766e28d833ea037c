"""A model as a walk sees it: is it as it was known, was it moved, what does the catalogue learn of it?"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from modelyard.catalogue.keeping import Known, Stamps
from modelyard.catalogue.model import Entry, FileFacts
from modelyard.jobs.learning import cleaned
from modelyard.jobs.stock import Reading
from modelyard.library.beside import Beside
from modelyard.library.previews.finding import find
from modelyard.library.roots.roots import Problem, Root
from modelyard.library.sidecars.belonging import anchor_of, stem_of
from modelyard.library.sidecars.reading import read_all
from modelyard.library.units import Unit
from modelyard.library.walk import Seen, Walk, signed
from modelyard.values.about import About
from modelyard.values.suffixes import LISTED, suffix_of

_MOST_FILES = 10_000


class Sighting(msgspec.Struct, frozen=True):
    """One model as a walk sees it: its files, the small files of its folder, and the stamp of those beside it."""

    unit: Unit
    root: Root
    beside: Beside
    name: str
    stamp: str

    @property
    def names(self) -> set[str]:
        """Names of the small files beside it."""
        return self.beside.names(self.name)


def unchanged(found: Sighting, known: Stamps) -> int:
    """The id of a model whose files and sidecars are as they were; 0 when something changed."""
    numbers = set()
    for seen in found.unit.files:
        file = known.files.get(seen.path)
        if file is None or file.gone or file.sidecars != found.stamp or not is_same(file, seen):
            return 0
        numbers.add(file.model)
    number = numbers.pop() if len(numbers) == 1 else 0
    return number if known.counts.get(number) == len(found.unit.files) else 0


def was_moved(old: str, *, same_entry: bool) -> bool:
    """Whether nothing is left of a file where it was; on another drive only when its folder can be seen."""
    return not os.path.lexists(old) and (same_entry or Path(old).parent.is_dir())


def other_drive(root: Root, known: Stamps) -> bool:
    """Whether all that was here lay on another device than the folder now does: an empty mount point."""
    here = [file.device for file in known.files.values() if not file.gone]
    try:
        device = os.stat(root.path).st_dev
    except OSError:
        return bool(here)
    return bool(here) and signed(device) not in here


def is_same(file: Known, seen: Seen) -> bool:
    """Whether a file has the stamp that it had."""
    return (file.size, file.mtime_ns, file.inode, file.device) == (seen.size, seen.mtime_ns, seen.inode, seen.device)


def is_below(path: str, folders: tuple[str, ...]) -> bool:
    """Whether a path is one of these folders, or lies in one."""
    return any(path == folder or path.startswith(folder + os.sep) for folder in folders)


def as_listed(root: Root | None, path: str, reading: Reading) -> Reading:
    """What reading a file gave; of no known format is no fault where ComfyUI itself asks for no ending."""
    strange = reading.problems == ("not-a-model",) and reading.identity.format == "unknown"
    if root is not None and root.every and strange and suffix_of(path) not in LISTED:
        return replace(reading, problems=(), words=())
    return reading


def entry_of(found: Sighting, reading: Reading, tell: Callable[[Problem], object] = lambda _: None) -> Entry:
    """What the catalogue is told of a model: its head, its sidecars, its preview.

    Args:
        tell: Hears of each sidecar that is there and cannot be read.
    """
    unit, root = found.unit, found.root
    name = os.path.basename(unit.path)
    told = preview = None
    if names := found.names:
        anchor = anchor_of(Path(unit.path), folder=unit.folder)
        told, preview = read_all(anchor, names), find(anchor, names)
    missing = ("missing-shard",) if unit.missing else ()
    for one in told.problems if told else ():
        path = os.path.join(os.path.dirname(unit.path), one.file)
        tell(Problem("sidecar-unreadable", path, one.message, "Mend the file, or move it away."))
    return Entry(
        path=unit.path,
        root=str(root.path),
        folder=root.folder,
        place=_below(unit.path, str(root.path)).replace(os.sep, "/"),
        name=name if unit.folder else stem_of(name),
        files=tuple(_facts(seen, main=at == 0) for at, seen in enumerate(unit.files)),
        identity=reading.identity,
        about=cleaned(told.about) if told else About(),
        preview=str(preview.path) if preview else "",
        sidecars=found.stamp,
        problems=tuple(dict.fromkeys((*reading.problems, *missing))),
    )


def _below(path: str, root: str) -> str:
    """A path that a walk made, as it lies below its root; `os.path.relpath` takes ten times as long."""
    return path[len(root) :].lstrip(os.sep) or os.curdir


def _facts(seen: Seen, *, main: bool) -> FileFacts:
    return FileFacts(seen.path, seen.size, seen.mtime_ns, seen.device, seen.inode, main)


def weights(folder: str) -> Iterator[Seen]:
    """The weight files of a diffusers folder."""
    walk = Walk(Root("", 0, Path(folder), folder), (os.path.realpath(folder),))
    count = 0
    for below in walk.folders():
        for seen in below.models.values():
            count += 1
            if count > _MOST_FILES:
                return
            yield seen
