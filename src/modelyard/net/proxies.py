"""Which proxy stands before a URL: settings first, then the usual environment variables."""

from __future__ import annotations

from collections.abc import Mapping

from modelyard.net.url import Url
from modelyard.values.proxy import Proxy, parse_proxy


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
