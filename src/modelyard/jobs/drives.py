"""Which drives are on the network: they tell nobody about changes, so that a scan has to look every few minutes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path, PureWindowsPath

_NETWORK = frozenset(("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "afs", "ceph", "lustre", "davfs")) | {
    f"fuse.{name}"
    for name in ("sshfs", "rclone", "davfs2", "s3fs", "glusterfs", "juicefs", "gcsfuse", "ceph", "smbnetfs")
}
_MAC = frozenset(("smbfs", "nfs", "afpfs", "webdav", "ftp", "osxfuse", "macfuse"))
_MOUNTED = re.compile(r".+? on (/.*) \(([\w.]+)[,)]")
_REMOTE = 4
"""What Windows calls a drive of another machine (`GetDriveTypeW`, DRIVE_REMOTE)."""


def on_network(path: Path) -> bool:
    """Whether a folder lies on a network drive; False where that cannot be told."""
    real = os.path.realpath(path)
    if sys.platform == "win32":
        import ctypes

        return is_far_drive(real, ctypes.windll.kernel32.GetDriveTypeW)
    else:  # noqa: RET505  # mypy reads one of them, by the system it is asked for
        return is_far(real, _by_command() if sys.platform == "darwin" else in_table())


def is_far(real: str, mounts: Iterable[tuple[str, str]]) -> bool:
    """Whether the deepest mount above a path, or one below it, each with its type, is one of the network. Pure."""
    mounts = list(mounts)
    if any(kind in _NETWORK | _MAC for place, kind in mounts if place.startswith(real.rstrip("/") + "/")):
        return True
    above = [(place, kind) for place, kind in mounts if real == place or real.startswith(place.rstrip("/") + "/")]
    return max(above, key=lambda one: len(one[0]), default=("", ""))[1] in _NETWORK | _MAC


def is_far_drive(real: str, kind_of: Callable[[str], int]) -> bool:
    """Whether a path of Windows lies on another machine, by a share's name or by its drive. Pure but for `kind_of`."""
    drive = PureWindowsPath(real.removeprefix("\\\\?\\")).drive
    if drive.startswith("\\\\") or real.startswith("\\\\?\\UNC\\"):
        return True
    return bool(drive) and kind_of(drive + "\\") == _REMOTE


def in_table(file: str = "/proc/mounts") -> list[tuple[str, str]]:
    """Places and types of Linux's mounts; none where there is no such table."""
    try:
        with open(file, encoding="utf-8", errors="replace") as table:
            rows = [line.split(" ") for line in table]
    except OSError:
        return []
    return [(_plain(row[1]), row[2]) for row in rows if len(row) > 2]


def told_by_mount(text: str) -> list[tuple[str, str]]:
    """The same from what macOS' `mount` prints: `//me@nas/x on /Volumes/x (smbfs, nodev)`. Pure."""
    return [(found[1], found[2]) for line in text.splitlines() if (found := _MOUNTED.match(line))]


def _by_command() -> list[tuple[str, str]]:
    try:
        told = subprocess.run(["/sbin/mount"], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return []
    return told_by_mount(told.stdout)


def _plain(place: str) -> str:
    """A path of the table, in which blanks are written as numbers."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), place)
