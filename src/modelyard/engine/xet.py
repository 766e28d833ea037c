"""Files from Hugging Face's chunk store, through the `hf_xet` wheel where it is installed.

It brings bytes only. They take the same way to the disk as any others: blocks, journal, prover, verdict. What
goes wrong here is a `NetworkError` or a wrong hash, and then the plain way goes on from the journal.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec

from modelyard.engine.blocks import BlockTable
from modelyard.engine.fetched import Fetched, judge
from modelyard.engine.journal import Journal, Known, Story
from modelyard.engine.part import DIRECT_FROM, PartFile
from modelyard.engine.prover import Piece
from modelyard.engine.recover import recover
from modelyard.engine.run import Run, Surroundings
from modelyard.errors import AddressForbidden, BadAddress, NetworkError
from modelyard.net.api import Follow
from modelyard.net.client import Request
from modelyard.net.guard import Sender
from modelyard.net.url import parse, without_query
from modelyard.values.offers import Xet

_ANSWER = 65536
_CONFIG = {
    "telemetry.enabled": False,
    # The plain way is always open: better to take it soon than to wait for a store that is silent.
    "client.connect_timeout": "10s",
    "client.read_timeout": "15s",
    "client.retry_max_attempts": 1,
    "client.retry_base_delay": "500ms",
    # As it comes, it holds up to 6 GB in memory.
    "reconstruction.download_buffer_size": 128_000_000,
    "reconstruction.download_buffer_perfile_size": 64_000_000,
    "reconstruction.download_buffer_limit": 256_000_000,
}
_LOOPBACK = frozenset({"127.0.0.1", "[::1]", "::1", "localhost"})
_QUERY = re.compile(r"(https?://[^\s?)]*)\?[^\s)]*")


class XetFailed(NetworkError):
    """The chunk store, or the wheel that speaks with it, does not serve."""

    code = "xet-failed"


class Token(msgspec.Struct, frozen=True, rename={"access": "accessToken", "store": "casUrl", "expires": "exp"}):
    """Where the chunk store is and what opens it."""

    access: str
    store: str
    expires: int


@functools.cache
def usable() -> bool:
    """Whether the wheel is installed, in a version whose streams can be ended while one waits for them (1.7)."""
    try:
        import hf_xet
    except ImportError:
        return False
    return hasattr(getattr(hf_xet, "XetDownloadStreamGroup", None), "abort")


def goes_by_xet(around: Surroundings) -> bool:
    """Whether the chunk store is tried for this order: it is large, a hash will decide, no speed limit holds.

    A limit is kept by the plain way only: the wheel reads ahead as fast as it can.
    """
    order = around.order
    large = (order.size or 0) > around.engine.policy.small
    return order.xet is not None and large and bool(order.expected) and around.meter.ceiling is None and usable()


def fetch_xet(around: Surroundings, part: PartFile) -> Fetched:
    """Fetch what is absent of an order, and prove the whole.

    Raises:
        NetworkError: It does not serve; what came is in part and journal.
        YardError: Every other kind.
    """
    order, size = around.order, around.order.size
    assert order.xet is not None
    assert size is not None
    group = _open(ask(around, order.xet))
    kept = recover(part, size, around.stop)
    if kept is None:
        part.empty()
    part.trim(size)
    table = kept.table if kept else BlockTable(size)
    story = kept.story if kept else Story(size=size, source=without_query(order.sources[0].url))
    around.progress.size, around.progress.stage, around.progress.kept = size, "transferring", table.have
    if size >= DIRECT_FROM:
        part.go_direct()
    journal = Journal(part, story, {i: Known(table.length(i), one) for i, one in table.known()})
    run = Run(around, part, table, journal, {}, {}, ranges=True)
    try:
        with run.stop.waking(functools.partial(_abort, group)):
            for start, end in list(table.gaps()):
                _pour(run, _chunks(group, order.xet, size, start, end), start, end)
        around.progress.stage = "proving"
        measured = run.prover.finish()
        if not part.still_ours():
            part.reopen()
            raise XetFailed("Somebody removed the part while it was written.")
        return judge(run, part, measured, order.sources[0], changed=False)
    finally:
        _abort(group)
        run.prover.abandon()
        journal.close()


def ask(around: Surroundings, xet: Xet) -> Token:
    """Ask the hub where the chunk store is.

    Raises:
        NetworkError: It does not say, or names a place that it may not name.
    """
    origin, told_by_public = parse(xet.token_url).origin, around.order.sources[0].told_by_public
    around.engine.manners.await_turn(origin, around.stop)
    request = Request(xet.token_url, follow=Follow.SAME_ORIGIN, told_by_public=told_by_public)
    reply = around.engine.client.open(request, around.stop)
    try:
        sender = Sender(reply.connection.line.reach, reply.url.origin)
        with around.stop.waking(reply.connection.shut):
            body = reply.read_all(_ANSWER)
    finally:
        reply.close()
    if reply.status != 200:
        raise XetFailed(f"{reply.url.host} gives no token for its chunk store ({reply.status}).")
    try:
        token = msgspec.json.decode(body, type=Token)
        safe = may_name(reply.url.host, token.store)
    except (msgspec.DecodeError, ValueError) as error:
        raise XetFailed(f"{reply.url.host} does not say where its chunk store is.") from error
    if not safe:
        raise XetFailed(f"{reply.url.host} names a chunk store that is not on https.")
    if token.store.startswith(("http:", "https:")):
        _check_place(around, token.store, sender)
    return token


def _check_place(around: Surroundings, store: str, sender: Sender) -> None:
    """Let the wheel go only where we would go after a redirect, and to no hub that has a certificate of its own.

    It looks the name up again: one that leads elsewhere by then fails at its certificate, before a request is sent.
    """
    try:
        around.engine.client.pool.check(parse(store), sender)
    except (AddressForbidden, BadAddress) as error:
        raise XetFailed(f"{sender.origin} names a chunk store that it may not lead to.") from error


def may_name(host: str, store: str) -> bool:
    """Whether a hub may send us to this chunk store.

    The wheel connects by itself, past our guard, and makes folders at a ``local://`` place: a certificate has
    to vouch for the store, unless the hub is on this machine.
    """
    return urlsplit(store).scheme == "https" or host in _LOOPBACK


@functools.cache
def _session() -> Any:
    import hf_xet

    return hf_xet.XetSession(hf_xet.XetConfig().with_config(_CONFIG))


def _open(token: Token) -> Any:
    with _gate():
        return _session().new_download_stream_group(
            endpoint=token.store, token=token.access, token_expiry_unix_secs=token.expires
        )


def _abort(group: Any) -> None:
    """End every stream, even one that another thread waits on (a stream's own `cancel` cannot)."""
    with contextlib.suppress(Exception):
        group.abort()


def _chunks(group: Any, xet: Xet, size: int, start: int, end: int) -> Iterator[bytes]:
    with _gate():
        import hf_xet

        stream = iter(group.download_stream(hf_xet.XetFileInfo(xet.hash, size), start, end))
    while True:
        with _gate():
            chunk: bytes | None = next(stream, None)
        if chunk is None:
            return
        yield chunk


@contextlib.contextmanager
def _gate() -> Iterator[None]:
    """The one way by which the wheel's errors come in; its panics are no `Exception`."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        words = _QUERY.sub(r"\1", str(error))[:300]
        raise XetFailed(f"The chunk transport failed: {type(error).__name__}: {words}") from error


def _pour(run: Run, chunks: Iterator[bytes], start: int, end: int) -> None:
    """Move chunks of any length to the disk in whole blocks.

    Raises:
        XetFailed: They end early. A store that lacks the file sends nothing and calls that the end.
    """
    at, filled, buffer = start, 0, memoryview(b"")
    for chunk in chunks:
        run.stop.check()
        run.meter.pay(len(chunk), run.stop)
        view = memoryview(chunk)[: end - at - filled]
        while view:
            if not filled:
                buffer = run.ring.take(run.stop, run.prover.press)
            count = min(len(view), len(buffer) - filled)
            buffer[filled : filled + count] = view[:count]
            filled, view = filled + count, view[count:]
            if filled == len(buffer) or at + filled == end:
                _hand_over(run, buffer, at, filled)
                at, filled = at + filled, 0
    run.stop.check()
    if at < end:
        raise XetFailed(f"The chunk store ended {run.order.name} at byte {at + filled} of {end}.")


def _hand_over(run: Run, buffer: memoryview, at: int, length: int) -> None:
    if run.prover.failed is not None:
        raise run.prover.failed
    run.part.write(buffer[:length], at)
    run.prover.put(Piece(at, buffer[:length], functools.partial(run.ring.release, buffer)))
