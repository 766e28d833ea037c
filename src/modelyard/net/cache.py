"""Hub answers kept on disk: asked again with If-None-Match, used as they are when offline.

One file per answer, written beside and renamed, readable by its owner only; the key a request carries
is part of the file's name, so one account never reads another's private listing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import msgspec

from modelyard.net.headers import Headers

_LARGEST = 32 * 2**20


class Kept(msgspec.Struct, frozen=True):
    """One kept answer."""

    status: int
    url: str
    headers: list[tuple[str, str]]
    body: bytes

    def revalidation(self) -> list[tuple[str, str]]:
        """Request headers that let the hub answer 304."""
        headers = Headers(self.headers)
        if etag := headers.get("etag"):
            return [("If-None-Match", etag)]
        if modified := headers.get("last-modified"):
            return [("If-Modified-Since", modified)]
        return []


class AnswerCache:
    """Keeps answers in a folder. Every failure means "not kept": the cache is never needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, url: str, account: str) -> Kept | None:
        """The kept answer to `url` for the account, None when there is none or it is damaged."""
        try:
            return msgspec.msgpack.decode(self._path(url, account).read_bytes(), type=Kept)
        except (OSError, msgspec.DecodeError):
            return None

    def put(self, url: str, account: str, kept: Kept) -> None:
        """Keep an answer."""
        if len(kept.body) > _LARGEST:
            return
        path = self._path(url, account)
        beside = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        with contextlib.suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.msgpack.encode(kept))
            beside.replace(path)

    def _path(self, url: str, account: str) -> Path:
        name = hashlib.sha256(f"{account}\n{url}".encode()).hexdigest()
        return self._folder / name[:2] / name[2:]
