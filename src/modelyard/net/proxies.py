"""Which proxy stands before a URL: settings first, then the usual environment variables."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from modelyard.errors import BadValue
from modelyard.net.url import Url

_SCHEMES = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


@dataclass(frozen=True, slots=True)
class Proxy:
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


class Proxies:
    """Chooses a proxy for each URL.

    Args:
        setting: The user's own choice, for every URL; ``direct`` means none at all.
        environ: Where HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are looked up, lower case too.
    """

    def __init__(self, setting: str | None, environ: Mapping[str, str]) -> None:
        self._setting = setting
        self._environ = environ

    def proxy_for(self, url: Url) -> Proxy | None:
        """The proxy before `url`, None to connect directly."""
        if self._setting:
            return None if self._setting == "direct" else parse_proxy(self._setting)
        text = self._variable(f"{url.scheme}_proxy") or self._variable("all_proxy")
        if not text or self._bypassed(url):
            return None
        return parse_proxy(text)

    def _variable(self, name: str) -> str:
        # HTTP_PROXY in capitals is what a CGI request header could set; such a process has REQUEST_METHOD.
        if name == "http_proxy" and "REQUEST_METHOD" in self._environ:
            return self._environ.get(name, "")
        return self._environ.get(name) or self._environ.get(name.upper(), "")

    def _bypassed(self, url: Url) -> bool:
        for entry in self._variable("no_proxy").lower().split(","):
            entry = entry.strip().lstrip(".")
            if entry == "*" or (entry and (url.host == entry or url.host.endswith("." + entry))):
                return True
            if entry == f"{url.host}:{url.port}":
                return True
        return False
