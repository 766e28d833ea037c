"""The versions flow: what is here of a hub's model, and is there a newer one?

A version counts as newer when its hub lists it before every one that is here, and none of its files has bytes
that are here. A model made for another base is another model: it is told only when that is wanted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from modelyard.catalogue.versions import Installed
from modelyard.errors import NotFound, UnknownHub, YardError
from modelyard.hubs.base import Describing
from modelyard.jobs.chores import Chore, Options, Step, Tell
from modelyard.jobs.stock import Stock
from modelyard.net.stop import Stop
from modelyard.values.about import Version
from modelyard.values.offers import Address


class VersionsOptions(Options, frozen=True, kw_only=True):
    """Which models are looked at.

    Attributes:
        ids: Empty is all that came from a hub.
        any_base: Also versions for another base model.
    """

    ids: tuple[int, ...] = ()
    any_base: bool = False


def look_for_versions(stock: Stock, options: VersionsOptions, stop: Stop, tell: Tell) -> dict[str, Any]:
    """Ask hubs for newer versions of what is here, one question a model.

    A hub that has the newest commit only is not asked: which of its files are new no commit says.
    """
    every = stock.catalogue.installed(options.ids)
    groups = {key: here for key, here in every.items() if _lists_versions(stock, key[0])}
    found, gone, failed = 0, 0, list[dict[str, str]]()
    resting: set[str] = set()
    for at, ((hub, model), here) in enumerate(groups.items()):
        stop.check()
        tell(Step(at, len(groups), f"Asking about {model}, {at + 1} of {len(groups)}"))
        if hub in resting:
            continue
        try:
            versions = versions_of(stock, hub, model)
        except NotFound:
            gone += 1
            continue
        except YardError as error:
            if error.retryable:
                resting.add(hub)
            failed.append({"hub": hub, "model": model, "message": error.message})
            continue
        for one in here:
            newer = newer_than(one, here, versions, any_base=options.any_base)
            stock.catalogue.keep_newer(one.id, newer)
            found += bool(newer)
    unasked = sorted({hub for hub, _ in every} - {hub for hub, _ in groups})
    return {"asked": len(groups), "newer": found, "gone": gone, "failed": failed[:200], "unasked": unasked}


def _lists_versions(stock: Stock, name: str) -> bool:
    return any(hub.name == name and isinstance(hub, Describing) and hub.lists_versions for hub in stock.yard.hubs)


def versions_of(stock: Stock, hub: str, model: str) -> list[Version]:
    """Every version that a hub lists, the newest first; none when it tells no versions.

    Raises:
        NotFound: The model is not there any more.
        YardError: The hub cannot be asked.
    """
    try:
        found = stock.yard.hubs.named(hub)
    except UnknownHub:
        return []
    return found.versions(Address(hub, model)) if isinstance(found, Describing) else []


def newer_than(
    one: Installed, here: Sequence[Installed], versions: Sequence[Version], *, any_base: bool
) -> list[Version]:
    """The versions that are newer than everything that is here of a model. Pure."""
    ids = {each.version for each in here}
    digests = {digest for each in here for digest in each.sha256}
    places = [at for at, version in enumerate(versions) if version.id in ids or _holds(version, digests)]
    if not places:
        return []
    return [
        version
        for version in versions[: min(places)]
        if version.files and (any_base or _same(version.base_model, one.base))
    ]


def _holds(version: Version, digests: Collection[str]) -> bool:
    return any(file.claimed.get("sha256") in digests for file in version.files)


def _same(first: str, second: str) -> bool:
    return not first or not second or first.lower() == second.lower()


VERSIONS = Chore("versions", "Look for newer versions", VersionsOptions, look_for_versions)
