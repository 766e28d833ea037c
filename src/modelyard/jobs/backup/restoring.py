"""Taking a backup back: gaps are filled, nothing that is here is lost, twice is the same as once."""

from __future__ import annotations

from functools import partial

import msgspec

from modelyard.catalogue.keepsakes import Keepsake, Regained
from modelyard.jobs.backup.deciding import decide
from modelyard.jobs.backup.form import Backup, ModelRecord
from modelyard.jobs.backup.holdings import Holdings
from modelyard.jobs.backup.matching import match
from modelyard.jobs.backup.settling import settle
from modelyard.jobs.owning import keep_beside

_MOST_TOLD = 200


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it, or would.

    Attributes:
        models: How many of the backup's are here.
        changed: How many of these know more now.
        words: Of how many models what their owner wrote came back.
        hashes: How many files need not be measured again.
        uses: Of how many models uses came back.
        missing: How many of the backup's models are not here; `unknown` names the first of them.
        gone: How many more are not here, and were gone when it was written.
        roots, settings, profiles, schedule: What was taken over.
        left: What was not, and why.
        left_out: What the backup does not hold, to be set anew by hand.
    """

    dry_run: bool
    models: int
    changed: int
    words: int
    hashes: int
    uses: int
    ignored: int
    searches: int
    missing: int
    gone: int
    unknown: list[str]
    roots: list[str]
    settings: list[str]
    profiles: list[str]
    schedule: list[str]
    left: list[str]
    left_out: list[str]


def restore(held: Holdings, backup: Backup, *, instead: bool = False, dry_run: bool = False) -> Restored:
    """Give the library back what a backup knows of it. Models change in one transaction, all of them or none.

    Args:
        instead: Where both have words, a setting or a profile, the backup's stand.
        dry_run: Change nothing, say what would be.

    Raises:
        DiskError, BadValue: The database cannot take it; nothing was changed.
    """
    catalogue = held.stock.catalogue
    spots = catalogue.spots()
    found, left = match(backup.models, spots)
    missing = [one for one in left if not one.gone]
    searched = [(one.text, one.times, one.at) for one in backup.searches]
    deciding = partial(_decide, found, instead)
    done, searches = catalogue.regain(sorted(found), deciding, searched, dry_run=dry_run)
    settled = settle(held, backup, instead=instead, dry_run=dry_run)
    if not dry_run:
        roots = {spot.id: spot.root for spot in spots}
        _beside(held, [(one.model, roots[one.model]) for one in done if one.own])
    return Restored(
        dry_run=dry_run,
        models=len(found),
        changed=len(done),
        words=sum(one.own for one in done),
        hashes=sum(len(one.digests) for one in done),
        uses=sum(bool(one.days or "uses" in one.columns) for one in done),
        ignored=sum(len(one.ignored) for one in done),
        searches=len(searches),
        missing=len(missing),
        gone=len(left) - len(missing),
        unknown=[f"{one.folder or 'mixed'}/{one.place}" for one in missing[:_MOST_TOLD]],
        roots=settled.roots,
        settings=settled.settings,
        profiles=settled.profiles,
        schedule=settled.schedule,
        left=settled.left,
        left_out=list(backup.left_out),
    )


def _decide(found: dict[int, ModelRecord], instead: bool, here: Keepsake) -> Regained:
    return decide(here, found[here.id], instead=instead)


def _beside(held: Holdings, found: list[tuple[int, str]]) -> None:
    """What came back of an owner's words goes into the sidecars, where there may be any; the catalogue has it.

    Args:
        found: Models, each with its root.
    """
    writable = {str(root.path) for root in held.stock.roots().all if not root.read_only}
    for number, root in found:
        if root in writable:
            keep_beside(held.stock, number)
