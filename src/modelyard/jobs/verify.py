"""The verify flow: read a file, compare it with what it should be, mend what is broken.

What a file should be is known from the day it arrived: its proof holds its SHA-256 and the hash of each
mebibyte. Repair copies the file beside itself, fetches only the blocks that are wrong, proves the whole
and only then takes the old one's place.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from modelyard.engine.blocks import BlockTable
from modelyard.engine.digesting import needed
from modelyard.engine.fetch import fetch
from modelyard.engine.hold import hold
from modelyard.engine.journal import Story
from modelyard.engine.order import Order
from modelyard.engine.part import part_path
from modelyard.engine.progress import Progress
from modelyard.engine.recover import plant
from modelyard.engine.run import Surroundings
from modelyard.engine.sniff import MODEL_SUFFIXES
from modelyard.errors import AccessError, ContentError, NetworkError, NoSuchFile, NotFound, YardError
from modelyard.jobs.measure import Measured, measure
from modelyard.jobs.mending import Origin, from_twin, origins, put_back
from modelyard.jobs.yard import Yard
from modelyard.net.bandwidth import Meter
from modelyard.net.url import without_query
from modelyard.store.proofs import Proof, Stamp, stamp_of
from modelyard.values.digests import digest
from modelyard.values.suffixes import suffix_of


class State(enum.Enum):
    """What a file turned out to be."""

    GOOD = "good"
    DAMAGED = "damaged"
    UNKNOWN = "unknown"
    MENDED = "mended"


class Finding(msgspec.Struct, frozen=True):
    """What was found of one file.

    Attributes:
        sha256: As measured now.
        expected: What it should be, empty when nobody knows.
        bad_blocks: Indexes of the mebibytes that differ; empty when they cannot be told apart.
        fetched: Bytes that came over the wire to mend it.
    """

    path: Path
    state: State
    sha256: str
    expected: str = ""
    bad_blocks: tuple[int, ...] = ()
    fetched: int = 0


def files_below(paths: list[Path]) -> Iterator[Path]:
    """The paths that are files, and the model files below those that are folders.

    Raises:
        NoSuchFile: A path does not exist.
    """
    for path in paths:
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from sorted(
                one
                for one in path.rglob("*")
                if suffix_of(one.name) in MODEL_SUFFIXES and one.is_file() and not one.name.startswith(".")
            )
        else:
            raise NoSuchFile(f"{path} is not there.")


def verify(
    yard: Yard,
    path: Path,
    sha256: str | None = None,
    on_bytes: Callable[[int], None] | None = None,
    also: Iterable[str] = (),
    *,
    gentle: bool = False,
) -> tuple[Finding, Measured]:
    """Read a file and compare it with what it should be.

    Args:
        sha256: What the person says it should be; else its proof tells.
        also: Further digests to measure in the same read.
        gentle: Read behind everybody else's reads of the disk.

    Raises:
        NoSuchFile, Damaged: It is not there, or is being written.
    """
    known = yard.proofs.last_known(path)
    expected = {"sha256": digest("sha256", sha256)} if sha256 else _expected(known)
    measured = measure(path, yard.stop, dict.fromkeys([*needed(expected), *also]), on_bytes, gentle=gentle)
    wrong = [name for name, value in expected.items() if measured.digests.get(name) != value]
    finding = Finding(path, State.GOOD, measured.digests["sha256"], next(iter(expected.values()), ""))
    if wrong:
        bad = _bad_blocks(known, measured.table) if known and not sha256 else ()
        return replace(finding, state=State.DAMAGED, bad_blocks=bad), measured
    if not known or known.stamp != measured.stamp or not measured.digests.items() <= known.measured.items():
        again = known or Proof(path, measured.stamp, {})
        digests = {**again.measured, **measured.digests}
        yard.proofs.keep([replace(again, stamp=measured.stamp, measured=digests, blocks=measured.table.packed())])
    return (finding if expected else replace(finding, state=State.UNKNOWN)), measured


def repair(yard: Yard, finding: Finding, measured: Measured) -> Finding:
    """Mend a damaged file, from a twin or by fetching the blocks that differ; prove it, take the old one's place.

    Raises:
        NotFound: No hub has these bytes any more.
        YardError: The source cannot be reached.
    """
    known = yard.proofs.last_known(finding.path)
    if from_twin(yard, finding.path, finding.expected, measured.stamp):
        return replace(finding, state=State.MENDED, sha256=finding.expected)
    refused: YardError | None = None
    for origin in origins(yard, known, finding.expected):
        try:
            return _from(yard, origin, known, finding, measured)
        except (NetworkError, ContentError, NotFound, AccessError) as error:
            refused = refused or error  # another source may do
    assert refused is not None
    raise refused


def _from(yard: Yard, origin: Origin, known: Proof | None, finding: Finding, measured: Measured) -> Finding:
    """Mend it from one source."""
    path, offer = finding.path, origin.offer
    size = offer.size if known is None or not known.blocks else known.stamp.size
    order = Order(path.name, offer.sources, size, offer.claimed, {"sha256": finding.expected})
    clock, progress = yard.engine.clock, Progress(order.name, yard.engine.clock)
    meter = Meter(yard.buckets(offer.hub), progress.add)
    around = Surroundings(yard.engine, order, progress, meter, yard.stop, origin.hub.explain)
    with hold(part_path(path, f"repair {finding.expected}"), clock, yard.stop, lambda: None) as part:
        if known is not None and known.blocks:
            story = Story(size=known.stamp.size, source=without_query(offer.sources[0].url))
            plant(part, story, path, _good_blocks(known, measured.table), yard.stop)
        fetched = fetch(around, part)
        part.sync()
        put_back(part, path, measured.stamp)
    stamp = stamp_of(path)
    if stamp is not None:
        proof = known if known is not None and known.address else _proof(path, stamp, origin)
        yard.proofs.keep([replace(proof, stamp=stamp, measured=fetched.measured, blocks=fetched.blocks)])
    return replace(finding, state=State.MENDED, sha256=fetched.measured["sha256"], fetched=fetched.received)


def _proof(path: Path, stamp: Stamp, origin: Origin) -> Proof:
    """A proof that says where the file can be had."""
    offer = origin.offer
    source = without_query(offer.sources[0].url)
    return Proof(path, stamp, {}, offer.claimed, address=origin.hub.show(offer.address), source=source)


def _expected(known: Proof | None) -> Mapping[str, str]:
    if known is None:
        return {}
    return {"sha256": known.measured["sha256"]} if known.measured.get("sha256") else dict(known.claimed)


def _bad_blocks(known: Proof, now: BlockTable) -> tuple[int, ...]:
    then = BlockTable.unpacked(known.stamp.size, known.blocks)
    return tuple(index for index, value in then.known() if now.get(index) != value)


def _good_blocks(known: Proof, now: BlockTable) -> dict[int, bytes]:
    then = BlockTable.unpacked(known.stamp.size, known.blocks)
    return {index: value for index, value in then.known() if now.get(index) == value}
