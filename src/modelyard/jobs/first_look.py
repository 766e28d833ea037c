"""The first look: at the disk before a file is asked for, and at the head of the first answer."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec.structs import replace

from modelyard.engine.digesting import differences, needed
from modelyard.engine.journal import journal_path, read_journal
from modelyard.engine.opening import Opening
from modelyard.engine.order import Order
from modelyard.errors import YardError
from modelyard.hubs.web.digest_fields import claimed_digests, mirrors
from modelyard.hubs.web.disposition import name_from_disposition
from modelyard.jobs.beside import asking_beside, described_beside
from modelyard.jobs.measure import measure
from modelyard.jobs.preflight import Facts
from modelyard.jobs.targets import Place
from modelyard.jobs.yard import Yard
from modelyard.library.names import is_program
from modelyard.net.guard import Reach
from modelyard.net.headers import Headers
from modelyard.net.stop import Stop
from modelyard.net.url import without_query
from modelyard.store.proofs import Proof
from modelyard.values.offers import Offer, Source


def look(yard: Yard, target: Path, order: Order, part: Path) -> Facts:
    """What is known of a target on disk; a file without a proof is measured when a digest could confirm it.

    Raises:
        Damaged: It is being written by somebody else.
    """
    try:
        size = target.stat().st_size
    except OSError:
        return Facts(part=part_bytes(part))
    proof = yard.proofs.of(target)
    source = without_query(order.sources[0].url)
    if proof is not None:
        return Facts(size, proof.measured, "proof", proof.source == source, part_bytes(part))
    if not order.expected or (order.size is not None and order.size != size):
        return Facts(size, part=part_bytes(part))
    measured = measure(target, yard.stop, needed(order.expected))
    if not differences(order.expected, measured.digests):
        known = yard.proofs.last_known(target) or Proof(target, measured.stamp, {})
        blocks = measured.table.packed()
        yard.proofs.keep(
            [replace(known, stamp=measured.stamp, measured=measured.digests, claimed=order.expected, blocks=blocks)]
        )
    return Facts(size, measured.digests, "measured", part=part_bytes(part))


def part_bytes(part: Path) -> int:
    """Bytes of a part that are known to be right."""
    found = read_journal(journal_path(part)) if part.exists() else None
    return sum(known.length for known in found[1].values()) if found else 0


class Told(msgspec.Struct, frozen=True):
    """What the head of an answer says of a file.

    Attributes:
        url: Where the answer came from.
        public: It came from a public server.
    """

    headers: Headers
    size: int | None
    url: str
    public: bool


def told_by(opening: Opening) -> Told:
    """What an open stream has said in its head."""
    reply = opening.reply
    return Told(reply.headers, opening.identity.size, reply.url.text, reply.connection.line.reach is Reach.PUBLIC)


def asked_by_head(yard: Yard, source: Source) -> Told | None:
    """What a HEAD request says of a file; None where the server does not answer it."""
    try:
        answer = yard.api.head(source.url)
    except YardError:
        return None
    length = answer.headers.get("content-length")
    size = int(length) if length.isascii() and length.isdigit() else None
    return Told(answer.headers, size, answer.url, public=True) if answer.status == 200 else None


def enrich(yard: Yard, offer: Offer, place: Place, order: Order, told: Told, stop: Stop) -> tuple[Place, Order]:
    """What the head of an answer adds to an offer that knew little: a name, a size, digests, mirrors.

    A checksum file beside a large file is asked for meanwhile, see `Order.settled`.
    """
    if not offer.name_is_guess:
        return place, order
    name = None if place.fixed else name_from_disposition(told.headers.get("content-disposition"))
    if name and not is_program(name):  # what a server calls its file must not make it run
        place = replace(place, target=place.target.with_name(name))
    size = told.size if order.size is None else order.size
    described = described_beside(yard, told.headers, told.url, told.size, place.target.name)
    claimed = {**described.claimed, **claimed_digests(told.headers), **order.claimed}
    hub = order.sources[0].hub
    urls = dict.fromkeys([*mirrors(told.headers, told.url), *described.urls])
    others = [
        Source(url, hub, told_by_public=told.public) for url in urls if url not in (told.url, order.sources[0].url)
    ]
    pieces = order.pieces or described.pieces
    sources = (*order.sources, *others)
    order = replace(order, name=place.target.name, size=size, claimed=claimed, sources=sources, pieces=pieces)
    return place, asking_beside(yard, order, size, stop)
