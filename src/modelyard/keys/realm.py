"""A realm: which key goes to which origins, and how it is worn in a request."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

import msgspec

from modelyard.errors import BadValue

Style = Callable[[str], dict[str, str]]
"""From a key to the request headers that carry it."""

_ORIGIN = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_LONGEST = 4096


def bearer(key: str) -> dict[str, str]:
    """``Authorization: Bearer`` (RFC 6750 2.1)."""
    return {"Authorization": f"Bearer {key}"}


def bearer_and_session(key: str) -> dict[str, str]:
    """Bearer plus the session cookie that ModelScope's older routes read."""
    return {"Authorization": f"Bearer {key}", "Cookie": f"m_session_id={key}"}


class Realm(msgspec.Struct, frozen=True):
    """Where one hub's key may go.

    Attributes:
        hub: Name of the hub.
        title: Its name for people.
        origins: Exact ``scheme://host[:port]``, lower case, default port left out. Plain http only for
            loopback.
        env: Variables that may hold the key, first one first; one that ends in ``_PATH`` names a file.
        settings_page: Where a person makes a key.
        style: How the key is worn.
        chosen: Further origins that a person named in a setting; these may be plain http.
    """

    hub: str
    title: str
    origins: frozenset[str]
    env: tuple[str, ...] = ()
    settings_page: str = ""
    style: Style = bearer
    chosen: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for given in self.origins | self.chosen:
            if origin(given) != given:
                raise BadValue(f"{given!r} is no normalised origin.")
        for given in self.origins:
            if given.startswith("http:") and not is_loopback(given):
                raise BadValue(f"A key must not go to {given} in the clear.")

    def covers(self, asked: str) -> bool:
        """Whether the key may be sent to this origin."""
        return asked in self.origins or asked in self.chosen


def origin(text: str) -> str:
    """Normalise ``scheme://host[:port][/...]`` to an origin: lower case, no default port.

    Raises:
        BadValue: Another scheme than http(s), a user name, or no host.
    """
    head = "/".join(text.strip().lower().split("/", 3)[:3])
    match = _ORIGIN.fullmatch(head)
    if not match or int(match[3] or 1) not in range(1, 65536) or not match[2].strip("."):
        raise BadValue(
            f"{text[:80]!r} is no origin.", hint="Write it like https://hub.example or http://127.0.0.1:8080."
        )
    scheme, host, port = match[1], match[2].rstrip("."), match[3]
    return f"{scheme}://{host}" + (f":{int(port)}" if port and port != _DEFAULT_PORTS[scheme] else "")


def is_loopback(given: str) -> bool:
    """Whether an origin can only be this machine."""
    match = _ORIGIN.fullmatch(given)
    host = match[2].strip("[]") if match else ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_key(value: str, where: str) -> str:
    """A key fit for a header: outer blanks gone, printable ASCII only.

    Args:
        where: What holds it, for the error; the value is never shown.

    Raises:
        BadValue: It is empty, too long, or holds a line break or another character that no header may
            carry (RFC 9110 5.5).
    """
    value = value.strip()
    if not value or len(value) > _LONGEST or not re.fullmatch(r"[\x21-\x7e]+", value):
        raise BadValue(
            f"What {where} holds is no key: it is empty, too long, or has blanks or odd characters inside.",
            hint="Copy the key again from the hub's settings page.",
        )
    return value


def masked(value: str) -> str:
    """A key as it may be shown: ``hf_…abcd``; a short one not at all."""
    if len(value) < 16:
        return "…"
    head, underscore, _ = value.partition("_")
    return (head + underscore if underscore and len(head) <= 4 else "") + "…" + value[-4:]
