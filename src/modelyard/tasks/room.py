"""Room on the disks, reserved over every task that runs. Pure but for asking a disk."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from modelyard.values.sizes import show_size


@dataclass(frozen=True, slots=True)
class Disk:
    """One disk: its device number and the bytes that may still be written."""

    device: int
    free: int


def disk_of(folder: str, reserve: int) -> Disk | None:
    """The disk of a folder, None when it does not tell.

    Args:
        reserve: Bytes that always stay free, at most 1 % of what is free.
    """
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(folder).free
        return Disk(os.stat(folder).st_dev, max(0, free - min(reserve, free // 100)))
    return None


def lacking(
    need: Mapping[str, int], running: Iterable[Mapping[str, int]], look: Callable[[str], Disk | None]
) -> str | None:
    """Why a task does not fit beside the running ones, None when it does.

    Args:
        need: Bytes by folder.
        running: What each running task has still to write, by folder.
        look: Asks a disk, see `disk_of`.
    """
    taken: dict[int, int] = {}
    for left in running:
        for folder, size in left.items():
            disk = look(folder)
            if disk:
                taken[disk.device] = taken.get(disk.device, 0) + size
    for folder, size in need.items():
        disk = look(folder)
        if disk and size and size + taken.get(disk.device, 0) > disk.free:
            others = f", and running tasks need {show_size(taken[disk.device])}" if taken.get(disk.device) else ""
            return f"{show_size(size)} are needed in {folder}, {show_size(disk.free)} are free{others}"
    return None
