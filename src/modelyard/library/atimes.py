"""When a file was last read by anybody, where its file system keeps that honestly: Linux, local, not `noatime`.

With `relatime`, the usual option, a time is written when the last one is older than a day or than the file, so it is
right to a day. Network drives and file systems in user space keep it as they please: there, nobody says.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

_TABLE = Path("/proc/self/mountinfo")
_LOCAL = frozenset(("ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "bcachefs", "tmpfs", "jfs", "reiserfs"))
_DAY = 86400.0


class Mounts(msgspec.Struct, frozen=True):
    """The mounts of this machine: places, and whether files there have an honest time of their last reading."""

    honest: tuple[tuple[str, bool], ...]

    def keep(self, path: str) -> bool:
        """Whether a file's system writes down when it is read."""
        within = [one for one in self.honest if one[0] == "/" or path == one[0] or path.startswith(one[0] + "/")]
        return max(within, key=lambda one: len(one[0]), default=("", False))[1]


def mounts() -> Mounts:
    """The mounts as they are now; on systems without the table nobody says anything."""
    try:
        return read_mounts(_TABLE.read_text(errors="surrogateescape"))
    except OSError:
        return Mounts(())


def read_mounts(text: str) -> Mounts:
    """Mounts out of the text of `mountinfo` (proc(5)); of two at one place the later one counts. Pure."""
    found: dict[str, bool] = {}
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(" "), after.split(" ")
        if len(fields) < 6 or len(kind) < 3:
            continue
        options = {*fields[5].split(","), *kind[2].split(",")}
        place = fields[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        found[place] = kind[0] in _LOCAL and not options & {"noatime", "ro", "lazytime"}
    return Mounts(tuple(found.items()))


def last_read(path: str, places: Mounts, ours: tuple[float, ...]) -> float:
    """When some program last read a file, seconds since 1970; 0 when nobody says, or it was us.

    Args:
        ours: When we read it, or it came here: what is within a day of that is not another program's.
    """
    try:
        if not places.keep(os.path.realpath(path)):
            return 0.0
        at = os.stat(path).st_atime
    except OSError:
        return 0.0
    return 0.0 if any(abs(at - own) <= _DAY for own in ours) or at < max(ours, default=0.0) else at
