"""What is being moved, written down durably before the first file moves: after a crash it says what to do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from modelyard.library import writing
from modelyard.store.opened import sync_folder

ENDING = ".shift.json"
_LARGEST = 256 << 20


class Mark(msgspec.Struct, frozen=True):
    """What tells one file from another: where it lies on the disk, its bytes and its time."""

    device: int
    inode: int
    size: int
    mtime_ns: int


def mark_of(found: os.stat_result) -> Mark:
    """The mark of a file."""
    return Mark(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One file, or one folder as a whole, and where it goes.

    Attributes:
        source: Relative to the root that it leaves, with `/`.
        target: Relative to the root that it goes to.
        temp: Name beside the target under which its bytes arrive when they have to be copied; empty is a rename.
        mark: Of what lands: of the source, or of the copy when that is whole.
        before: Of the source.
        stays: The source stays: another model needs it, too.
        tree: It is a folder.
    """

    source: str
    target: str
    before: Mark
    mark: Mark | None = None
    temp: str = ""
    stays: bool = False
    tree: bool = False


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """Files that go together.

    Attributes:
        phase: `copying` may be thrown away; at `landing` all bytes that had to be copied are there and proven.
        facts: What the caller needs to know to finish it in the catalogue.
    """

    id: str
    what: str
    root: str
    to_root: str
    steps: tuple[Step, ...]
    phase: Literal["copying", "landing"] = "landing"
    facts: dict[str, Any] = {}

    def ways(self) -> Iterator[tuple[Path, Path, Step]]:
        """Old and new path of every step."""
        for step in self.steps:
            yield Path(self.root, step.source), Path(self.to_root, step.target), step


def keep(folder: Path, shift: Shift) -> None:
    """Write the journal of a shift, durably, in place of the one before."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    writing.put(folder / f"{shift.id}{ENDING}", msgspec.json.encode(shift))


def drop(folder: Path, number: str) -> None:
    """The shift is over."""
    (folder / f"{number}{ENDING}").unlink(missing_ok=True)
    sync_folder(folder)


def unfinished(folder: Path) -> list[Shift]:
    """Shifts that did not come to their end, the oldest first. A journal that cannot be read moved nothing yet."""
    found: list[tuple[int, Shift]] = []
    for path in folder.glob(f"*{ENDING}"):
        if path.stat().st_size > _LARGEST:
            continue
        try:
            found.append((path.stat().st_mtime_ns, msgspec.json.decode(path.read_bytes(), type=Shift)))
        except msgspec.DecodeError:
            continue
    return [shift for _, shift in sorted(found, key=lambda one: one[0])]
