"""Putting a folder into the place of an older one, and what a kill while that was done has left."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modelyard.library.shifting.failpoint import failpoint

MADE, OLD, GONE = "modelyard", "old", "gone"
"""What lies in a room: the new folder, the one that it replaces, one that was taken out."""
_AHEAD, _BEHIND = ".modelyard-", ".disabled"
"""ComfyUI passes over folders of custom_nodes that end so, should it start while we copy."""
_ROOM = re.compile(re.escape(_AHEAD) + r"[a-z0-9_]{8}" + re.escape(_BEHIND))
_HERE, _EXCHANGE = -100, 2


@contextmanager
def room_beside(target: Path) -> Iterator[Path]:
    """A folder beside another one that ComfyUI passes over; at the end it is gone, and so are those that kills left."""
    with tempfile.TemporaryDirectory(prefix=_AHEAD, suffix=_BEHIND, dir=target.parent) as room:
        yield Path(room)
    for left in rooms_left(target):
        shutil.rmtree(left, ignore_errors=True)


def rooms_left(target: Path) -> list[Path]:
    """The rooms beside a folder in which a kill ended the work."""
    return [one for one in target.parent.glob(f"{_AHEAD}*{_BEHIND}") if _ROOM.fullmatch(one.name) and _is_ours(one)]


def _is_ours(room: Path) -> bool:
    try:
        return not room.is_symlink() and {*os.listdir(room)} <= {MADE, OLD, GONE}
    except OSError:  # no folder, or it went just now
        return False


def swap(made: Path, target: Path, aside: Path) -> None:
    """Put the new folder in its place; the old one comes back when that fails.

    Raises:
        OSError: It failed.
    """
    old = target.exists()
    if old and exchange(made, target):
        failpoint("extension-exchanged")
        return
    if old:
        target.rename(aside)
        failpoint("extension-aside")
    try:
        made.rename(target)
    except OSError:
        if old:
            aside.rename(target)
        raise


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change their names in one step; False where the system or the disk has no such step."""
    function = getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform.startswith("linux") else None
    if function is None:
        return False
    return bool(function(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0)
