"""Keys that a server repeats when it refuses: taken out before anybody reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modelyard.net.headers import Headers

Sent = Sequence[str]
"""The bare keys that a request carried."""

_SHORTEST = 4
"""A shorter one would blank out half of every text, see `keys.redaction`."""
_MASK = "***"


def secrets_of(headers: Mapping[str, str]) -> Sent:
    """The bare keys in headers that carry them: after ``Bearer``, after the name of a cookie, or the whole value."""
    values = [value.partition("=" if name.lower() == "cookie" else " ") for name, value in headers.items()]
    return tuple({last or first for first, _, last in values if len(last or first) >= _SHORTEST})


def cleared(data: bytes, sent: Sent) -> bytes:
    """The bytes without these keys."""
    for secret in sent:
        data = data.replace(secret.encode(), _MASK.encode())
    return data


def without(headers: Headers, sent: Sent) -> Headers:
    """The headers without these keys."""
    if not any(secret in value for secret in sent for _, value in headers):
        return headers
    return Headers([(name, cleared(value.encode("latin-1"), sent).decode("latin-1")) for name, value in headers])
