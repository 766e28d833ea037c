"""Strict reading of http and https URLs: what we connect to is exactly what was checked."""

from __future__ import annotations

import functools
import re
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from modelyard.errors import BadAddress

LONGEST = 8192
"""Characters of a URL that we accept; signed links of the hubs stay below 3,000."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")


class Url(msgspec.Struct, frozen=True):
    """A checked URL.

    Attributes:
        host: Lower-case host name or IP literal, without brackets.
        target: Path and query as they go on the request line.
        origin: ``scheme://host[:port]``, the default port left out; keys are bound to it.
    """

    scheme: str
    host: str
    port: int
    target: str
    origin: str

    @property
    def text(self) -> str:
        """The whole URL."""
        return self.origin + self.target

    @property
    def host_field(self) -> str:
        """Value of the Host header."""
        return self.origin.split("://", 1)[1]


@functools.lru_cache(maxsize=4096)
def parse(text: str) -> Url:
    """Check and split an absolute URL.

    Raises:
        BadAddress: Another scheme than http(s), a user name, control characters, a backslash, no host,
            a port out of range, or more than `LONGEST` characters.
    """
    if len(text) > LONGEST:
        raise BadAddress(f"A URL of {len(text)} characters is too long.", hint=f"At most {LONGEST} are read.")
    if _FORBIDDEN.search(text):
        raise BadAddress(f"{text[:80]!r} holds spaces, control characters or a backslash.", hint="Quote them: %20.")
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
    except ValueError as error:
        raise BadAddress(f"{text[:80]!r} is no URL: {error}.") from error
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise BadAddress(f"{text[:80]!r} is no http or https URL.")
    if parts.username is not None or parts.password is not None:
        raise BadAddress("User names and passwords do not belong into a URL.", hint="Use `modelyard keys set HUB`.")
    host = _ascii_host(host, text)
    port = port or _DEFAULT_PORTS[parts.scheme]
    shown = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{shown}" + ("" if port == _DEFAULT_PORTS[parts.scheme] else f":{port}")
    target = quote(parts.path or "/", safe="/%!$&'()*+,;=:@~-._")
    if parts.query:
        target += "?" + quote(parts.query, safe="/%!$&'()*+,;=:@~-._?[]|")
    return Url(parts.scheme, host, port, target, origin)


def _ascii_host(host: str, text: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise BadAddress(f"{text[:80]!r} has a host name that cannot exist.") from error


def join(base: Url, location: str) -> Url:
    """The URL that a redirect's Location names, relative ones resolved against `base`."""
    return parse(urljoin(base.text, quote(location.strip(), safe="/%!$&'()*+,;=:@~-._?[]|#")).split("#", 1)[0])


def without_query(text: str) -> str:
    """A URL fit to be shown: signed links keep their secrets in the query."""
    return text.split("?", 1)[0].split("#", 1)[0]
