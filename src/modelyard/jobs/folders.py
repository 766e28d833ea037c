"""The folders that a download writes to."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from modelyard.errors import NoPermission
from modelyard.store.disk_gate import disk_errors
from modelyard.store.opened import sync_folder


def nearest_folder(target: Path) -> Path:
    """The deepest folder above a target that exists already."""
    return next(folder for folder in target.parents if folder.is_dir())


def make_folder(folder: Path) -> list[Path]:
    """Make a folder and its parents, durably; gives those that were not there, the deepest first.

    Raises:
        DiskError: It cannot be made or written to.
    """
    if folder.is_dir():
        return []
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        with contextlib.suppress(NoPermission):  # one may write to a folder that one may not list
            sync_folder(made.parent)
    return missing


def remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders that we made and that nothing came to stand in."""
    for folder in sorted(set(folders), key=lambda each: len(each.parts), reverse=True):
        with contextlib.suppress(OSError):
            folder.rmdir()
