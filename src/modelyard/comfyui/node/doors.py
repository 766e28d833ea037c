"""Who may come in: pages of this ComfyUI, and programs of its owner. Holds whatever switches the host was given."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from aiohttp import web

from .problems import Refused

READING = ("GET", "HEAD")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def check(request: web.Request, hosts: Sequence[str]) -> None:
    """Refuse what no page of this ComfyUI sends.

    Args:
        hosts: Names under which it is reached, beside addresses and localhost. Others are refused, since a page
            of a stranger can give its own name our address.

    Raises:
        Refused: It came from elsewhere.
    """
    named = request.headers.getall("Host", [])
    if len(named) != 1 or not _ours(named[0], hosts):
        raise Refused(
            421,
            "wrong-host",
            f"{', '.join(named)[:200]!r} is no name of this ComfyUI that Modelyard knows.",
            "Tell it: `modelyard comfyui install --path DIR --host NAME`, then restart ComfyUI.",
        )
    sites = [site.strip().lower() for site in request.headers.getall("Sec-Fetch-Site", [])]
    if any(site not in ("same-origin", "none") for site in sites):
        raise _elsewhere()
    own = sites == ["same-origin"]
    for origin in request.headers.getall("Origin", []):  # some browsers say no site when they open a WebSocket
        if not _same(origin, named[0]) and not _named(origin, hosts, any_port=own):
            raise _elsewhere()


def check_write(request: web.Request, takes: Sequence[str], *, forms: bool) -> None:
    """Refuse writes that a form of a stranger could make.

    Args:
        takes: Media types of a body.
        forms: Whether forms are taken, too, as the ancestor's page sends them; `check` saw where they come from.

    Raises:
        Refused: It says that it is something else.
    """
    if request.method in READING:
        return
    given = [one.partition(";")[0].strip().lower() for one in request.headers.getall("Content-Type", [])]
    allowed = (*takes, *_FORMS) if forms else tuple(takes)
    if len(given) != 1 or given[0] not in allowed or "Content-Encoding" in request.headers:
        raise Refused(415, "wrong-media-type", f"This takes {' or '.join(takes)}.", "Send a Content-Type header.")


def _same(origin: str, host: str) -> bool:
    """Whether an origin is the very place that the request names; the scheme may end at a proxy before us."""
    scheme, _, place = origin.lower().partition("://")
    return scheme in ("http", "https") and place == host.lower()


def _named(origin: str, hosts: Sequence[str], *, any_port: bool) -> bool:
    """Whether an origin is a name given at installation: a proxy before us may write another Host.

    Args:
        any_port: The browser vouches that page and request are of one place; else another program may be at that port.
    """
    try:
        parts = urlsplit(origin.lower())
        name, place = parts.hostname or "", parts.netloc
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return False
    return name in map(_bare, hosts) if any_port else place in [one.lower() for one in hosts]


def _bare(host: str) -> str:
    """A name without its port."""
    return urlsplit(f"//{host}").hostname or ""


def _ours(host: str, hosts: Sequence[str]) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        _ = urlsplit(f"//{host}").port
    except ValueError:
        return False
    if "@" in host or name != name.strip():
        return False
    return name == "localhost" or name in map(_bare, hosts) or _address(name)


def _address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _elsewhere() -> Refused:
    return Refused(403, "cross-site", "A page of another origin made this request.", "Use ComfyUI's own page.")
