"""The network as hubs see it: whole answers, with retries, manners and the cache assembled around the client."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from modelyard.errors import BadAnswer, NetworkError, Offline
from modelyard.net.api import Answer, Follow
from modelyard.net.cache import AnswerCache, Kept
from modelyard.net.client import Client, KeysFor, Request
from modelyard.net.headers import Headers
from modelyard.net.manners import Manners
from modelyard.net.retry import RetryPolicy, asked_to_wait
from modelyard.net.stop import Clock, Stop
from modelyard.net.url import parse, without_query

LARGEST_ANSWER = 32 * 2**20
"""Bytes of a hub answer that we read: a tree page of 1,000 files is below 1 MiB."""


class HubApi:
    """Implements `net.api.Api`.

    Args:
        offline: Answer from the cache only.
    """

    def __init__(
        self,
        client: Client,
        keys_for: KeysFor,
        *,
        policy: RetryPolicy,
        manners: Manners,
        clock: Clock,
        stop: Stop,
        cache: AnswerCache | None = None,
        offline: bool = False,
    ) -> None:
        self._client = client
        self._keys_for = keys_for
        self._policy = policy
        self._manners = manners
        self._clock = clock
        self._stop = stop
        self._cache = cache
        self._offline = offline
        self._chance = random.Random()

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str | int | list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        follow: Follow = Follow.ALL,
        cache: bool = True,
    ) -> Answer:
        """See `Api.get`."""
        if params:
            url += ("&" if "?" in url else "?") + urlencode(params, doseq=True)
        request = Request(url, headers=tuple((headers or {}).items()), follow=follow)
        if not cache or self._cache is None:
            return self._ask(request)
        return self._ask_cached(request, self._cache)

    def head(self, url: str, *, headers: Mapping[str, str] | None = None, follow: Follow = Follow.ALL) -> Answer:
        """See `Api.head`."""
        return self._ask(Request(url, "HEAD", tuple((headers or {}).items()), follow=follow))

    def post(self, url: str, data: object, *, headers: Mapping[str, str] | None = None) -> Answer:
        """See `Api.post`."""
        return self._ask(Request(url, "POST", tuple((headers or {}).items()), body=msgspec.json.encode(data)))

    def _ask_cached(self, request: Request, cache: AnswerCache) -> Answer:
        account = self._account(request.url)
        kept = cache.get(request.url, account)
        if kept and self._offline:
            return _from(kept)
        extra = tuple(kept.revalidation()) if kept else ()
        try:
            answer = self._ask(Request(request.url, headers=request.headers + extra, follow=request.follow))
        except NetworkError:
            if kept is None:
                raise
            return _from(kept)
        if answer.status == 304 and kept:
            return _from(kept)
        if answer.status == 200:
            cache.put(request.url, account, Kept(200, answer.url, answer.headers.pairs, answer.body))
        return answer

    def _account(self, url: str) -> str:
        key = self._keys_for(parse(url).origin)
        return hashlib.sha256(repr(sorted(key.items())).encode()).hexdigest()[:16] if key else ""

    def _ask(self, request: Request) -> Answer:
        if self._offline:
            raise Offline(f"{without_query(request.url)} is not in the cache and the network is switched off.")
        origin = parse(request.url).origin
        for attempt in range(self._policy.retries + 1):
            last = attempt == self._policy.retries
            self._manners.await_turn(origin, self._stop)
            try:
                answer = self._once(request)
            except NetworkError as error:
                if last or not error.retryable or request.method == "POST":
                    raise
                self._clock.wait(self._policy.delay(attempt, self._chance), self._stop)
                continue
            if answer.status not in self._policy.statuses or _permanent(answer):
                return answer
            self._mind(answer, origin, attempt, last=last)
            if last:
                return answer
        raise AssertionError("the loop above always returns or raises")

    def _mind(self, answer: Answer, origin: str, attempt: int, *, last: bool) -> None:
        asked = asked_to_wait(answer.headers, self._clock.wall())
        if asked is not None:
            self._manners.hold(origin, asked + 0.05)
        elif not last:
            self._clock.wait(self._policy.delay(attempt, self._chance), self._stop)

    def _once(self, request: Request) -> Answer:
        reply = self._client.open(request, self._stop)
        try:
            if reply.headers.get("content-encoding").lower() not in ("", "identity"):
                raise BadAnswer(f"{reply.url.host} sent a compressed answer although none was asked for.")
            with self._stop.waking(reply.connection.shut):
                body = reply.read_all(LARGEST_ANSWER)
        finally:
            reply.close()
        asked = asked_to_wait(reply.headers, self._clock.wall())
        if asked is not None and reply.status < 400:
            self._manners.hold(reply.url.origin, asked)
        return Answer(reply.status, reply.url.text, reply.headers, body)


def _permanent(answer: Answer) -> bool:
    """CivitAI answers 429 for a page number that is too high; waiting never cures that."""
    return answer.status == 429 and b"use cursors" in answer.body[:400]


def _from(kept: Kept) -> Answer:
    return Answer(kept.status, kept.url, Headers(kept.headers), kept.body, cached=True)
