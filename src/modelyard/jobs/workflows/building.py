"""Puts together what plans are made with, from the rooms of a running App."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from msgspec.structs import replace

from modelyard.catalogue.catalogue import Catalogue
from modelyard.engine.landing import free_bytes
from modelyard.engine.part import part_path
from modelyard.jobs.first_look import part_bytes
from modelyard.jobs.folders import nearest_folder
from modelyard.jobs.measure import measure
from modelyard.jobs.workflows.here import Here
from modelyard.jobs.workflows.looking import Looking
from modelyard.jobs.workflows.places import Places, models_folder
from modelyard.jobs.workflows.plan import PlannedModel, Room
from modelyard.jobs.workflows.questions import Questions
from modelyard.jobs.workflows.resolving import Resolver
from modelyard.jobs.workflows.seeking import Seeker
from modelyard.jobs.yard import Yard
from modelyard.library.roots.roots import Roots
from modelyard.net.stop import Stop
from modelyard.store.proofs import Proof

_DIGESTS = ("sha256", "tensor-sha256")


def is_unsaid(roots: Roots, base: str) -> bool:
    """Whether nobody said where models of each kind lie: the folder for downloads alone, a mixed one, says nothing."""
    usual = _folder(base)
    return all(root.path == usual and not root.folder for root in roots.all)


def places_of(roots: Roots, base: str) -> Places:
    """Where models lie and are saved: the registered roots, else the folder of downloads, laid out like ComfyUI's.

    Args:
        base: The folder that downloads go to.
    """
    return Places(models_folder(_folder(base)), known=False) if is_unsaid(roots, base) else Places(roots)


def _folder(base: str) -> Path:
    return Path(base.rstrip("/" + os.sep))


def resolver(
    yard: Yard,
    places: Places,
    catalogue: Catalogue | None,
    stop: Stop,
    *,
    search: bool = False,
    seconds: float = 60.0,
    most: int = 300,
    measured: Callable[[Path], object] | None = None,
    accept: bool = False,
    strangers: bool = True,
) -> Resolver:
    """A maker of plans.

    Args:
        catalogue: None where there is no database.
        search: Ask hubs.
        seconds: How long hubs may take together.
        most: Questions to hubs.
        measured: Read files that are likely to be wanted, so that it is sure; told before each. None reads none.
        accept: Take them unread.
        strangers: Ask servers that the workflow names and that are no hub.
    """
    read = _measuring(yard, stop, measured) if measured else None
    seeker = Seeker(Questions(yard, stop, most, seconds, strangers=strangers)) if search else None
    looking = Looking(Here(places, catalogue, yard.proofs), read)
    return Resolver(places, looking, seeker, accept, lambda models: rooms(yard, models))


def rooms(yard: Yard, models: Iterable[PlannedModel]) -> tuple[Room, ...]:
    """The disks that a plan writes to, with what it needs and what they have."""
    needed: dict[int, int] = {}
    folders: dict[int, Path] = {}
    for one in {one.target: one for one in models if one.fetched}.values():
        folder = nearest_folder(Path(one.target))
        device = folder.stat().st_dev
        folders.setdefault(device, folder)
        have = part_bytes(part_path(Path(one.target), one.hash)) if one.hash else 0
        needed[device] = needed.get(device, 0) + max(0, (one.size or 0) - have)
    return tuple(_room(yard, folders[device], bytes_) for device, bytes_ in needed.items())


def _room(yard: Yard, folder: Path, needed: int) -> Room:
    free = free_bytes(folder)
    return Room(str(folder), needed, free, fits=free is None or needed + yard.reserve(free) <= free)


def _measuring(yard: Yard, stop: Stop, tell: Callable[[Path], object]) -> Callable[[Path], Mapping[str, str]]:
    def read(path: Path) -> Mapping[str, str]:
        tell(path)
        found = measure(path, stop, _DIGESTS)
        known = yard.proofs.last_known(path)
        if known is None or known.measured.get("sha256") != found.digests["sha256"]:
            known = Proof(path, found.stamp, {})  # what was claimed, was claimed for other bytes
        yard.proofs.keep([replace(known, stamp=found.stamp, measured=found.digests, blocks=found.table.packed())])
        return found.digests

    return read
