"""The unpack flow: an archive is read once, hashed and unpacked as it arrives, and lands as a folder.

Its members wait in a staging folder beside the target until the hash of the whole archive is right.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from modelyard.engine.arriving import Arriving
from modelyard.engine.disk_gate import disk_errors
from modelyard.engine.fetch import knock
from modelyard.engine.landing import free_bytes, rename, sync_folder
from modelyard.engine.part import part_path
from modelyard.engine.run import Surroundings
from modelyard.errors import TargetExists, UnsafeArchive, YardError
from modelyard.library.names import check_inside
from modelyard.library.unpack import Budget, kind_of, unpack


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What an archive became.

    Attributes:
        files: Where its members are now.
        measured: Digests of the archive itself.
        size: Bytes of the archive.
    """

    files: tuple[Path, ...]
    measured: dict[str, str]
    size: int


def is_archive(name: str) -> bool:
    """Whether a name is one that can be unpacked as it arrives."""
    return bool(kind_of(name))


def fetch_unpacked(around: Surroundings, target: Path, reserve: int) -> Unpacked:
    """Fetch an archive and unpack it into the folder of `target`, the archive's own path.

    Args:
        reserve: Bytes of the disk that stay free.

    Raises:
        YardError: Nothing of the archive is left behind then.
        TargetExists: A member's name is taken.
    """
    folder = target.parent
    staging = part_path(target, around.order.sources[0].url).with_suffix(".unpack")
    shutil.rmtree(staging, ignore_errors=True)
    room = free_bytes(folder)
    opening = knock(around)
    around.progress.size, around.progress.stage = opening.identity.size, "transferring"
    arriving = Arriving(around, opening)
    try:
        with disk_errors(folder):
            staging.mkdir(parents=True)
            budget = Budget(2**63 if room is None else max(0, room - reserve))
            members = unpack(arriving, target.name, staging, budget)
            if not members:
                raise UnsafeArchive(f"{target.name} is empty.", hint="There is nothing in it to keep.")
            around.progress.stage = "proving"
            measured = arriving.finish()
            _land(staging, folder, members)
    except YardError:
        arriving.close()
        around.progress.stage = "failed"
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Unpacked(tuple(folder / member for member in members), measured, arriving.position)


def _land(staging: Path, folder: Path, members: list[Path]) -> None:
    for member in members:
        check_inside(folder, folder / member)
    taken = [folder / member for member in members if os.path.lexists(folder / member)]
    if taken:
        raise TargetExists(f"{taken[0]} exists already; nothing was unpacked over it.", hint="Choose another folder.")
    landed: list[Path] = []
    try:
        for member in members:
            (folder / member).parent.mkdir(parents=True, exist_ok=True)
            rename(staging / member, folder / member, replace=False)
            landed.append(member)
    except YardError:
        for member in landed:
            (folder / member).unlink()
        raise
    for each in {(folder / member).parent for member in members}:
        sync_folder(each)
