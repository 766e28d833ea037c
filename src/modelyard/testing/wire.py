"""What travels: a request as it was read, an answer as it is to be written, and how the writing may go wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from modelyard.testing.content import Bytes, Content

Origin = Literal["hub", "cdn", "control"]
Fields = list[tuple[str, str]]


@dataclass(slots=True)
class Request:
    """One request.

    Attributes:
        target: Path and query exactly as they came.
        headers: Lower-case names; of repeated ones the last.
        origin: Which listener it reached.
        base: Scheme and authority that the client used: every absolute URL is built on it.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    origin: Origin
    base: str

    @property
    def raw_path(self) -> str:
        """The path before decoding."""
        return self.target.partition("?")[0]

    @property
    def path(self) -> str:
        """The path, percent-decoded once."""
        return unquote(self.raw_path)

    @property
    def segments(self) -> list[str]:
        """The path's parts, each decoded once: an encoded slash stays inside its part."""
        return [unquote(part) for part in self.raw_path.strip("/").split("/")]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The query's pairs in order."""
        return parse_qsl(self.target.partition("?")[2], keep_blank_values=True)

    @property
    def query(self) -> dict[str, str]:
        """The query; of repeated keys the last."""
        return dict(self.pairs)

    def all(self, *keys: str) -> list[str]:
        """Every value of these query keys."""
        return [value for key, value in self.pairs if key in keys]

    def flag(self, key: str) -> bool:
        """A boolean parameter, in any spelling of ``true``: older clients send ``True``."""
        return self.query.get(key, "").lower() in {"true", "1"}

    @property
    def host(self) -> str:
        """The host's name without its port."""
        return urlsplit(self.base).hostname or ""

    @property
    def bearer(self) -> str | None:
        """The key in ``Authorization: Bearer``."""
        kind, _, value = self.headers.get("authorization", "").partition(" ")
        return value.strip() if kind.lower() == "bearer" else None


@dataclass(slots=True)
class Served:
    """A file as the wire shows it.

    Attributes:
        label: A name that faults are matched against, such as ``org/repo/model.safetensors``.
        ranges: Whether Range is honoured.
        fields: Further headers.
    """

    content: Content
    label: str
    etag: str | None = None
    modified: str | None = None
    content_type: str = "application/octet-stream"
    ranges: bool = True
    fields: Fields = field(default_factory=list)


@dataclass(slots=True)
class Wire:
    """How an answer is written.

    Attributes:
        length: What Content-Length says; None leaves it out and closes at the end.
        chunked: Send in chunks, without a length.
        cut_at: Body bytes after which the connection ends.
        reset: End by RST instead of FIN.
        stall_at: Body bytes after which nothing comes any more.
        mute: Not even headers come.
        rate: Bytes per second.
        drip_from: Body bytes after which `drip_rate` bytes per second come.
        trailing: Bytes written after the body.
        padding: Size of one huge header, in bytes.
        close: End the connection after this answer.
        ended: Told how many body bytes went out and whether that was all of them.
    """

    length: int | Literal["true"] | None = "true"
    chunked: bool = False
    cut_at: int | None = None
    reset: bool = False
    stall_at: int | None = None
    mute: bool = False
    rate: int | None = None
    drip_from: int | None = None
    drip_rate: int = 2
    trailing: bytes = b""
    padding: int = 0
    close: bool = False
    ended: Callable[[int, bool], None] | None = None


@dataclass(slots=True)
class Answer:
    """One answer: the span ``start`` to ``stop`` of ``body`` under these headers."""

    status: int = 200
    headers: Fields = field(default_factory=list)
    body: Content = field(default_factory=lambda: Bytes(b""))
    start: int = 0
    stop: int = 0
    file: Served | None = None
    wire: Wire = field(default_factory=Wire)

    def header(self, name: str) -> str | None:
        """The value of this header."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def without(self, *names: str) -> Fields:
        """The headers except these."""
        dropped = {name.lower() for name in names}
        return [(key, value) for key, value in self.headers if key.lower() not in dropped]


def text(status: int, body: str | bytes, *fields: tuple[str, str], kind: str = "text/plain; charset=utf-8") -> Answer:
    """An answer with a short body."""
    data = body.encode() if isinstance(body, str) else body
    return Answer(status, [("Content-Type", kind), *fields], Bytes(data), 0, len(data))


def as_json(status: int, body: Any, *fields: tuple[str, str]) -> Answer:
    """An answer with a JSON body."""
    data = json.dumps(body, ensure_ascii=False).encode()
    return text(status, data, *fields, kind="application/json; charset=utf-8")


def redirect(status: int, location: str, *fields: tuple[str, str]) -> Answer:
    """An answer that sends the client elsewhere."""
    return text(status, f"Found. Redirecting to {location}", ("Location", location), *fields)
