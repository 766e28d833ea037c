"""Small files: read whole, hashed at once, written at once. No threads, no journal."""

from __future__ import annotations

from msgspec.structs import replace

from modelyard.engine.blocks import BLOCK, BlockTable, block_digest
from modelyard.engine.digesting import Digesting, needed
from modelyard.engine.fetched import Fetched, proven_by, refuse_differences, refuse_doubtful
from modelyard.engine.opening import Opening, open_whole
from modelyard.engine.part import PartFile
from modelyard.engine.run import Surroundings
from modelyard.errors import HashDiffers, NetworkError, SizeDiffers, YardError
from modelyard.net.bandwidth import Meter
from modelyard.net.stop import Stop
from modelyard.net.url import without_query
from modelyard.values.offers import Source

_EXTRAS = ("blake3", "tensor-sha256")


def fetch_small(around: Surroundings, part: PartFile, opening: Opening) -> Fetched:
    """Fetch a file that fits into memory; a broken connection starts it again, a lying source is left for another.

    Args:
        opening: An open stream of the whole file whose size is known.

    Raises:
        YardError: Every kind.
    """
    liars: list[str] = []
    while True:
        try:
            data, opening = _whole(around, opening)
            fetched = _proven(around, part, opening, data)
            return replace(fetched, liars=tuple(liars)) if liars and fetched.proven else fetched
        except (HashDiffers, SizeDiffers) as wrong:
            if not around.order.expected:
                raise
            liars.append(without_query(opening.source.url))
            around, opening = _elsewhere(around, opening.source, wrong, "sent wrong bytes; fetching them elsewhere.")


def _elsewhere(around: Surroundings, source: Source, error: YardError, why: str) -> tuple[Surroundings, Opening]:
    """Ask the sources but this one.

    Raises:
        YardError: `error` itself: there is no other, or none that serves.
    """
    others = tuple(other for other in around.order.sources if other.url != source.url)
    if not others:
        raise error
    around = replace(around, order=replace(around.order, sources=others))
    around.progress.start_over()
    around.progress.note = f"{without_query(source.url)} {why}"
    try:
        return around, _again(around)
    except YardError:
        around.stop.check()
        raise error from None


def _whole(around: Surroundings, opening: Opening) -> tuple[memoryview, Opening]:
    """All bytes, and the stream that they came from; a source that cannot send them is left for another."""
    policy = around.engine.policy.retry
    attempt = 0
    while True:
        try:
            return _read(opening, around.meter, around.stop, opening.identity.size or 0), opening
        except NetworkError as broken:
            error = broken
        finally:
            opening.reply.close()
        around.stop.check()
        around.progress.start_over()
        if attempt == policy.retries or not error.retryable:
            around, opening = _elsewhere(around, opening.source, error, "fails; fetching it elsewhere.")
            attempt = 0
            continue
        wait = policy.delay(attempt, around.engine.chance)
        around.progress.retry(error.message, wait)
        around.engine.clock.wait(wait, around.stop)
        attempt += 1
        opening = _again(around)


def _again(around: Surroundings) -> Opening:
    """The whole file once more, from the first source that sends one which fits into memory.

    Raises:
        YardError: There is none.
    """
    opening = open_whole(around.engine, around.order, around.stop, around.explain, around.progress.retry)
    size = opening.identity.size
    if opening.packed or size is None or size > around.engine.policy.small:
        opening.reply.close()
        others = tuple(one for one in around.order.sources if one.url != opening.source.url)
        if not others:
            raise NetworkError(f"{opening.reply.url.host} answers differently each time.")
        return _again(replace(around, order=replace(around.order, sources=others)))
    return opening


def _read(opening: Opening, meter: Meter, stop: Stop, size: int) -> memoryview:
    view = memoryview(bytearray(size))
    filled = 0
    with stop.waking(opening.reply.connection.shut):
        while filled < size:
            count = opening.read_into(view[filled : filled + meter.allowance(size - filled)])
            if not count:
                break
            filled += count
            meter.pay(count, stop)
    return view[:filled]


def _proven(around: Surroundings, part: PartFile, opening: Opening, data: memoryview) -> Fetched:
    order, size = around.order, len(data)
    if order.size is not None and order.size != size:
        raise SizeDiffers(f"{order.name} has {size} bytes where {order.size} were promised.")
    digesting = Digesting([*needed(order.expected), *(name for name in _EXTRAS if name not in order.expected)], size)
    digesting.update(data)
    measured = digesting.result()
    refuse_differences(order, size, measured, opening.source)
    proven = proven_by(order, measured)
    if not proven:
        refuse_doubtful(order.name, bytes(data), size, cut_possible=False)
    table = BlockTable(size)
    for start in range(0, size, BLOCK):
        block = data[start : start + BLOCK]
        table.put(start // BLOCK, block_digest(block), len(block))
    part.empty()
    part.write(data, 0)
    around.progress.size = size
    return Fetched(
        part.path, size, measured, table.packed(), proven, without_query(opening.source.url), around.progress.received
    )
