"""What hubs see of the network: ask a URL, get a whole bounded answer."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from modelyard.errors import BadAnswer
from modelyard.net.headers import Headers


class Follow(enum.Enum):
    """How far redirects are followed.

    With SAME_ORIGIN the first redirect to another origin is handed back as it is: there the hub
    tells size and hash of a file before its CDN takes over.
    """

    ALL = "all"
    SAME_ORIGIN = "same-origin"
    NONE = "none"


class Answer(msgspec.Struct, frozen=True):
    """A whole answer, at most 32 MiB.

    Attributes:
        status: HTTP status; 4xx is an answer too, each hub reads its own.
        url: The URL that answered, after redirects.
        cached: True when it came from the cache without asking the hub.
    """

    status: int
    url: str
    headers: Headers
    body: bytes
    cached: bool = False

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            BadAnswer: It is none (an HTML error page of a proxy, say).
        """
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadAnswer(
                f"{self.url.split('?')[0]} answered {self.status} with something that is no JSON."
            ) from error


class Api(Protocol):
    """The network as hubs see it.

    Behind it, assembled in `app`: keys bound to their origin, redirects, retries, rate-limit manners,
    a cache with revalidation, proxies, the guard against forbidden addresses. Status codes 408, 429
    and 5xx are retried inside; what comes back is the last answer. Transport failures raise
    `NetworkError` and its kin; without a network a kept answer is used when there is one.
    """

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str | int | list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        follow: Follow = Follow.ALL,
        cache: bool = True,
    ) -> Answer:
        """GET. `params` are quoted for us; a list repeats its key. `cache=False` never keeps the answer."""
        ...

    def head(self, url: str, *, headers: Mapping[str, str] | None = None, follow: Follow = Follow.ALL) -> Answer:
        """HEAD, never cached."""
        ...

    def post(self, url: str, data: object, *, headers: Mapping[str, str] | None = None) -> Answer:
        """POST of `data` as JSON, never cached."""
        ...
