"""The verdict over a whole part: proven, unverified, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from modelyard.engine.digesting import differences
from modelyard.engine.order import Order
from modelyard.engine.part import PartFile
from modelyard.engine.run import Run
from modelyard.engine.sniff import proves_its_end, wrong_container
from modelyard.errors import (
    ChangedAtSource,
    ContentError,
    HashDiffers,
    Interrupted,
    LengthUnknown,
    NotAModel,
    SizeDiffers,
)
from modelyard.net.url import without_query
from modelyard.values.offers import Source

_HEADER_READ = 16 * 2**20
_SHOWN = 16


class Fetched(msgspec.Struct, frozen=True):
    """A part that may get its final name.

    Attributes:
        part: The part file.
        size: Its bytes.
        measured: Digests of its bytes, measured by us.
        blocks: Packed block table, see `blocks`; empty for a file of one block.
        proven: Claimed digests that are right; empty means unverified.
        source: URL it came from, without query.
        received: Bytes that came over the wire in this run.
        liars: Sources, without query, that sent other bytes than these.
    """

    part: Path
    size: int
    measured: Mapping[str, str]
    blocks: bytes
    proven: tuple[str, ...]
    source: str
    received: int
    liars: tuple[str, ...] = ()


def judge(run: Run, part: PartFile, measured: Mapping[str, str], source: Source, *, changed: bool) -> Fetched:
    """Compare what was measured with what was promised.

    Raises:
        ContentError: It is not the promised file.
        Interrupted: Bytes are missing.
        Stopped: Somebody asked to stop before every promise was known.
    """
    size = run.table.size
    if size is None or not run.table.complete:
        raise Interrupted(f"{run.order.name}: bytes are missing.")
    order = run.order.settled()
    if run.doubt is not None and differences(order.expected, measured):
        raise run.doubt
    refuse_differences(order, size, measured, source, changed=changed)
    proven = proven_by(order, measured)
    if not proven:
        start = part.read(0, min(size, _HEADER_READ))
        refuse_doubtful(order.name, start, size, cut_possible=run.cut_possible)
    part.trim(size)
    if part.size() != size:
        raise Interrupted(f"{order.name}: its part lost bytes while it was written.")
    blocks = run.table.packed()
    return Fetched(part.path, size, measured, blocks, proven, without_query(source.url), run.progress.received)


def proven_by(order: Order, measured: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the claimed digests that the measured ones confirm."""
    return tuple(name for name, value in order.expected.items() if measured.get(name) == value)


def refuse_differences(
    order: Order, size: int, measured: Mapping[str, str], source: Source, *, changed: bool = False
) -> None:
    """Raise when size or a digest is not the promised one.

    Raises:
        SizeDiffers, HashDiffers, ChangedAtSource: With both values.
    """
    if order.size is not None and order.size != size:
        raise SizeDiffers(f"{order.name} has {size} bytes where {order.size} were promised.")
    wrong = differences(order.expected, measured)
    if not wrong:
        return
    name = wrong[0]
    want, got = order.expected[name][:_SHOWN], measured[name][:_SHOWN]
    words = f"{order.name} from {without_query(source.url)} hashes to {got}… where {want}… was promised ({name})."
    kind: type[ContentError] = HashDiffers
    if changed:
        kind, words = ChangedAtSource, f"The file changed at its source. {words}"
    raise kind(words, expected=order.expected[name], measured=measured[name], algorithm=name)


def refuse_doubtful(name: str, start: bytes, size: int, *, cut_possible: bool) -> None:
    """Raise when nothing proves the bytes and something speaks against them.

    Raises:
        NotAModel: Empty, or a container that contradicts its size.
        LengthUnknown: The connection's end was the only sign of the file's end.
    """
    if size == 0:
        raise NotAModel(f"{name} came empty.", hint="The source sent nothing. Open the link in a browser.")
    if wrong := wrong_container(name, start, size):
        raise NotAModel(f"{name} came as {wrong}.", hint="It is cut short or damaged at its source.")
    if cut_possible and not proves_its_end(name, start, size):
        raise LengthUnknown(f"The connection ended after {size} bytes of {name}, and nothing proves that this is all.")
