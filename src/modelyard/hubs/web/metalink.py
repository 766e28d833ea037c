"""Metalink files: sizes, hashes, pieces and mirrors of downloads (RFC 5854; the older version 3 too). Pure."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import msgspec

from modelyard.errors import BadAddress, BadAnswer, BadValue
from modelyard.hubs.links import inner_path
from modelyard.net.url import parse
from modelyard.values.digests import digest

MOST_FILES = 10_000
MOST_URLS = 100
MOST_PIECES = 1_000_000
_HASHES = {"sha-256": "sha256", "sha256": "sha256", "sha-512": "sha512", "sha512": "sha512"}
_HASHES |= {"sha-1": "sha1", "sha1": "sha1", "md5": "md5"}
_LAST = 999_999


Pieces = tuple[int, tuple[str, ...]]
"""Length of a piece in bytes, and the SHA-256 of each; the last one may be shorter."""


class Described(msgspec.Struct, frozen=True):
    """One file of a Metalink; `urls` are http(s) only, best first."""

    name: str
    size: int | None
    claimed: dict[str, str] = msgspec.field(default_factory=dict)
    urls: tuple[str, ...] = ()
    pieces: Pieces | None = None


def read_metalink(data: bytes, came_from: str) -> list[Described]:
    """The files that a Metalink describes; those without an http(s) URL are left out.

    Args:
        came_from: URL of the Metalink. One from a public name may not lead to private addresses.

    Raises:
        BadAnswer: It is no Metalink, or holds a document type, which nobody needs and attackers use.
    """
    root = _parse(data)
    private = is_private(came_from)
    files = [each for each in root.iter() if _name(each) == "file"][:MOST_FILES]
    found = [described for each in files if (described := _describe(each, private=private))]
    if not found:
        raise BadAnswer("That Metalink describes no file that can be had by http or https.")
    return found


def _parse(data: bytes) -> ET.Element:
    try:
        text = data.decode("utf-8-sig")
        if re.search(r"<!(?:DOCTYPE|ENTITY)", text, re.IGNORECASE):
            raise BadAnswer("That Metalink holds a document type; it is not read.")
        # Without a document type there are no entities: nothing to expand, nothing external to load.
        root = ET.fromstring(text)  # noqa: S314
    except (UnicodeDecodeError, ET.ParseError, ValueError) as error:
        raise BadAnswer("That is no Metalink: the file is no proper XML in UTF-8.") from error
    if _name(root) != "metalink":
        raise BadAnswer("That is no Metalink: its first element is another one.")
    return root


def _describe(file: ET.Element, *, private: bool) -> Described | None:
    name = file.get("name", "")
    try:
        inner_path(name.split("/"))
    except BadAddress:
        return None
    size = next((_number(each.text) for each in file.iter() if _name(each) == "size"), None)
    urls = _urls(file, private=private)
    return Described(name, size, _hashes(file), urls, _pieces(file)) if urls else None


def _hashes(file: ET.Element) -> dict[str, str]:
    inside_pieces = {id(each) for part in file.iter() if _name(part) == "pieces" for each in part}
    claimed: dict[str, str] = {}
    for each in file.iter():
        if _name(each) == "hash" and id(each) not in inside_pieces:
            algorithm = _HASHES.get(each.get("type", "").lower())
            if algorithm and (value := _digest(algorithm, each.text)):
                claimed.setdefault(algorithm, value)
    return claimed


def _urls(file: ET.Element, *, private: bool) -> tuple[str, ...]:
    ranked: list[tuple[int, str]] = []
    for each in file.iter():
        if _name(each) != "url" or len(ranked) >= MOST_URLS:
            continue
        try:
            url = parse((each.text or "").strip()).text
        except BadAddress:
            continue
        if private or not is_private(url):
            ranked.append((_rank(each), url))
    return tuple(dict.fromkeys(url for _, url in sorted(ranked, key=lambda pair: pair[0])))


def _rank(url: ET.Element) -> int:
    """Version 4 counts up from the best (``priority``), version 3 down from 100 (``preference``)."""
    priority, preference = _number(url.get("priority")), _number(url.get("preference"))
    if priority is not None:
        return priority
    return _LAST if preference is None else 100 - min(preference, 100)


def _pieces(file: ET.Element) -> Pieces | None:
    """The pieces by SHA-256, None when there are none or one of their hashes is broken."""
    for part in file.iter():
        length = _number(part.get("length"))
        if _name(part) != "pieces" or _HASHES.get(part.get("type", "").lower()) != "sha256" or not length:
            continue
        hashes = [_digest("sha256", each.text) for each in part if _name(each) == "hash"]
        if hashes and None not in hashes and len(hashes) <= MOST_PIECES:
            return length, tuple(filter(None, hashes))
    return None


def is_private(url: str) -> bool:
    """Whether a URL names this machine or the local network outright; names are checked when dialled."""
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _number(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _digest(algorithm: str, text: str | None) -> str | None:
    try:
        return digest(algorithm, text or "")
    except BadValue:
        return None
