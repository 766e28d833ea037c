"""Model cards: the README of a repository without its front matter, and the pictures that it shows. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote, urlsplit

from modelyard.values.about import Picture
from modelyard.values.untrusted import text

LONGEST = 1 << 20
_MOST_PICTURES = 20
_FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n.*?^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_SHOWN = re.compile(
    r"!\[[^\]\n]{0,500}\]\(\s{0,9}<?([^)\s>]{1,1000})"
    r"|<(?:img|video|source)\b[^>]{0,1000}?\bsrc=[\"']([^\"'\s>]{1,1000})"
)
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif")
_VIDEOS = (".mp4", ".webm")


def card_text(data: bytes) -> str:
    """The text of a README, without the front matter that hubs read themselves."""
    told = text(data[:LONGEST].decode("utf-8", "replace"), LONGEST)
    return _FRONT.sub("", told, count=1).strip()


def pictures_of(named: Iterable[str], card: str, files: str) -> tuple[Picture, ...]:
    """Pictures and videos that a card names, each once; badges and other drawings are left out.

    Args:
        named: Those that the hub lists, before those in the text.
        files: What the address of a file of this repository begins with.
    """
    shown = (match[1] or match[2] for match in _SHOWN.finditer(card))
    found: dict[str, Picture] = {}
    for one in (*named, *shown):
        url = _whole(one, files)
        ending = urlsplit(url).path.lower()
        if url and ending.endswith((*_PICTURES, *_VIDEOS)):
            found.setdefault(url, Picture(url, "video" if ending.endswith(_VIDEOS) else "image"))
        if len(found) == _MOST_PICTURES:
            break
    return tuple(found.values())


def _whole(url: str, files: str) -> str:
    """The whole address, empty for one that is none: a name is that of a file beside the card."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme in ("http", "https"):
        return url if parts.netloc else ""
    path = unquote(parts.path).removeprefix("./").lstrip("/")
    if parts.scheme or parts.netloc or not path or any(part in ("", ".", "..") for part in path.split("/")):
        return ""
    return files + quote(path)
