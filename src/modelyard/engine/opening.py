"""Asking a source for bytes and judging what it answers, before a single one is believed."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from modelyard.engine.identity import Identity, identity_of
from modelyard.engine.links import Link
from modelyard.engine.order import Engine, Explain, Order
from modelyard.engine.sniff import SNIFFED, login_page, looks_wrong
from modelyard.errors import (
    AccessError,
    BadAnswer,
    Busy,
    LoginNeeded,
    NetworkError,
    NotAModel,
    NotFound,
    RateLimited,
    Removed,
    ServerFailed,
    Stopped,
    YardError,
)
from modelyard.net.api import Answer
from modelyard.net.client import Reply, Request
from modelyard.net.exchange import telling
from modelyard.net.guard import Reach
from modelyard.net.head import content_range, unsatisfied_total
from modelyard.net.retry import asked_to_wait
from modelyard.net.stop import Stop
from modelyard.net.url import parse
from modelyard.values.offers import Source

_MESSAGE = 65536
_FIRST_BYTES = 3.0
"""Seconds that a source has for its first bytes before another one is asked, where there is one."""


OnRetry = Callable[[str, float], None]
"""Told why and in how many seconds another try begins."""


class PastTheEnd(Exception):
    """416: the source has no bytes where we asked; `total` is what it says it has."""

    def __init__(self, total: int | None) -> None:
        self.total = total


class Readable(Protocol):
    """A stream of body bytes."""

    def read_into(self, view: memoryview) -> int:
        """Read at most ``len(view)`` bytes; 0 at the end."""
        ...

    @property
    def delimited(self) -> bool:
        """Whether its end can be told from a broken connection."""
        ...


@dataclass(slots=True)
class Opening:
    """A source that sends bytes.

    Attributes:
        start: File offset of the first body byte.
        end: One past the last body byte, None when unknown.
        identity: Size of the whole file and validators.
        packed: The body is gzip-encoded although identity was asked for.
    """

    source: Source
    reply: Reply
    start: int
    end: int | None
    identity: Identity
    packed: bool = False
    peeked: bytes = b""
    unpacked: Readable | None = None

    @property
    def body(self) -> Readable:
        """The stream of the file's own bytes."""
        return self.unpacked or self.reply.body

    def peek(self, count: int) -> bytes:
        """The first bytes of the body, which `read_into` gives again."""
        view = memoryview(bytearray(count))
        filled = 0
        while filled < count and (got := self.body.read_into(view[filled:])):
            filled += got
        self.peeked = bytes(view[:filled])
        return self.peeked

    def read_into(self, view: memoryview) -> int:
        """Read body bytes into `view`; 0 at the end."""
        if self.peeked:
            count = min(len(view), len(self.peeked))
            view[:count] = self.peeked[:count]
            self.peeked = self.peeked[count:]
            return count
        return self.body.read_into(view)


def open_source(
    engine: Engine,
    source: Source,
    stop: Stop,
    explain: Explain,
    first: int = 0,
    last: int | None = None,
    if_range: Identity | None = None,
) -> Opening:
    """Ask `source` for its bytes from `first` to `last` (included; None for all).

    A plain request without Range is sent when everything is wanted.

    Raises:
        YardError: The refusal, typed; network failures.
        PastTheEnd: The source is shorter than `first`.
    """
    headers: list[tuple[str, str]] = []
    if first or last is not None:
        headers.append(("Range", f"bytes={first}-{'' if last is None else last}"))
        headers += if_range.condition() if if_range else []
    else:
        headers.append(("Want-Repr-Digest", "sha-256=9"))
    engine.manners.await_turn(_origin(source), stop)
    reply = _ask_directly(engine, source, tuple(headers), stop) if first or last is not None else None
    if reply is None:
        whole = Request(source.url, headers=tuple(headers), bound=source.headers, told_by_public=source.told_by_public)
        reply = engine.client.open(whole, stop)
        if reply.hops and reply.url.origin != _origin(source):
            engine.links.put(source.url, Link(reply.url.text, reply.connection.line.reach is Reach.PUBLIC))
    try:
        with stop.waking(reply.connection.shut):
            return _judged(engine, source, reply, explain)
    except BaseException:
        reply.close()
        raise


def _ask_directly(engine: Engine, source: Source, headers: tuple[tuple[str, str], ...], stop: Stop) -> Reply | None:
    """Ask where the source last redirected to, sparing the hub a request that counts against a quota.

    None when there is no such link, or it serves no more: then the source itself gives a new one.
    """
    link = engine.links.get(source.url)
    if link is None:
        return None
    reply = engine.client.open(Request(link.url, headers=headers, told_by_public=link.public), stop)
    if reply.status in (200, 206, 416):
        return reply
    reply.close()
    engine.links.drop(source.url, link)
    return None


def _judged(engine: Engine, source: Source, reply: Reply, explain: Explain) -> Opening:
    if reply.status == 416:
        raise PastTheEnd(unsatisfied_total(reply.headers))
    if reply.status not in (200, 206):
        raise refusal(engine, source, reply, explain)
    # Some routes answer 200 with a Content-Range: the field decides, never the status alone.
    span = content_range(reply.headers)
    packed = reply.headers.get("content-encoding").lower() not in ("", "identity")
    if span is None:
        if reply.status == 206:
            raise BadAnswer(f"{reply.url.host} sent a piece of the file without saying which.")
        size = None if packed else reply.head.length
        return Opening(source, reply, 0, size, identity_of(reply.headers, size), packed)
    start, last, total = span
    if packed:
        raise BadAnswer(f"{reply.url.host} sent an encoded piece of the file, which nobody can place.")
    reply.body.expect(last - start + 1)
    return Opening(source, reply, start, last + 1, identity_of(reply.headers, total))


def open_whole(engine: Engine, order: Order, stop: Stop, explain: Explain, on_retry: OnRetry) -> Opening:
    """A source that sends the whole file, its first bytes looked at: no page, no error text.

    Each is asked in turn before one that failed is asked again, as the policy says.

    Raises:
        YardError: What the first source said last, when none of them serves.
    """
    policy, left = engine.policy.retry, list(order.sources)
    said: dict[str, YardError] = {}
    for attempt in range(policy.retries + 1):
        for source in tuple(left):
            try:
                # Whom we cut short must be asked once more.
                with hurried(stop, hurry=attempt == 0 < policy.retries and len(left) > 1) as stopped:
                    return _looked_at(engine, order, source, stopped, explain)
            except YardError as error:
                stop.check()
                said[source.url] = error
                passing = isinstance(error, NetworkError | Busy) and error.retryable
                if not passing and not isinstance(error, Stopped):
                    left.remove(source)
        if not left or attempt == policy.retries:
            break
        wait = policy.delay(attempt, engine.chance)
        on_retry(said[left[0].url].message, wait)
        engine.clock.wait(wait, stop)
    raise said[order.sources[0].url]


@contextlib.contextmanager
def hurried(stop: Stop, *, hurry: bool) -> Iterator[Stop]:
    """A flag that is set after a few seconds, when there is another source to ask meanwhile."""
    if not hurry:
        yield stop
        return
    short = Stop(stop)
    timer = threading.Timer(_FIRST_BYTES, short.set, ("It is slow to answer.",))
    timer.daemon = True
    timer.start()
    try:
        yield short
    finally:
        timer.cancel()


def _looked_at(engine: Engine, order: Order, source: Source, stop: Stop, explain: Explain) -> Opening:
    try:
        opening = open_source(engine, source, stop, explain)
    except PastTheEnd as past:
        raise BadAnswer(f"{source.hub} refuses to send the file from its start (416).") from past
    try:
        with stop.waking(opening.reply.connection.shut):
            start = b"" if opening.packed else opening.peek(SNIFFED)
        stop.check()  # a body without a length that we cut short looks whole
        if not opening.packed:
            refuse_pages(order.name, start, opening.reply)
    except (NotAModel, LoginNeeded) as error:
        opening.reply.close()
        page = Answer(opening.reply.status, opening.reply.url.text, opening.reply.headers, opening.peeked)
        raise explain(page, opening.source) or error from None
    except YardError:
        opening.reply.close()
        raise
    return opening


def refusal(engine: Engine, source: Source, reply: Reply, explain: Explain) -> YardError:
    """The typed error that a refusing answer means; a wish to wait is remembered for its host."""
    body = reply.read_start(_MESSAGE)
    answer = Answer(reply.status, reply.url.text, reply.headers, body)
    asked = asked_to_wait(reply.headers, engine.clock.wall())
    if asked is not None and reply.status in engine.policy.retry.statuses:
        engine.manners.hold(_origin(source), asked)
        if asked > engine.policy.retry.patience:
            return engine.manners.put_off(_origin(source), asked)
    return explain(answer, source) or explain_plainly(answer)


@telling
def explain_plainly(answer: Answer) -> YardError:
    """What a status means when the hub has nothing to add."""
    host = answer.url.split("/")[2]
    status = answer.status
    match status:
        case 401:
            return LoginNeeded(f"{host} wants a log-in (401).", status=status)
        case 403:
            return AccessError(f"{host} refuses the file (403).", status=status)
        case 404:
            return NotFound(f"{host} has no such file (404).", status=status)
        case 410:
            return Removed(f"{host} has removed the file (410).", status=status)
        case 429:
            return RateLimited(f"{host} says we ask too often (429).", status=status)
        case _ if status >= 500 or status in (408, 425):
            return ServerFailed(f"{host} failed ({status}).", status=status)
        case _:
            return BadAnswer(f"{host} answered {status} where a file was expected.", status=status)


def refuse_pages(name: str, start: bytes, reply: Reply) -> None:
    """Raise when the first bytes are a page or an error text instead of the file.

    Raises:
        LoginNeeded, NotAModel: With what came instead, as words.
    """
    wrong = looks_wrong(name, start, reply.headers.get("content-type"))
    if not wrong:
        return
    if login_page(start):
        raise LoginNeeded(f"{reply.url.host} sent {wrong} It wants a log-in for {name}.")
    raise NotAModel(f"{reply.url.host} sent {wrong} Expected was {name}.")


def _origin(source: Source) -> str:
    return parse(source.url).origin
