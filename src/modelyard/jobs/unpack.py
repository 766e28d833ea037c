"""The unpack flow: an archive is read once, hashed and unpacked as it arrives, and lands as a folder.

Its members wait in a staging folder beside the target until the hash of the whole archive is right.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from modelyard.engine.arriving import Arriving
from modelyard.engine.fetch import knock
from modelyard.engine.landing import free_bytes, rename, sync_files
from modelyard.engine.part import part_path
from modelyard.engine.run import Surroundings
from modelyard.errors import TargetExists, UnsafeArchive, YardError
from modelyard.jobs.admission import Check, quarantined
from modelyard.library.names import check_inside
from modelyard.library.unpack import Budget, kind_of, unpack
from modelyard.store.disk_gate import disk_errors
from modelyard.store.opened import sync_folder


class Unpacked(msgspec.Struct, frozen=True):
    """What an archive became.

    Attributes:
        files: Where its members are now, each with why it is in quarantine, or None.
        measured: Digests of the archive itself.
        size: Bytes of the archive.
    """

    files: Mapping[Path, YardError | None]
    measured: dict[str, str]
    size: int


def is_archive(name: str) -> bool:
    """Whether a name is one that can be unpacked as it arrives."""
    return bool(kind_of(name))


def fetch_unpacked(around: Surroundings, target: Path, reserve: int, check: Check) -> Unpacked:
    """Fetch an archive and unpack it into the folder of `target`, the archive's own path.

    Args:
        reserve: Bytes of the disk that stay free.
        check: Why members may not get their names; such a one gets that of a quarantined file instead.

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
            whys = check([(staging / member, folder / member) for member in members])
            refused = {member: why for member, why in zip(members, whys, strict=True) if why}
            names = {member: quarantined(member) if member in refused else member for member in members}
            sync_files([staging / member for member in members])
            _land(staging, folder, names)
    except YardError:
        arriving.close()
        around.progress.stage = "failed"
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    files = {folder / name: refused.get(member) for member, name in names.items()}
    return Unpacked(files, measured, arriving.position)


def _land(staging: Path, folder: Path, names: Mapping[Path, Path]) -> None:
    """Give each member its name, or none of them any."""
    for name in names.values():
        check_inside(folder, folder / name)
    taken = [folder / name for name in names.values() if os.path.lexists(folder / name)]
    if taken:
        raise TargetExists(f"{taken[0]} exists already; nothing was unpacked over it.", hint="Choose another folder.")
    landed: list[Path] = []
    try:
        for member, name in names.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            rename(staging / member, folder / name)
            landed.append(name)
    except YardError:
        for name in landed:
            (folder / name).unlink()
        raise
    for each in {(folder / name).parent for name in names.values()}:
        sync_folder(each)
