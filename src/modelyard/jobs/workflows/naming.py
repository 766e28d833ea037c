"""The name that a workflow uses, for a file whose bytes are here already: a second name, no second copy."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from modelyard.jobs.folders import nearest_folder
from modelyard.jobs.workflows.places import Places
from modelyard.jobs.workflows.plan import PlannedModel
from modelyard.jobs.workflows.wanted import Wanted
from modelyard.library.shifting.naming import Way, second_name
from modelyard.store.proofs import Proofs, stamp_of

WAYS: tuple[Way, ...] = ("reflink", "hardlink")
"""Neither takes room; a symlink would break when the other name goes."""


def twin_of(model: PlannedModel) -> str:
    """The file here that has the wanted bytes for sure, empty when there is none."""
    if model.state == "renamed":
        return model.path if model.verified else ""
    return model.twin if model.state in ("found", "gated", "unresolved") else ""


def name_too(
    places: Places, proofs: Proofs, wanted: Wanted, source: Path, rewriting: Sequence[Path] = ()
) -> tuple[Path, Way]:
    """Give a file the workflow's name too, in the folder where ComfyUI looks.

    Args:
        rewriting: Folders whose program writes into its files: only copies that are independent lead in or out.

    Returns:
        The new path, and how it was made.

    Raises:
        UnsafePath, BadValue: The name cannot be used, or there is no root for it.
        TargetExists: Something stands there.
        CannotLend: The disks know no way without a copy.
        DiskError: The disk says no.
    """
    target = places.target(wanted, source.name)
    source = Path(os.path.realpath(source))  # a cache of Hugging Face has nothing but links
    temporary = f".{target.name}.{uuid.uuid4().hex[:8]}.tmp"
    base = nearest_folder(target)
    ends = (source, Path(os.path.realpath(base)))
    ways = WAYS[:1] if any(end.is_relative_to(one) for end in ends for one in rewriting) else WAYS
    way = second_name(source.parent, source, base, target, temporary, ways, lambda *_: None, lambda _: None)
    known, stamp = proofs.of(source), stamp_of(target)
    if known is not None and stamp is not None:
        proofs.keep([replace(known, path=target, stamp=stamp)])
    return target, way
