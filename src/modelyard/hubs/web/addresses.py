"""Plain URLs, read and written. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from modelyard.errors import BadAddress
from modelyard.hubs.web.disposition import safe_name
from modelyard.net.url import parse
from modelyard.values.offers import Address, Example

NAME = "web"
EXAMPLES = (
    Example("https://example.org/a/model.safetensors", Address(NAME, "https://example.org/a/model.safetensors")),
    Example("http://example.org:8080/x?y=1#part", Address(NAME, "http://example.org:8080/x?y=1")),
    Example("HTTPS://Example.org:443/x", Address(NAME, "https://example.org/x")),
    Example("https://example.org/list.meta4", Address(NAME, "https://example.org/list.meta4")),
)
UNNAMED = "download"


def read(text: str) -> Address | None:
    """Read a URL; see `Hub.read`."""
    if not re.match(r"https?://", text, re.IGNORECASE):
        return None
    try:
        text.encode()
        return Address(NAME, parse(text.split("#", 1)[0]).text)
    except UnicodeEncodeError as error:
        raise BadAddress("That URL holds characters that do not exist.") from error


def name_of(url: str) -> str:
    """The name that a URL suggests: its last segment, decoded once, when that is a safe name."""
    last = unquote(urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1])
    return safe_name(last) or UNNAMED


def is_metalink(url: str) -> bool:
    """Whether a URL names a Metalink file."""
    return urlsplit(url).path.lower().endswith((".meta4", ".metalink"))
