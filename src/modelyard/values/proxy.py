"""A proxy as people write it. Pure."""

from __future__ import annotations

import base64
import re
from urllib.parse import unquote, urlsplit

import msgspec

from modelyard.errors import BadValue

_SCHEMES = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


class Proxy(msgspec.Struct, frozen=True):
    """A proxy: http and https ones speak CONNECT, socks5h looks names up at the far end."""

    scheme: str
    host: str
    port: int
    user: str | None = None
    password: str | None = None

    @property
    def authorization(self) -> str | None:
        """Value of Proxy-Authorization, None without a user."""
        if self.user is None:
            return None
        return "Basic " + base64.b64encode(f"{self.user}:{self.password or ''}".encode()).decode()


def parse_proxy(text: str) -> Proxy:
    """Read ``http://user:pass@host:port``, ``socks5://…``, or plain ``host:port``.

    Raises:
        BadValue: Another scheme, or no host.
    """
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port
    except ValueError as error:
        raise BadValue("The proxy setting has no proper port.", hint="Write http://host:port.") from error
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise BadValue("The proxy setting is no http, https or socks5 address.", hint="Write http://host:port.")
    user = unquote(parts.username) if parts.username is not None else None
    password = unquote(parts.password) if parts.password is not None else None
    return Proxy(parts.scheme, parts.hostname, port or _SCHEMES[parts.scheme], user, password)


def without_password(text: str) -> str:
    """A proxy for people: what follows the last `@`, which a password may hold too."""
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+]*://", text)
    return (scheme[0] if scheme and "@" in text else "") + text.rpartition("@")[2]
