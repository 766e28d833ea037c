"""What a script is made of: one file each, with where it can be had and what its bytes must be."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from modelyard.keys.redaction import Redactor
from modelyard.values.sizes import show_size

_REDACTOR = Redactor()
_HEX = re.compile(r"[0-9a-f]{64}")
_SIGNED = re.compile(
    r"(?i)(^|[&;])(x-amz-[^=]*|expires|[a-z]|[^=]*(key|hash|auth|sig|token|secret|pass|pw|access|sess|cred)[^=]*)="
    r"|=[^&;]{25}"
)
"""Names of what is secret or runs out, one-letter names, and values too long to be a word."""


class Item(msgspec.Struct, frozen=True):
    """One file.

    Attributes:
        target: Where it goes, relative, with `/`.
        address: As `modelyard get` takes it; empty when nobody knows one.
        url: A stable link to its bytes.
        size: Bytes.
        sha256: Measured here.
        claimed: SHA-256 that a hub or a plan says.
    """

    target: str
    address: str = ""
    url: str = ""
    size: int | None = None
    sha256: str = ""
    claimed: str = ""

    @property
    def digest(self) -> str:
        """The SHA-256 to compare with, measured before claimed; empty when there is none."""
        return next((one for one in (self.sha256.lower(), self.claimed.lower()) if _HEX.fullmatch(one)), "")

    @property
    def remark(self) -> str:
        """What is known of its bytes, for a comment."""
        size = show_size(self.size) if self.size is not None else "size unknown"
        measured = "measured" if self.digest and self.digest == self.sha256.lower() else "claimed, not measured"
        return f"{size}, SHA-256 {measured if self.digest else 'unknown'}"


class Script(msgspec.Struct, frozen=True):
    """A script.

    Attributes:
        left: Files that are not in it, each with why.
    """

    name: str
    text: str
    left: tuple[tuple[str, str], ...] = msgspec.field(default=())


def below(base: str, target: str) -> str:
    """A path below the chosen folder that no program takes for an option."""
    path = f"{base.rstrip('/')}/{target}" if base else target
    return path if path.startswith("/") else f"./{path}"


def safe_link(url: str) -> str:
    """A link that may stand in a script: http(s), without key or signature; else nothing."""
    if not url or any(not "!" <= letter <= "~" for letter in url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    bad = parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc
    return "" if bad or _SIGNED.search(parts.query) or _REDACTOR.text(url) != url else url


def safe_address(address: str) -> str:
    """An address that may stand in a script, without key or signature; else nothing."""
    if not address or "\0" in address or _REDACTOR.text(address) != address:
        return ""
    return safe_link(address) if address.lower().startswith(("http:", "https:")) else address


def comment(text: str) -> str:
    """A text that stays on its line and inside its comment."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)[:200]
