"""The folders that a download writes to."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from modelyard.errors import NoPermission
from modelyard.store.disk_gate import disk_errors
from modelyard.store.opened import sync_folder


def nearest_folder(target: Path) -> Path:
    """The deepest folder above a target that exists already."""
    return next(folder for folder in target.parents if folder.is_dir())


def check_rights(target: Path) -> None:
    """See that files may be made where a target goes, before anybody is asked for a byte of it.

    Raises:
        DiskError: They may not be, and why.
    """
    folder = nearest_folder(target)
    if not os.access(folder, os.W_OK | os.X_OK):  # what this says is not always true: the attempt decides
        import tempfile

        with disk_errors(folder), tempfile.TemporaryFile(dir=folder):
            pass


def make_folder(folder: Path, made: list[Path]) -> None:
    """Make a folder and its parents, durably.

    Args:
        made: Those that were not there are added, each before anything more can fail.

    Raises:
        DiskError: It cannot be made or written to.
    """
    missing = [] if folder.is_dir() else [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        with disk_errors(folder):
            each.mkdir(exist_ok=True)
        made.append(each)
        with contextlib.suppress(NoPermission):  # one may write to a folder that one may not list
            sync_folder(each.parent)


def remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders that we made and that nothing came to stand in."""
    for folder in sorted(set(folders), key=lambda each: len(each.parts), reverse=True):
        with contextlib.suppress(OSError):
            folder.rmdir()
