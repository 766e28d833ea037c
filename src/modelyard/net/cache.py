"""Hub answers kept on disk: asked again with If-None-Match, used as they are when offline.

One file per answer, written beside and renamed, readable by its owner only; the key a request carries
is part of the file's name, so one account never reads another's private listing.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
from pathlib import Path

import msgspec

from modelyard.net.headers import Headers

_LARGEST = 32 * 2**20
MOST = 512 * 2**20
"""Bytes that all kept answers may take together."""

_PUTS_PER_SWEEP = 256


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
    """Keeps answers in a folder. Every failure means "not kept": the cache is never needed.

    Args:
        most: Bytes of all answers together; the oldest go first. Looked at now and then.
    """

    def __init__(self, folder: Path, most: int = MOST) -> None:
        self._folder = folder
        self._most = most
        self._puts = itertools.count(1)

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
        if next(self._puts) % _PUTS_PER_SWEEP == 0:
            self.sweep()

    def sweep(self) -> None:
        """Remove the oldest answers until three quarters of the allowed bytes are left, when there are too many."""
        found = []
        with contextlib.suppress(OSError):
            for path in self._folder.glob("*/*"):
                with contextlib.suppress(OSError):
                    facts = path.stat()
                    found.append((facts.st_mtime, facts.st_size, path))
        excess = sum(size for _, size, _ in found) - self._most
        if excess <= 0:
            return
        excess += self._most // 4
        for _, size, path in sorted(found):
            if excess <= 0:
                return
            with contextlib.suppress(OSError):
                path.unlink()
            excess -= size

    def _path(self, url: str, account: str) -> Path:
        name = hashlib.sha256(f"{account}\n{url}".encode()).hexdigest()
        return self._folder / name[:2] / name[2:]
