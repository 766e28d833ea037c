"""Where sources redirected to: signed links, kept in memory only, a bounded number of them."""

from __future__ import annotations

import threading

import msgspec

MOST = 4096
"""Links that are kept; a service sees millions, and a signed one has up to 3,000 characters."""


class Link(msgspec.Struct, frozen=True):
    """Where a source redirected to: a signed link, kept until it fails.

    Attributes:
        public: A public server named it; it must not lead into the local network.
    """

    url: str
    public: bool


class Links:
    """Links by the stable URL of their source. The one that was not used for the longest time goes first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: dict[str, Link] = {}
        self._lock = threading.Lock()

    def get(self, source: str) -> Link | None:
        """The link of a source, None when there is none."""
        with self._lock:
            link = self._kept.pop(source, None)
            if link is not None:
                self._kept[source] = link
            return link

    def put(self, source: str, link: Link) -> None:
        """Keep the link of a source."""
        with self._lock:
            self._kept.pop(source, None)
            self._kept[source] = link
            if len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]

    def drop(self, source: str, link: Link) -> None:
        """Forget a link that serves no more, unless another connection has brought a new one already."""
        with self._lock:
            if self._kept.get(source) is link:
                del self._kept[source]

    def __len__(self) -> int:
        return len(self._kept)
