"""Digests and mirrors in the header fields of a plain web server. Pure, imports nothing of hubs.

Repr-Digest (RFC 9530), Digest (RFC 3230), Content-MD5 (RFC 2616 14.15), Link with ``duplicate`` and
``describedby`` (RFC 6249).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import msgspec

from modelyard.errors import BadAddress
from modelyard.net.headers import Headers
from modelyard.net.url import parse

_BYTES: Mapping[str, tuple[str, int]] = {
    "sha-256": ("sha256", 32),
    "sha-512": ("sha512", 64),
    "sha": ("sha1", 20),
    "md5": ("md5", 16),
}
"""A field's word for an algorithm, ours, and the length of such a digest in bytes."""

_MEMBER = re.compile(
    r"(?<![a-z0-9-])([a-z0-9-]{2,16})\s{0,4}=\s{0,4}:?([A-Za-z0-9+/]{4,128}={0,2})(?![A-Za-z0-9+/=])", re.IGNORECASE
)
_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[A-Za-z0-9*!-]+(?:\s*=\s*(?:\"[^\"]*\"|[^\s;,\"]+))?)*)")
_ATTRIBUTE = re.compile(r";\s*([A-Za-z0-9*!-]+)(?:\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+)))?")
_LONGEST_FIELD = 16384
_LAST = 999_999


class LinkField(msgspec.Struct, frozen=True):
    """One member of a Link field: where it leads, relative URLs resolved, and its attributes."""

    url: str
    attributes: Mapping[str, str]

    def has(self, relation: str) -> bool:
        """Whether it is of that relation."""
        return relation in self.attributes.get("rel", "").lower().split()


def claimed_digests(headers: Headers, *, whole: bool = True) -> dict[str, str]:
    """Digests of the whole file that an answer claims, algorithm to lower-case hex.

    Args:
        whole: The answer carries the whole file. Content-MD5 is read only then: of a 206 it speaks
            about the part.
    """
    claimed: dict[str, str] = {}
    for field in ("repr-digest", "digest"):
        for name, text in _MEMBER.findall(headers.get(field)[:_LONGEST_FIELD]):
            _claim(claimed, name.lower(), text)
    if whole:
        _claim(claimed, "md5", headers.get("content-md5").strip())
    return claimed


def _claim(claimed: dict[str, str], name: str, text: str) -> None:
    algorithm, length = _BYTES.get(name, ("", 0))
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return
    if algorithm and len(raw) == length:
        claimed.setdefault(algorithm, raw.hex())


def link_fields(value: str, base: str) -> list[LinkField]:
    """The members of a Link field (RFC 8288) that lead to http(s) URLs.

    Args:
        base: URL of the answer, against which relative ones are resolved.
    """
    found = []
    for target, attributes in _LINK.findall(value[:_LONGEST_FIELD]):
        pairs = {name.lower(): quoted or token for name, quoted, token in _ATTRIBUTE.findall(attributes)}
        try:
            found.append(LinkField(parse(urljoin(base, target.strip())).text, pairs))
        except (BadAddress, ValueError):
            continue
    return found


def mirrors(headers: Headers, base: str) -> list[str]:
    """Further URLs of the same bytes, best first (RFC 6249 3): ``rel=duplicate`` by ascending ``pri``.

    Mirrors on plain http beside an https answer are left out: bytes would come over a weaker line.
    """
    found = [field for field in link_fields(headers.get("link"), base) if field.has("duplicate")]
    if urlsplit(base).scheme == "https":
        found = [field for field in found if field.url.startswith("https:")]
    return [field.url for field in sorted(found, key=_priority)]


def metalink(headers: Headers, base: str) -> str | None:
    """URL of the Metalink file that describes the answer (RFC 6249 4), None when there is none."""
    for field in link_fields(headers.get("link"), base):
        if field.has("describedby") and field.attributes.get("type", "").lower() == "application/metalink4+xml":
            return field.url
    return None


def _priority(field: LinkField) -> int:
    text = field.attributes.get("pri", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else _LAST
