"""Quarantine: a pickle that would run code stands under a name that no program loads, until a person releases it.

What decides which those are: `admission`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from modelyard.catalogue.model import Health
from modelyard.engine.landing import rename
from modelyard.errors import BadValue, NoSuchFile
from modelyard.jobs.admission import RISKY, quarantined
from modelyard.jobs.carrying import gather
from modelyard.jobs.measure import measure
from modelyard.jobs.stock import Stock
from modelyard.library.roots.roots import Root
from modelyard.library.shifting.failpoint import failpoint
from modelyard.library.walk import Walk
from modelyard.net.stop import Stop
from modelyard.store.opened import sync_folder
from modelyard.values.suffixes import QUARANTINE


class Kept(msgspec.Struct, frozen=True):
    """A file in quarantine: what it is called there, and what it would run."""

    path: str
    size: int
    words: str


def kept(stock: Stock) -> Iterator[Kept]:
    """Every file in quarantine below the roots."""
    roots = stock.roots()
    for root in roots.all:
        for path in _below(root):
            (reading,) = stock.reader.read([str(path)])
            words = " ".join(reading.words[:3]) if RISKY & set(reading.problems) else ""
            try:
                size = path.stat().st_size
            except FileNotFoundError:
                continue  # it was released this moment
            yield Kept(str(path), size, words or "Nothing that is known to run code.")


def _below(root: Root) -> Iterator[Path]:
    walk = Walk(root, (os.path.realpath(root.path),))
    for folder in walk.folders():
        yield from (Path(folder.path, name) for name in _names(folder.path) if name.endswith(QUARANTINE))


def _names(folder: str) -> list[str]:
    """The files of a folder; none of one that is gone by now or that nobody may read, which a scan tells."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))
    except OSError:
        return []


def confine(stock: Stock, number: int) -> Path:
    """Give a model that could run code a name that no program loads; gives its path. What lies beside it stays.

    Raises:
        BadValue: It is not unsafe, or more than one file.
        NoSuchModel, NoSuchFile, UnsafePath, ReadOnlyDisk, TargetExists: It cannot be renamed; all is as it was.
    """
    load = gather(stock, number)
    if load.model.health is not Health.UNSAFE:
        raise BadValue(f"{load.model.title} is not known to run code.", hint="Verify it when you doubt that.")
    if load.tree or len(load.files) != 1:
        raise BadValue(f"{load.model.title} is several files.", hint="Put it to the trash.")
    (file,) = load.files
    rename(file, quarantined(file))
    failpoint("quarantine-named")
    sync_folder(load.home)
    stock.catalogue.lose([number])
    return Path(load.model.path).with_name(quarantined(file).name)


def release(stock: Stock, path: Path, sha256: str, stop: Stop) -> Path:
    """Give a file its name back; programs may load it from then on.

    Args:
        sha256: Of the very bytes that a person decided about.

    Raises:
        UnsafePath: It lies outside of all roots.
        BadValue: It is not in quarantine, or has other bytes.
        TargetExists: Its name is taken.
    """
    stock.roots().inside(path)
    if not path.name.endswith(QUARANTINE):
        raise BadValue(f"{path.name} is not in quarantine.")
    if not path.is_file() or path.is_symlink():
        raise NoSuchFile(f"{path} is not there.")
    if measure(path, stop).digests["sha256"] != sha256.lower():
        raise BadValue(f"{path.name} has other bytes than you decided about.")
    target = path.with_name(path.name.removesuffix(QUARANTINE))
    rename(path, target)
    failpoint("quarantine-named")
    sync_folder(target.parent)
    return target
