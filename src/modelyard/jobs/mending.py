"""Where the right bytes of a damaged file can be had: where it came from, else any hub that has its hash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modelyard.errors import NotFound, YardError
from modelyard.hubs.base import Hub
from modelyard.jobs.yard import Yard
from modelyard.net.url import without_query
from modelyard.store.proofs import Proof
from modelyard.values.offers import Offer


@dataclass(frozen=True, slots=True)
class Origin:
    """A hub and what it offers."""

    hub: Hub
    offer: Offer


def origins(yard: Yard, known: Proof | None, sha256: str) -> Iterator[Origin]:
    """Offers of these bytes, best first: by the file's own address, then by its hash at every hub.

    Raises:
        YardError: Nobody offers them; the first refusal that was met, or `NotFound`.
    """
    refusals: list[YardError] = []
    found = False
    for ask in (_by_address, _by_hash):
        try:
            for origin in ask(yard, known, sha256):
                found = True
                yield origin
        except YardError as error:
            refusals.append(error)
    if not found:
        raise next(iter(refusals), NotFound(f"No hub has a file with the SHA-256 {sha256[:16]}…."))


def _by_address(yard: Yard, known: Proof | None, sha256: str) -> Iterator[Origin]:
    if known is None or not known.address:
        return
    hub, address = yard.hubs.read(known.address)
    offers = hub.resolve(address).offers
    same = [one for one in offers if without_query(one.sources[0].url) == known.source or one.name == known.path.name]
    for offer in same or (offers if len(offers) == 1 else ()):
        if offer.claimed.get("sha256", sha256) == sha256:
            yield Origin(hub, offer)
            return
    raise NotFound(f"The source of {known.path} no longer offers it.")


def _by_hash(yard: Yard, _known: Proof | None, sha256: str) -> Iterator[Origin]:
    for hub in yard.hubs:
        try:
            found = hub.by_hash([sha256])
        except YardError:
            continue  # another hub may have it
        for offer in found.get(sha256, []):
            if offer.claimed.get("sha256") == sha256:
                yield Origin(hub, offer)
