"""Where the right bytes of a damaged file can be had: where it came from, else any hub that has its hash."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from modelyard.engine.blocks import BLOCK
from modelyard.engine.digesting import EXTRAS, Digesting
from modelyard.engine.hold import hold
from modelyard.engine.landing import land
from modelyard.engine.part import PartFile, part_path
from modelyard.errors import Damaged, NotFound, YardError
from modelyard.hubs.base import Hub
from modelyard.jobs.yard import Yard
from modelyard.library.shifting.failpoint import failpoint
from modelyard.net.stop import Stop
from modelyard.net.url import without_query
from modelyard.store.disk_gate import disk_errors
from modelyard.store.positioned import pwrite
from modelyard.store.proofs import Proof, Stamp, stamp_of
from modelyard.values.offers import Offer


class Origin(msgspec.Struct, frozen=True):
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


def from_twin(yard: Yard, path: Path, sha256: str, wrong: Stamp) -> bool:
    """Copy another file of this machine that was measured to have these bytes; whether there was one.

    It is measured again while it is copied: only its bytes of now count.

    Args:
        wrong: The stamp of the damaged file when it was read.
    """
    for twin in yard.proofs.with_sha256(sha256) if sha256 else ():
        if twin.path == path or not twin.path.is_file() or twin.path.samefile(path):
            continue
        part = part_path(path, f"twin {sha256}")
        with hold(part, yard.engine.clock, yard.stop, lambda: None) as held:
            digests = _copied(twin.path, held, yard.stop)
            if digests["sha256"] != sha256:
                held.remove()
                continue
            held.sync()
            put_back(held, path, wrong)
        stamp = stamp_of(path)
        if stamp is not None:
            known = yard.proofs.last_known(path)
            proof = known if known is not None and known.address else twin
            yard.proofs.keep([replace(proof, path=path, stamp=stamp, measured=digests, blocks=twin.blocks)])
        return True
    return False


def put_back(part: PartFile, path: Path, wrong: Stamp) -> None:
    """Let a proven part take a damaged file's place, with its mode.

    Args:
        wrong: The stamp of the damaged file when it was read.

    Raises:
        Damaged: Somebody changed the file meanwhile; it stays as it is.
    """
    if stamp_of(path) != wrong:
        raise Damaged(f"{path} was changed while it was being mended.", hint="Verify it again.")
    with disk_errors(path):
        if hasattr(os, "fchmod"):
            os.fchmod(part.fd, stat.S_IMODE(path.stat().st_mode))
    failpoint("mend-proven")
    land(part, path, replace=True)
    failpoint("mend-landed")


def _copied(source: Path, part: PartFile, stop: Stop) -> dict[str, str]:
    """Copy a file into a part; gives the digests of what was copied."""
    digesting = Digesting(("sha256", *EXTRAS), source.stat().st_size)
    at = 0
    with disk_errors(part.path), source.open("rb") as file:
        part.truncate(0)
        while data := file.read(BLOCK):
            stop.check()
            digesting.update(memoryview(data))
            pwrite(part.fd, data, at)
            at += len(data)
    return digesting.result()


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
