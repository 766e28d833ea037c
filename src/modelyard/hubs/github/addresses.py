"""Texts that mean a release on GitHub, read and written. Pure."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from modelyard.errors import BadAddress
from modelyard.hubs.links import Home, Place, both_schemes, inner_path, link, typed_path
from modelyard.values.offers import Address, Example

ENDPOINT = "https://github.com"
API = "https://api.github.com"
NAME = "github"
ORIGINS = both_schemes("github.com", "www.github.com")

EXAMPLES = (
    Example(
        "https://github.com/org/repo/releases/download/v1.0/model.pth", Address(NAME, "org/repo", "v1.0", "model.pth")
    ),
    Example("https://github.com/org/repo/releases/download/a/b/c%20d.bin", Address(NAME, "org/repo", "a/b", "c d.bin")),
    Example(
        "https://github.com/org/repo/releases/latest/download/model.pth", Address(NAME, "org/repo", None, "model.pth")
    ),
    Example("https://github.com/org/repo/releases/tag/v1.0", Address(NAME, "org/repo", "v1.0")),
    Example("https://github.com/org/repo/releases/tag/a%2Fb", Address(NAME, "org/repo", "a/b")),
    Example("https://github.com/org/repo/releases/latest", Address(NAME, "org/repo")),
    Example("https://github.com/org/repo/releases", Address(NAME, "org/repo")),
    Example("github.com/org/repo", Address(NAME, "org/repo")),
    Example("gh:org/repo", Address(NAME, "org/repo")),
    Example("gh:org/repo@v1.0/*.pth", Address(NAME, "org/repo", "v1.0", "*.pth")),
    Example("gh:org/repo@a%2Fb/x.bin", Address(NAME, "org/repo", "a/b", "x.bin")),
    Example("github:org/repo/x.bin", Address(NAME, "org/repo", None, "x.bin")),
)

_PREFIXES = ("gh:", "github:")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")
_TAG = re.compile(r"[^\x00-\x20\x7f\\?*:~^\[]{1,250}")
_TYPED = re.compile(r"(?:gh|github):(?://)?([^/@]+/[^/@]+)(?:@([^/@]*))?(?:/(.*))?", re.IGNORECASE | re.DOTALL)


def read(text: str, home: Home) -> Address | None:
    """Read a link or a typed address; files of a repository that are no release belong to `web`. See `Hub.read`."""
    if text[:12].lower().startswith(_PREFIXES):
        typed = _TYPED.fullmatch(text)
        if not typed:
            raise BadAddress(f"{text[:80]!r} names no release.", hint="Write it like gh:owner/repo@tag/file.")
        return _address(typed[1], unquote(typed[2] or "") or None, typed_path(typed[3]))
    given = link(text)
    place = home.inside(given) if given else None
    return _read_page(place) if place else None


def _read_page(place: Place) -> Address | None:
    parts = place.parts
    if len(parts) < 2 or (len(parts) > 2 and parts[2] != "releases") or (len(parts) == 2 and not place.own):
        return None
    model, rest = "/".join(parts[:2]), parts[3:]
    if rest[:2] == ("latest", "download") and len(rest) == 3:
        return _address(model, None, inner_path(rest[2:]))
    if rest[:1] == ("download",) and len(rest) > 2:  # a tag may hold slashes, an asset's name never does
        return _address(model, "/".join(rest[1:-1]), inner_path(rest[-1:]))
    if rest[:1] == ("tag",) and len(rest) > 1:
        return _address(model, "/".join(rest[1:]), None)
    return _address(model, None, None) if rest in ((), ("latest",)) else None


def _address(model: str, tag: str | None, path: str | None) -> Address:
    if not _NAME.fullmatch(model) or model.split("/")[1] in (".", ".."):
        raise BadAddress(f"{model[:80]!r} is no repository.", hint="Write it like gh:owner/repo.")
    if tag is not None and not is_tag(tag):
        raise BadAddress(f"{tag[:80]!r} is no tag.")
    return Address(NAME, model, tag, path)


def is_tag(text: str) -> bool:
    """Whether a text can be a tag."""
    parts = text.split("/")
    return bool(_TAG.fullmatch(text)) and ".." not in text and "" not in parts and "." not in parts


def show(address: Address) -> str:
    """See `Hub.show`."""
    path = address.path
    if path and path != path.strip() and "/" not in path:
        return file_url(ENDPOINT, address.model, address.revision, path)
    tag = f"@{quote(address.revision, safe='')}" if address.revision else ""
    return f"gh:{address.model}{tag}" + (f"/{path}" if path else "")


def page_url(endpoint: str, model: str, tag: str | None) -> str:
    """The release's page."""
    return f"{endpoint}/{model}/releases/" + (f"tag/{quote(tag, safe='')}" if tag else "latest")


def file_url(endpoint: str, model: str, tag: str | None, name: str) -> str:
    """The stable URL of an asset."""
    where = f"download/{quote(tag)}" if tag else "latest/download"
    return f"{endpoint}/{model}/releases/{where}/{quote(name)}"
