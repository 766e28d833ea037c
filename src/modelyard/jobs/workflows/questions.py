"""Asking hubs within limits: so many questions, so many seconds, few at once; who fails is left alone.

Addresses come from strangers' files: no key in one is kept, and what is no hub of ours must be public.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from modelyard.errors import (
    AccessError,
    BadAnswer,
    FileNotInModel,
    NetworkError,
    NotFound,
    NotSupported,
    Offline,
    Waiting,
    YardError,
)
from modelyard.hubs.base import Describing, Hub
from modelyard.hubs.web.addresses import NAME as WEB
from modelyard.hubs.web.addresses import is_metalink
from modelyard.jobs.addressing import forget, read_address
from modelyard.jobs.yard import Yard
from modelyard.net.client import Request
from modelyard.net.stop import Stop
from modelyard.net.url import parse, without_query
from modelyard.values.offers import Finding, Listing, Offer

S = TypeVar("S")
T = TypeVar("T")

_HEAD = 65536
"""Bytes by which two files are compared: of a safetensors file its header, and often tensors behind it."""
_TURN = 0.1


@dataclass
class Questions:
    """The questions about one workflow.

    Args:
        most: Questions, at most.
        seconds: How long they may take together.
        strangers: Servers that are no hub are asked too, at addresses that the workflow names.

    Attributes:
        resting: Why a hub, or a host, is left alone.
        is_partial: Some search was not answered by every hub.
    """

    yard: Yard
    stop: Stop
    most: int = 300
    seconds: float = 60.0
    at_once: int = 4
    clock: Callable[[], float] = time.monotonic
    strangers: bool = True
    resting: dict[str, YardError] = field(default_factory=dict)
    is_partial: bool = False
    _count: itertools.count[int] = field(default_factory=itertools.count)
    _until: float | None = None
    _licences: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def spread(self, call: Callable[[S], T], items: Sequence[S], instead: Callable[[S], T]) -> list[T]:
        """Answers to questions, few at a time.

        Args:
            instead: What stands for an answer that did not come in time.

        Raises:
            Stopped: Somebody asked to stop.
        """
        pool = ThreadPoolExecutor(self.at_once, "workflow")
        futures = [pool.submit(call, item) for item in items]
        try:
            waiting: set[Future[T]] = set(futures)
            while waiting and not self._is_late():
                waiting = wait(waiting, _TURN).not_done
                self.stop.check()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return [
            future.result() if future.done() and not future.cancelled() else instead(item)
            for future, item in zip(futures, items, strict=True)
        ]

    def listing(self, text: str) -> tuple[Hub, Listing]:
        """What a stranger's address offers.

        Raises:
            YardError: It cannot be read, its hub has no such thing, says no, fails, or is left alone.
        """
        hub, address = read_address(self.yard.hubs, text, forget)
        if hub.name != WEB:
            return hub, self._ask(hub.name, lambda: hub.resolve(address))
        if not self.strangers:
            raise NotSupported(
                "It names a place on the web that is no hub.", hint="Look at it on Modelyard's own page."
            )
        if is_metalink(address.model):
            raise NotSupported("A Metalink in a workflow is not followed.", hint="Fetch it with `modelyard get`.")
        listing = hub.resolve(address)
        offers = tuple(self._looked_at(offer) for offer in listing.offers)
        return hub, replace(listing, offers=offers)

    def search(self, text: str, limit: int) -> list[tuple[Hub, Finding]]:
        """Models that match a text, of every hub that answers; all are asked at once."""
        asked = [hub.name for hub in self.yard.hubs if hub.name != WEB and hub.name not in self.resting]
        if not asked or not self._may():
            self.is_partial = True
            return []
        found: list[tuple[Hub, Finding]] = []
        for hub, answer in self.yard.hubs.search_all(text, limit=limit, only=asked):
            if not isinstance(answer, YardError):
                found += [(hub, finding) for finding in answer]
            else:
                self.is_partial = True
                self.resting |= {} if isinstance(answer, Offline) else {hub.name: answer}
        self.stop.check()
        return found

    def by_hash(self, values: Sequence[str]) -> dict[str, list[tuple[Hub, Offer]]]:
        """Where files with these hashes are offered; many whole ones are one question. See `hash_trouble`."""
        found: dict[str, list[tuple[Hub, Offer]]] = {}
        long = [value for value in values if len(value) == 64]
        for hub in self.yard.hubs:
            if not (isinstance(hub, Describing) and hub.finds_hashes):
                continue
            for group in ([long] if long else []) + [[value] for value in values if len(value) != 64]:
                answers = self._or_nothing(hub.name, lambda hub=hub, group=group: hub.by_hash(group))  # type: ignore[misc]
                for value, offers in (answers or {}).items():
                    found.setdefault(value, []).extend((hub, offer) for offer in offers)
        return found

    def hash_trouble(self) -> YardError | None:
        """Why a hub that finds files by their hash could not be asked."""
        names = (hub.name for hub in self.yard.hubs if isinstance(hub, Describing) and hub.finds_hashes)
        return next((self.resting[name] for name in names if name in self.resting), None)

    def licence(self, hub: Hub, offer: Offer) -> str:
        """The licence of a file, asked once a model."""
        if offer.licence or not isinstance(hub, Describing):
            return offer.licence or ""
        key = (hub.name, offer.address.model, offer.address.revision or "")
        if key not in self._licences:
            address = replace(offer.address, path=None, options=())
            told = self._or_nothing(hub.name, lambda: hub.about(address))
            self._licences[key] = told.licence if told else ""
        return self._licences[key]

    def begins_as(self, offer: Offer, path: Path) -> bool:
        """Whether a file that is offered begins with the bytes of one that is here."""
        url = offer.sources[0].url
        request = Request(url, headers=(("Range", f"bytes=0-{_HEAD - 1}"),), told_by_public=self.is_strange(offer))

        def head() -> bytes:
            with contextlib.closing(self.yard.engine.client.open(request, self.stop)) as reply:
                return reply.read_start(_HEAD) if reply.status == 206 else b""

        theirs = self._or_nothing(_host(offer), head)
        try:
            with path.open("rb") as file:
                return bool(theirs) and file.read(_HEAD) == theirs
        except OSError:
            return False

    def is_strange(self, offer: Offer) -> bool:
        """Whether an offer's URL is a stranger's word: it must not lead into the local network."""
        return offer.hub == WEB and parse(offer.sources[0].url).origin not in self.yard.registered

    def _looked_at(self, offer: Offer) -> Offer:
        """An offer of a plain server with its size, where the server tells it.

        Raises:
            FileNotInModel: There is no such file.
        """
        request = Request(offer.sources[0].url, "HEAD", told_by_public=self.is_strange(offer))

        def head() -> tuple[int, str]:
            with contextlib.closing(self.yard.engine.client.open(request, self.stop)) as reply:
                return reply.status, reply.headers.get("content-length")

        status, length = self._ask(_host(offer), head)
        if status in (404, 410):
            raise FileNotInModel(f"There is no file at {without_query(offer.sources[0].url)}.")
        known = status == 200 and length.isascii() and length.isdigit()
        return replace(offer, size=int(length)) if known and offer.size is None else offer

    def _may(self) -> bool:
        return not self._is_late() and next(self._count) < self.most

    def _is_late(self) -> bool:
        """Whether the time is up, which begins with the first question: files may have been read whole before."""
        if self._until is None:
            self._until = self.clock() + self.seconds
        return self.clock() >= self._until

    def _or_nothing(self, name: str, call: Callable[[], T]) -> T | None:
        try:
            return self._ask(name, call)
        except YardError:
            return None

    def _ask(self, name: str, call: Callable[[], T]) -> T:
        """The answer to one question.

        Raises:
            YardError: The hub's, or why it is not asked.
        """
        self.stop.check()
        if name in self.resting:
            raise self.resting[name]
        if not self._may():
            raise Waiting("Enough was asked for one workflow.", hint="Ask again: answers are kept.")
        try:
            return call()
        except (NotFound, AccessError, BadAnswer, Offline):
            raise
        except (NetworkError, Waiting) as error:
            self.stop.check()
            self.resting[name] = error
            raise


def _host(offer: Offer) -> str:
    """Who is left alone when this offer's server fails."""
    return offer.hub if offer.hub != WEB else parse(offer.sources[0].url).host
