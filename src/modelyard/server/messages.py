"""A request and its answer as plain data, free of any web framework."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import msgspec

from modelyard.server.roles import STRANGER, Caller

JSON = "application/json"


class Asked(msgspec.Struct, frozen=True):
    """A request whose caller is known.

    Attributes:
        method: In capitals.
        path: Still percent-encoded, begins with a slash.
        query: Still percent-encoded, without the question mark.
        headers: Names in lower case.
        address: Where it comes from: an IP address, ``socket`` or ``inside``.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: bytes = b""
    caller: Caller = STRANGER
    request_id: str = "-"
    address: str = "inside"


class Reply(msgspec.Struct, frozen=True):
    """What goes back.

    Attributes:
        file: Sent in place of the body and then closed; such an answer has no ETag and is not compressed.
        failed: Whatever the status says, nothing was done: the same request may be tried again.
    """

    status: int
    body: bytes = b""
    media_type: str = JSON
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    file: IO[bytes] | None = None
    failed: bool = False


class Answer(msgspec.Struct, frozen=True):
    """What a handler returns when plain JSON with the route's status is not enough.

    Attributes:
        body: Bytes and text go out as they are, anything else as JSON.
        status: None keeps the route's own.
        file, failed: See `Reply`.
    """

    body: Any = None
    status: int | None = None
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    media_type: str = JSON
    file: IO[bytes] | None = None
    failed: bool = False
