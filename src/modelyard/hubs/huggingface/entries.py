"""Files of a model as Hugging Face describes them: tree entries, siblings, HEAD answers. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from modelyard.hubs.answers import claim, text
from modelyard.hubs.links import is_plain
from modelyard.net.headers import Headers
from modelyard.values.untrusted import record, whole

_COMMIT = re.compile(r"[0-9a-f]{40}")


class Entry(msgspec.Struct, frozen=True):
    """What the hub says about one file.

    Attributes:
        claimed: ``sha256`` of an LFS or Xet file, ``git-sha1`` of a regular one.
        xet: Xet hash of the bytes.
    """

    path: str
    size: int | None
    claimed: Mapping[str, str]
    xet: str | None = None


def tree_entry(given: Mapping[str, Any]) -> Entry | None:
    """A file of a tree page, None for folders and for what makes no sense.

    The ``oid`` of an LFS file is that of its pointer and says nothing about the bytes (facts 2.3).
    """
    path = text(given.get("path"))
    if given.get("type") != "file" or not path or not is_plain(path):
        return None
    lfs, claimed = record(given.get("lfs")), dict[str, str]()
    if lfs:
        claim(claimed, "sha256", lfs.get("oid"))
    else:
        claim(claimed, "git-sha1", given.get("oid"))
    size = whole(lfs.get("size")) if lfs else None
    return Entry(path, whole(given.get("size")) if size is None else size, claimed, text(given.get("xetHash")))


def sibling_entry(given: Mapping[str, Any]) -> Entry | None:
    """A sibling of the model info; here the LFS hash is called ``sha256`` (facts 2.2)."""
    path = text(given.get("rfilename"))
    if not path or not is_plain(path):
        return None
    lfs, claimed = record(given.get("lfs")), dict[str, str]()
    if lfs:
        claim(claimed, "sha256", lfs.get("sha256"))
    else:
        claim(claimed, "git-sha1", given.get("blobId"))
    return Entry(path, whole(given.get("size")), claimed)


class Told(msgspec.Struct, frozen=True):
    """What a HEAD of a file told.

    Attributes:
        enough: The file can be fetched and proven by this alone.
    """

    commit: str | None
    size: int | None
    claimed: Mapping[str, str]
    xet: str | None

    @property
    def enough(self) -> bool:
        """Whether size and hash are known."""
        return self.size is not None and bool(self.claimed)


def head_told(status: int, headers: Headers) -> Told:
    """Read size and hash from a HEAD of ``/resolve`` (facts 2.5, 2.6).

    64 hex digits in the ETag are the SHA-256 of an LFS file, 40 the git blob SHA-1 of a regular one.
    Content-Length counts only when the answer is no redirect.
    """
    etag = (headers.get("x-linked-etag") or headers.get("etag")).strip().removeprefix("W/").strip('"')
    claimed: dict[str, str] = {}
    claim(claimed, "sha256" if len(etag) == 64 else "git-sha1", etag)
    size = headers.get("x-linked-size") or (headers.get("content-length") if 200 <= status < 300 else "")
    commit = headers.get("x-repo-commit").strip()
    return Told(
        commit if is_commit(commit) else None, _digits(size), claimed, headers.get("x-xet-hash").strip() or None
    )


def is_commit(value: str) -> bool:
    """Whether a text is a whole git commit id."""
    return bool(_COMMIT.fullmatch(value))


def _digits(value: str) -> int | None:
    value = value.strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None
