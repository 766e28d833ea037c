"""Pasted links: split once, decoded once, and told apart by exact origin. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from modelyard.errors import BadAddress
from modelyard.net.url import parse

LONGEST_PATH = 1024
"""Bytes of a path inside a model."""

_BARE = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d{1,5})?/\S")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Characters that no address may hold: control characters, line ends, halves of surrogate pairs."""


class Link(msgspec.Struct, frozen=True):
    """A link that a person pasted.

    Attributes:
        url: The whole link as it would be asked, without its fragment.
        origin: ``scheme://host[:port]``.
        parts: Segments of the path, each decoded once; empty ones are left out.
        query: Decoded pairs in their order.
        folder: Whether the path ends with a slash.
    """

    url: str
    origin: str
    parts: tuple[str, ...]
    query: tuple[tuple[str, str], ...]
    folder: bool = False

    def asked(self, *names: str) -> str | None:
        """The first value of the first of these query fields."""
        return next((value for name in names for key, value in self.query if key == name and value), None)


def link(text: str) -> Link | None:
    """Split a link; None when the text is none. ``huggingface.co/...`` counts as https.

    Raises:
        BadAddress: An http(s) link that is malformed (see `net.url.parse`) or not valid UTF-8 inside.
    """
    if not re.match(r"https?://", text, re.IGNORECASE):
        if not _BARE.match(text) or len(text) > LONGEST_PATH * 8:
            return None
        text = f"https://{text}"
    try:
        text.encode()
        url = parse(text.split("#", 1)[0])
        parts = tuple(unquote(part, errors="strict") for part in urlsplit(url.text).path.split("/") if part)
        query = tuple(parse_qsl(urlsplit(url.text).query, keep_blank_values=True, errors="strict", max_num_fields=200))
    except ValueError as error:
        raise BadAddress(f"{text[:80]!r} holds bytes that are no UTF-8.") from error
    return Link(url.text, url.origin, parts, query, url.target.split("?")[0].endswith("/"))


class Home(msgspec.Struct, frozen=True):
    """Where a hub is asked, and whose links it reads.

    Attributes:
        endpoint: Base URL without a trailing slash, perhaps with a path.
        origins: Origins whose links mean `endpoint`.
        elsewhere: Origins whose links are read too but asked at another endpoint of the same kind.
    """

    endpoint: str
    origins: frozenset[str]
    elsewhere: Mapping[str, str] = msgspec.field(default_factory=dict)

    def inside(self, given: Link) -> Place | None:
        """Where the link leads below the hub's root; None for a foreign link."""
        if given.origin in self.origins:
            return Place(given.parts, None, own=True)
        origin, root = _root(self.endpoint)
        if given.origin == origin and given.parts[: len(root)] == root:
            return Place(given.parts[len(root) :], None, own=False)
        if given.origin in self.elsewhere:
            return Place(given.parts, self.elsewhere[given.origin], own=True)
        return None


class Place(msgspec.Struct, frozen=True):
    """A link seen from its hub.

    Attributes:
        parts: Segments below the hub's root.
        endpoint: As in `Address.endpoint`.
        own: The host serves this hub alone. A chosen endpoint may serve other things too, so what does not
            look like a model there is left to other hubs.
    """

    parts: tuple[str, ...]
    endpoint: str | None
    own: bool


def home(default: str, origins: frozenset[str], elsewhere: Mapping[str, str], chosen: str | None) -> Home:
    """The home of a hub: its own, or the endpoint that a person chose for all of its links."""
    if chosen is None:
        return Home(default, origins, elsewhere)
    return Home(chosen, origins | frozenset(elsewhere))


def _root(endpoint: str) -> tuple[str, tuple[str, ...]]:
    url = parse(endpoint)
    return url.origin, tuple(unquote(part) for part in url.target.split("/") if part)


def both_schemes(*hosts: str) -> frozenset[str]:
    """The https and the http origin of host names: people still paste the latter."""
    return frozenset(f"{scheme}://{host}" for scheme in ("https", "http") for host in hosts)


def inner_path(parts: Sequence[str]) -> str | None:
    """A path inside a model, None for none.

    Raises:
        BadAddress: A part is ``.``, ``..`` or empty, holds a slash, a backslash or a control character,
            or the whole is longer than `LONGEST_PATH` bytes.
    """
    path = "/".join(parts)
    for part in parts:
        if part in ("", ".", "..") or "/" in part or "\\" in part or CONTROL.search(part):
            raise BadAddress(f"{path[:80]!r} is no path inside a model.", hint="Write it like folder/file.safetensors.")
    if len(path.encode()) > LONGEST_PATH:
        raise BadAddress(f"A path of more than {LONGEST_PATH} bytes is too long.")
    return path or None


def is_plain(path: str) -> bool:
    """Whether a path that a hub tells stays inside its model (see `inner_path`)."""
    try:
        return inner_path(path.split("/")) is not None
    except BadAddress:
        return False


def typed_path(text: str | None) -> str | None:
    """The path of a typed address (``hf:org/repo/PATH``), taken literally.

    Raises:
        BadAddress: See `inner_path`.
    """
    return inner_path(text.split("/")) if text else None


def folder_glob(parts: Sequence[str]) -> str | None:
    """The glob for everything below a folder, None for the root.

    Raises:
        BadAddress: See `inner_path`.
    """
    path = inner_path(parts)
    return None if path is None else re.sub(r"([*?[])", r"[\1]", path) + "/**"
