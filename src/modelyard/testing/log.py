"""The request log: what came, what went, and never a secret."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from modelyard.testing.wire import Request

_KINDS = {"bearer": "bearer", "basic": "basic"}
_SAFE_QUERY = {"token", "signature", "policy", "x-amz-signature", "authorization", "sig", "key-pair-id", "api_key"}


@dataclass(slots=True)
class Record:
    """One request and what became of it.

    Attributes:
        path: Path, percent-decoded once, without the query.
        target: Path and query as they came; secrets in the query are replaced by ``***``.
        auth: Kinds of credential that came, joined by ``+``: bearer, basic, other, api-key, cookie, query.
        bytes_sent: Body bytes handed to the socket.
        complete: Whether the body went out to its end.
        connection: Number of the connection it came on.
        header_names: Every header's name, lower-case.
    """

    number: int
    time: float
    origin: str
    connection: int
    method: str
    path: str
    target: str
    auth: str
    range: str | None
    if_range: str | None
    if_none_match: str | None
    accept_encoding: str | None
    user_agent: str
    header_names: tuple[str, ...]
    status: int = 0
    bytes_sent: int = 0
    complete: bool = False


class Log:
    """The records in order of arrival."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: list[Record] = []

    def open(self, request: Request, connection: int, time: float) -> Record:
        """Begin the record of a request."""
        seen = request.headers
        with self._lock:
            record = Record(
                number=len(self._records) + 1,
                time=time,
                origin=request.origin,
                connection=connection,
                method=request.method,
                path=request.path,
                target=_masked(request),
                auth="+".join(_kinds(request)),
                range=seen.get("range"),
                if_range=seen.get("if-range"),
                if_none_match=seen.get("if-none-match"),
                accept_encoding=seen.get("accept-encoding"),
                user_agent=seen.get("user-agent", ""),
                header_names=tuple(seen),
            )
            self._records.append(record)
        return record

    def find(self, path: str = "*", **facts: Any) -> list[Record]:
        """The records whose path matches the glob and whose fields are equal: ``find("*/tree/*", status=200)``."""
        return [
            record
            for record in self
            if fnmatchcase(record.path, path) and all(getattr(record, key) == value for key, value in facts.items())
        ]

    def bytes_sent(self, path: str = "*", **facts: Any) -> int:
        """Body bytes of the records that `find` gives."""
        return sum(record.bytes_sent for record in self.find(path, **facts))

    def jsonl(self) -> str:
        """The log as JSON lines."""
        return "".join(json.dumps(asdict(record)) + "\n" for record in self)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._records = []

    def __iter__(self) -> Iterator[Record]:
        with self._lock:
            return iter(list(self._records))

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int) -> Record:
        return self._records[index]


def _kinds(request: Request) -> Iterator[str]:
    if sent := request.headers.get("authorization"):
        yield _KINDS.get(sent.partition(" ")[0].lower(), "other")
    if "x-api-key" in request.headers:
        yield "api-key"
    if "cookie" in request.headers:
        yield "cookie"
    if "token" in request.query:
        yield "query"


def _masked(request: Request) -> str:
    path, mark, query = request.target.partition("?")
    pairs = []
    for pair in query.split("&"):
        key, equals, _ = pair.partition("=")
        pairs.append(f"{key}{equals}***" if key.lower() in _SAFE_QUERY else pair)
    return path + mark + "&".join(pairs)
