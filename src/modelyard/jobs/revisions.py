"""Newer files in repositories: what came from one is compared with the file of its own path there now.

A repository has no versions of a model, only commits, and most of these say nothing about a file. What counts is the
hash: a file is newer there when the branch that it came from has other bytes in its place. It is no word that the
file is gone there: nothing here changes by that.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeGuard

import msgspec
from msgspec.structs import replace

from modelyard.catalogue.versions import Proven
from modelyard.errors import BadAddress, UnknownHub
from modelyard.hubs.base import Committing, Hub
from modelyard.jobs.stock import Stock
from modelyard.values.about import Change, Version, VersionFile
from modelyard.values.offers import Address, Listing, Offer

_PAGE = 1000
_COMMIT = re.compile("[0-9a-f]{40}")
_LONGEST = 100


class Repositories(Hub, Committing, Protocol):
    """A hub whose models are repositories."""


class Origin(msgspec.Struct, frozen=True):
    """A file that is here, and where it comes from in its repository.

    Attributes:
        place: Its path there; only its name here when nobody knows from which folder it came.
        sure: Whether it is known that it was fetched from there.
        commit: At which it was fetched, empty when nobody knows.
    """

    model: int
    path: str
    sha256: str
    place: str
    sure: bool = False
    commit: str = ""


class Compared(msgspec.Struct, frozen=True):
    """What a repository has now in the places of some files.

    Attributes:
        same: Files that are there as they are here.
        other: Those that have other bytes there now, and what is there.
        gone: Those that are not there any more.
    """

    listing: Listing
    same: list[tuple[Origin, Offer]] = msgspec.field(default_factory=list)
    other: list[tuple[Origin, Offer]] = msgspec.field(default_factory=list)
    gone: list[Origin] = msgspec.field(default_factory=list)


def repository_hub(stock: Stock, name: str) -> Repositories | None:
    """The hub of this name, when its models are repositories."""
    try:
        hub = stock.yard.hubs.named(name)
    except UnknownHub:
        return None
    return hub if _has_repositories(hub) else None


def _has_repositories(hub: Hub) -> TypeGuard[Repositories]:
    return isinstance(hub, Committing)


def origins(stock: Stock, ids: Sequence[int] = ()) -> dict[Address, list[Origin]]:
    """The measured files that came from repositories, by their repository and branch."""
    hubs = [hub.name for hub in stock.yard.hubs if _has_repositories(hub)]
    found: dict[Address, list[Origin]] = {}
    after = 0
    while page := stock.catalogue.proven(hubs, ids, after, _PAGE):
        after = page[-1].id
        known = stock.yard.proofs.addresses([file.path for file in page])
        for file in page:
            if origin := _origin(stock, file, known.get(file.path, "")):
                found.setdefault(origin[0], []).append(origin[1])
    return found


def _origin(stock: Stock, file: Proven, text: str) -> tuple[Address, Origin] | None:
    if text:
        try:
            hub, address = stock.yard.hubs.read(text)
        except (BadAddress, UnknownHub):  # a plugin that is not there any more
            return None
        if not _has_repositories(hub) or not address.path:
            return None
        revision = address.revision or ""
        commit = revision if _COMMIT.fullmatch(revision) else ""
        repository = replace(address, path=None, revision=None if commit else address.revision)
        return repository, Origin(file.model, file.path, file.sha256, address.path, True, commit)
    if not (file.hub and file.hub_model and file.main):
        return None
    return Address(file.hub, file.hub_model), Origin(file.model, file.path, file.sha256, os.path.basename(file.path))


def compared(stock: Stock, hub: Repositories, repository: Address, files: Sequence[Origin]) -> Compared:
    """Ask once for all files of a repository; of what differs, whether it comes from another branch.

    Raises:
        NotFound: The repository or the branch is not there any more.
        YardError: The hub cannot be asked.
    """
    found = _sorted_out(hub.resolve(repository), files, {file.path: _fetched(stock, file) for file in files})
    commits = {file.commit for file in (*(file for file, _ in found.other), *found.gone)} - {""}
    aside = {commit for commit in commits if hub.in_history(found.listing.address, commit) is False}
    return replace(
        found,
        other=[one for one in found.other if one[0].commit not in aside],
        gone=[file for file in found.gone if file.commit not in aside],
    )


def _fetched(stock: Stock, file: Origin) -> str:
    """What a file's SHA-256 was when it came; another program may have written into it since."""
    proof = stock.yard.proofs.last_known(Path(file.path))
    return proof.measured.get("sha256", "") if proof else ""


def _sorted_out(listing: Listing, files: Sequence[Origin], fetched: Mapping[str, str]) -> Compared:
    """What is the same there, what is other, what is gone. Pure."""
    found = Compared(listing)
    places = {offer.path: offer for offer in listing.offers}
    digests = {offer.claimed["sha256"]: offer for offer in listing.offers if "sha256" in offer.claimed}
    for file in files:
        offer = places.get(file.place) if file.sure else _only(listing.offers, file.place)
        ours = [value for value in (file.sha256, fetched.get(file.path)) if value]
        same = [offer] if offer and offer.claimed.get("sha256") in ours else [digests[v] for v in ours if v in digests]
        if same:
            found.same.append((file, same[0]))
        elif offer is not None and "sha256" in offer.claimed:
            found.other.append((file, offer))
        elif offer is None and file.sure:
            found.gone.append(file)
    return found


def _only(offers: Sequence[Offer], name: str) -> Offer | None:
    """The one file of this name, None when there are several or none."""
    named = [offer for offer in offers if offer.name == name]
    return named[0] if len(named) == 1 else None


def newer_by_model(hub: Repositories, found: Compared) -> dict[int, Version]:
    """What is newer of each model that has files among those that differ.

    Raises:
        YardError: The hub cannot be asked.
    """
    changes = hub.changes(found.listing.address, [offer.path for _, offer in found.other]) if found.other else {}
    by_model: dict[int, list[Offer]] = {}
    for file, offer in found.other:
        by_model.setdefault(file.model, []).append(offer)
    return {model: _version(hub, found.listing, offers, changes) for model, offers in by_model.items()}


def _version(hub: Hub, listing: Listing, offers: Sequence[Offer], changes: Mapping[str, Change]) -> Version:
    """These files as they are there now, named by the commit that changed them last; a later one says nothing."""
    last = max((changes[one.path] for one in offers if one.path in changes), key=lambda one: one.at, default=None)
    first = offers[0]
    return Version(
        id=last.commit if last else first.claimed["sha256"][:16],
        name=" ".join(f"{last.commit[:7]} {last.title}".split())[:_LONGEST] if last else "",
        published=last.at if last else "",
        page=(first.page if len(offers) == 1 else listing.page) or "",
        files=tuple(VersionFile(one.path, one.size, one.claimed) for one in offers),
        address=hub.show(first.address if len(offers) == 1 else listing.address),
    )


def versions_there(stock: Stock, model: int) -> Iterator[Version]:
    """What a model's repositories have of it now, then what of it is here, where that is another.

    Raises:
        NotFound: A repository is not there any more.
        YardError: A hub cannot be asked.
    """
    for repository, files in origins(stock, [model]).items():
        hub = repository_hub(stock, repository.hub)
        if hub is None:
            continue
        found = compared(stock, hub, repository, files)
        yield from newer_by_model(hub, found).values()
        if found.same:
            offers = [offer for _, offer in found.same]
            yield _version(hub, found.listing, offers, hub.changes(found.listing.address, [one.path for one in offers]))
        if found.other:
            yield _here(hub, repository, [file for file, _ in found.other])


def _here(hub: Hub, repository: Address, files: Sequence[Origin]) -> Version:
    commit = next((file.commit for file in files if file.commit), "")
    at = replace(repository, revision=commit or repository.revision, path=files[0].place if len(files) == 1 else None)
    told = tuple(VersionFile(file.place, None, {"sha256": file.sha256}) for file in files)
    return Version(commit or files[0].sha256[:16], commit[:7], files=told, address=hub.show(at) if commit else "")
