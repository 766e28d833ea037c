"""Disks of a test's own, to be filled and torn away: tmpfs, and ext4 on a file."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

NEEDS_ROOT = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("mount"), reason="mounts need root"
)
NEEDS_XFS_IO = pytest.mark.skipif(not shutil.which("xfs_io"), reason="needs xfs_io of the package xfsprogs")


def call(*command: str) -> None:
    """Run a program; it must succeed."""
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        pytest.skip(f"{command[0]} is not allowed here: {ran.stderr.strip()}")


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A folder on a disk of this size."""
    folder.mkdir(parents=True)
    call("mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "none", str(folder))
    try:
        yield folder
    finally:
        call("umount", "-l", str(folder))


def fill(folder: Path, name: str = "ballast") -> Path:
    """Leave not a byte free."""
    path = folder / name
    with contextlib.suppress(OSError), path.open("ab", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass
    return path


class TornDisk:
    """An ext4 on a file, whose power is cut: what was not yet synced is gone."""

    def __init__(self, folder: Path) -> None:
        self.image, self.place = folder / "disk.img", folder / "disk"
        self.place.mkdir()
        with self.image.open("wb") as file:
            file.truncate(64 * 2**20)
        call("mkfs.ext4", "-q", "-F", str(self.image))

    @contextlib.contextmanager
    def mounted(self) -> Iterator[Path]:
        """The folder while the disk is there."""
        call("mount", "-o", "loop", str(self.image), str(self.place))
        try:
            yield self.place
        finally:
            _unmount(self.place)

    def cut(self) -> None:
        """Cut the power: neither journal nor data are written any more."""
        call("xfs_io", "-x", "-c", "shutdown", str(self.place))


def _unmount(place: Path) -> None:
    """Unmount; a killed program holds on for a moment."""
    for _ in range(100):
        ran = subprocess.run(["umount", str(place)], capture_output=True, text=True, check=False)
        if ran.returncode == 0:
            return
        time.sleep(0.1)
    pytest.fail(ran.stderr)
