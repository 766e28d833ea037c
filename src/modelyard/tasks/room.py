"""Room on the disks, reserved for every task that runs or comes before. Pure but for asking a disk."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from modelyard.values.sizes import show_size


class Disk(msgspec.Struct, frozen=True):
    """One disk: its device number and the bytes that may still be written."""

    device: int
    free: int


def disk_of(folder: str, reserve: int) -> Disk | None:
    """The disk of a folder or file, or of the nearest one above that is there, None when it does not tell.

    Args:
        reserve: Bytes that always stay free, at most 1 % of what is free.
    """
    for place in (Path(folder), *Path(folder).parents):
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(place).free
            return Disk(os.stat(place).st_dev, max(0, free - min(reserve, free // 100)))
    return None


def claims(earlier: Iterable[Mapping[str, int]], look: Callable[[str], Disk | None]) -> list[Mapping[str, int]]:
    """What tasks that come before may keep for themselves: whoever would not fit an idle queue holds up nobody.

    Args:
        earlier: What each has still to write, by folder.
        look: Asks a disk, see `disk_of`.
    """
    return [need for need in earlier if lacking(need, (), look) is None]


def lacking(
    need: Mapping[str, int], others: Iterable[Mapping[str, int]], look: Callable[[str], Disk | None]
) -> str | None:
    """Why a task does not fit beside others, None when it does.

    Args:
        need: Bytes by folder.
        others: What each task that runs or comes before has still to write, by folder.
        look: Asks a disk, see `disk_of`.
    """
    taken: dict[int, int] = {}
    for left in others:
        for folder, size in left.items():
            disk = look(folder)
            if disk:
                taken[disk.device] = taken.get(disk.device, 0) + size
    for folder, size in need.items():
        disk = look(folder)
        if disk and size and size + taken.get(disk.device, 0) > disk.free:
            told = f", and other tasks need {show_size(taken[disk.device])} first" if taken.get(disk.device) else ""
            return f"{show_size(size)} are needed in {folder}, {show_size(disk.free)} are free{told}"
    return None
