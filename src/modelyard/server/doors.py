"""The checks before any route: is this request for us, and was it made by us?

Each check alone leaks; together they leave a web page nothing (docs/service.md names the attacks).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from modelyard.errors import BodyTooLarge, CrossSite, WrongHost, WrongMediaType
from modelyard.server.messages import JSON

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types vue dompurify"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Server": "modelyard",
}
"""On every answer; pages may set another Cache-Control."""

READING = ("GET", "HEAD", "OPTIONS", "TRACE")
_PORTS = {"http": 80, "https": 443}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Doors:
    """The doors of one listening address.

    Args:
        scheme: ``http`` or ``https``, as the browser sees it.
        hosts: ``name`` or ``name:port``, as browsers write them in Host.
        proxies: When there are any, only they may connect, and they tell who asks.
    """

    scheme: str
    hosts: frozenset[str]
    proxies: tuple[Network, ...] = ()

    def check(self, target: str, headers: Mapping[str, Sequence[str]]) -> None:
        """Refuse what no page of ours and no program of its owner would send.

        Args:
            target: As it stood in the request line.
            headers: All values of each header, names in lower case.

        Raises:
            WrongHost: Not for us: another host, several, or none.
            CrossSite: A page of another origin made it.
        """
        host = self._host(target, headers.get("host", ()))
        for origin in headers.get("origin", ()):
            if self._plain(origin.lower().removeprefix(f"{self.scheme}://")) != host or "://" not in origin:
                raise CrossSite("A page of another origin made this request.")
        check_site(headers)

    def peer(self, address: str, headers: Mapping[str, Sequence[str]]) -> str:
        """The address that a request comes from: behind a trusted proxy the one that it names.

        Raises:
            CrossSite: It came around the proxy, or over plain HTTP.
        """
        if not self.proxies:
            return address
        if not self._trusted(address):
            raise CrossSite("Only the proxy of this service may connect to it.", hint="Use the proxy's address.")
        if headers.get("x-forwarded-proto", ()) != ["https"]:
            raise CrossSite("The proxy did not say that it was asked over HTTPS.", hint="Let it set X-Forwarded-Proto.")
        named = [part.strip() for line in headers.get("x-forwarded-for", ()) for part in line.split(",")]
        return next((part for part in reversed(named) if not self._trusted(part)), address)

    def _host(self, target: str, hosts: Sequence[str]) -> str:
        if len(hosts) != 1:
            raise WrongHost(f"The request names {len(hosts)} hosts instead of one.")
        host = self._plain(hosts[0].lower())
        if host not in self.hosts:
            raise WrongHost(f"{hosts[0][:200]!r} is no name of this service.")
        if not target.startswith(("/", "*")) and self._named(target) != host:
            raise WrongHost("The request line and the Host header name different places.")
        return host

    def _named(self, target: str) -> str:
        """The host of an absolute-form target, empty when its scheme is not ours."""
        scheme, _, rest = target.lower().partition("://")
        return self._plain(rest.partition("/")[0].partition("?")[0]) if scheme == self.scheme else ""

    def _plain(self, host: str) -> str:
        return host.removesuffix(f":{_PORTS[self.scheme]}")

    def _trusted(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return any(ip in network for network in self.proxies)


def check_site(headers: Mapping[str, Sequence[str]]) -> None:
    """Refuse what a browser itself calls foreign.

    Raises:
        CrossSite: Sec-Fetch-Site is there and neither same-origin nor none.
    """
    for site in headers.get("sec-fetch-site", ()):
        if site.strip().lower() not in ("same-origin", "none"):
            raise CrossSite("A page of another origin made this request.")


def no_browser(headers: Mapping[str, Sequence[str]]) -> None:
    """The Unix socket is for programs: no page has business there.

    Raises:
        CrossSite: It has the headers of one.
    """
    if "origin" in headers or "sec-fetch-site" in headers:
        raise CrossSite("Pages use the service's address, not its socket.")


def check_write(method: str, headers: Mapping[str, Sequence[str]], most: int, takes: Sequence[str] = ()) -> None:
    """Refuse writes that a form could make, and bodies beyond the limit.

    Args:
        takes: Other media types that this route takes, but only with an Authorization or X-CSRF-Token header:
            no form can set one, and no script of another origin may without asking us first, which is refused.

    Raises:
        WrongMediaType: Not declared as plain JSON.
        BodyTooLarge: Declared larger than `most` bytes.
    """
    if method in READING:
        return
    kinds = [kind.partition(";")[0].strip().lower() for kind in headers.get("content-type", ())]
    ours = "authorization" in headers or "x-csrf-token" in headers
    told = kinds == [JSON] or (ours and len(kinds) < 2 and "".join(kinds) in takes)
    if not told or "content-encoding" in headers:
        raise WrongMediaType("Every write is JSON, and says so, even one without a body.")
    for length in headers.get("content-length", ()):
        if length.isdigit() and int(length[:20]) > most:
            raise too_large(most)


def too_large(most: int) -> BodyTooLarge:
    """The error for a body beyond the limit."""
    return BodyTooLarge(f"The body has more than {most} bytes.", most=most)


def hosts_of(scheme: str, names: Iterable[str], port: int) -> frozenset[str]:
    """How browsers write these names in Host, when the service listens on a port."""
    end = "" if port == _PORTS[scheme] else f":{port}"
    return frozenset(f"[{name}]{end}" if ":" in name else f"{name}{end}" for name in map(str.lower, names))
