"""What a download is asked for, what it plans, and what becomes of each file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from modelyard.engine.fetched import Fetched
from modelyard.engine.order import Order
from modelyard.engine.part import part_path
from modelyard.errors import AccessError, YardError
from modelyard.hubs.base import Hub
from modelyard.jobs.preflight import Verdict
from modelyard.jobs.targets import Place
from modelyard.net.url import without_query
from modelyard.store.proofs import Proof, stamp_of
from modelyard.values.digests import strongest
from modelyard.values.offers import Offer


class Wish(msgspec.Struct, frozen=True):
    """What a person wants.

    Attributes:
        addresses: Texts as typed or pasted.
        to: A file for one address, else a folder; None for the folder of the settings.
        sha256: The hash that the one file must have.
        replace: Another file under the name may go once the new one is proven.
        companions: Fetch what belongs with the files too.
        limit: Bytes per second for these files together.
        unpack: Unpack archives as they arrive.
        within: A real path in which every file must lie when it is written, wherever links lead by then; empty: any.
        one: One model file is meant: of several none is taken, and their addresses are told.
        told: A stranger's document names the addresses: plain ones must not lead into the local network.
    """

    addresses: Sequence[str]
    to: str | None = None
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    sha256: str | None = None
    replace: bool = False
    companions: bool = False
    limit: int | None = None
    unpack: bool = False
    told: bool = False
    within: str = ""
    one: bool = False


class Planned(msgspec.Struct, frozen=True):
    """One file of a plan: what, where to, and what has to be done.

    Attributes:
        gate: Why its hub would refuse it; None when it would not, nobody knows, or nobody asked (see `Planner.plan`).
    """

    hub: Hub
    offer: Offer
    place: Place
    order: Order
    verdict: Verdict
    gate: AccessError | None = None

    @property
    def part(self) -> Path:
        """Its part."""
        return part_of(self.place.target, self.order)


class Outcome(msgspec.Struct, frozen=True):
    """What became of one file.

    Attributes:
        target: Where it is now, or would be.
        error: None when it is here.
        how: Why nothing had to be done, or how it was proven.
        proven: Claimed digests that are right; empty means unverified.
        received: Bytes that came over the wire.
        kept: Bytes of a part that wait for the next run.
    """

    planned: Planned
    target: Path
    error: YardError | None = None
    how: str = ""
    size: int = 0
    sha256: str = ""
    proven: tuple[str, ...] = ()
    received: int = 0
    retries: int = 0
    kept: int = 0

    def as_dict(self) -> dict[str, object]:
        """The outcome as JSON-able data."""
        told: dict[str, object] = {
            "path": str(self.target),
            "address": without_query(self.planned.hub.show(self.planned.offer.address)),
            "size": self.size,
            "sha256": self.sha256 or None,
            "verified": bool(self.proven),
            "proven_by": list(self.proven),
            "how": self.how,
            "received": self.received,
            "retries": self.retries,
        }
        if self.error:
            told["error"] = self.error.as_dict()
        return told


class Refused(msgspec.Struct, frozen=True):
    """Something that was asked and will not be tried: an address or one of its files."""

    what: str
    error: YardError


def part_of(target: Path, order: Order) -> Path:
    """The part of a target: the same for the same promised bytes, another for another version."""
    best = strongest(order.expected)
    return part_path(target, order.expected[best] if best else order.sources[0].url)


def proof_of(one: Planned, fetched: Fetched) -> Proof | None:
    """The proof of a file that has just landed."""
    stamp = stamp_of(one.place.target)
    if stamp is None:
        return None
    address = one.hub.show(one.offer.address)
    claimed = one.order.settled().expected
    return Proof(one.place.target, stamp, fetched.measured, claimed, fetched.blocks, address, fetched.source)
