"""What makes two answers parts of the same file, and which headers ask a server to keep it so (RFC 9110 13)."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import msgspec

from modelyard.net.headers import Headers


class Identity(msgspec.Struct, frozen=True):
    """Validators of one answer.

    Attributes:
        size: Bytes of the whole file, None when the server does not tell.
        etag: Strong ETag with its quotes, empty without one.
        modified: Last-Modified where there is no strong ETag, when it is at least a second older than the
            answer (RFC 9110 8.8.2.2).
    """

    size: int | None
    etag: str = ""
    modified: str = ""

    def condition(self) -> list[tuple[str, str]]:
        """If-Range that makes a server send the whole new file instead of a piece of it."""
        validator = self.etag or self.modified
        return [("If-Range", validator)] if validator else []

    def contradicts(self, other: Identity) -> str:
        """What differs between two answers that should be the same file; empty when nothing does."""
        if self.size is not None and other.size is not None and self.size != other.size:
            return f"its size changed from {self.size} to {other.size} bytes"
        if self.etag and other.etag and self.etag != other.etag:
            return "its ETag changed"
        if self.modified and other.modified and self.modified != other.modified:
            return "its modification date changed"
        return ""


def identity_of(headers: Headers, size: int | None) -> Identity:
    """The validators that an answer carries; a weak ETag does not count."""
    etag = headers.get("etag").strip()
    if etag.startswith("W/") or len(etag) > 1024 or not etag.isprintable():
        etag = ""
    return Identity(size, etag, "" if etag else _settled_date(headers))


def _settled_date(headers: Headers) -> str:
    modified, now = headers.get("last-modified").strip(), headers.get("date").strip()
    try:
        age = (parsedate_to_datetime(now) - parsedate_to_datetime(modified)).total_seconds()
    except (ValueError, TypeError):
        return ""
    return modified if age >= 1 else ""
