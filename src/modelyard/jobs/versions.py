"""The versions flow: what is here of a hub's model, and is there a newer one?

A version counts as newer when its hub lists it before every one that is here, and none of its files has bytes
that are here. A model made for another base is another model: it is told only when that is wanted. Where models are
repositories, files are compared instead: `revisions.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from modelyard.catalogue.versions import Installed
from modelyard.errors import NotFound, UnknownHub, YardError
from modelyard.hubs.base import Describing
from modelyard.jobs.chores import Chore, Options, Step, Tell
from modelyard.jobs.revisions import Origin, compared, newer_by_model, origins, repository_hub
from modelyard.jobs.stock import Stock
from modelyard.net.stop import Stop
from modelyard.values.about import Version
from modelyard.values.offers import Address

T = TypeVar("T")
_MOST_TOLD = 200


class VersionsOptions(Options, frozen=True, kw_only=True):
    """Which models are looked at.

    Attributes:
        ids: Empty is all that came from a hub.
        any_base: Also versions for another base model.
    """

    ids: tuple[int, ...] = ()
    any_base: bool = False


@dataclass
class _Round:
    """What came of the questions so far.

    Attributes:
        gone: Models that their hubs do not show any more.
        left: Files that are no longer in their repositories; here they stay.
        resting: Hubs that are left alone from now on.
    """

    asked: int = 0
    newer: int = 0
    gone: int = 0
    left: list[dict[str, str]] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    resting: set[str] = field(default_factory=set)

    def ask(self, hub: str, model: str, question: Callable[[], T]) -> T | None:
        """The answer to one question, None where there is none."""
        self.asked += 1
        if hub in self.resting:
            return None
        try:
            return question()
        except NotFound:
            self.gone += 1
        except YardError as error:
            if error.retryable:
                self.resting.add(hub)
            self.failed.append({"hub": hub, "model": model, "message": error.message})
        return None


def look_for_versions(stock: Stock, options: VersionsOptions, stop: Stop, tell: Tell) -> dict[str, Any]:
    """Ask hubs for newer versions of what is here, one question a model or repository.

    What comes from a repository and has no measured hash cannot be compared; it is counted as `unmeasured`.
    """
    every = stock.catalogue.installed(options.ids)
    groups = {key: here for key, here in every.items() if _lists_versions(stock, key[0])}
    repositories = origins(stock, options.ids)
    done, count = _Round(), len(groups) + len(repositories)

    def step(model: str) -> None:
        stop.check()
        tell(Step(done.asked, count, f"Asking about {model}, {done.asked + 1} of {count}"))

    for (hub, model), here in groups.items():
        step(model)
        versions = done.ask(hub, model, partial(versions_of, stock, hub, model))
        for one in here if versions is not None else ():
            newer = newer_than(one, here, versions or (), any_base=options.any_base)
            stock.catalogue.keep_newer(one.id, newer)
            done.newer += bool(newer)
    told: dict[int, list[Version]] = {}
    for repository, files in repositories.items():
        step(repository.model)
        done.ask(repository.hub, repository.model, partial(_look_at, stock, repository, files, done, told))
    compared_there = {hub for hub, _ in every if repository_hub(stock, hub)}
    comparable = [one for (hub, _), here in every.items() if hub in compared_there for one in here]
    unasked = sorted({hub for hub, _ in every} - {hub for hub, _ in groups} - compared_there)
    return {
        "asked": done.asked,
        "newer": done.newer,
        "gone": done.gone,
        "left": done.left[:_MOST_TOLD],
        "failed": done.failed[:_MOST_TOLD],
        "unmeasured": sum(not one.sha256 for one in comparable),
        "unasked": unasked,
    }


def _look_at(
    stock: Stock, repository: Address, files: Sequence[Origin], done: _Round, told: dict[int, list[Version]]
) -> None:
    """Compare files with their repository.

    Args:
        told: What was found of each model; one may have files from several repositories.
    """
    hub = repository_hub(stock, repository.hub)
    if hub is None:
        return
    found = compared(stock, hub, repository, files)
    newer = newer_by_model(hub, found)
    for model in {file.model for file, _ in (*found.same, *found.other)}:
        versions = told.setdefault(model, [])
        done.newer += not versions and model in newer
        versions += [newer[model]] if model in newer else []
        stock.catalogue.keep_newer(model, versions)
    done.left += [{"hub": repository.hub, "model": repository.model, "file": file.place} for file in found.gone]


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
