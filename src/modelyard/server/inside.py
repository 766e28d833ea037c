"""The same routes without a socket: for the command line when no service runs."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import msgspec

from modelyard.app import App
from modelyard.server.api import every, first_part, routes_for
from modelyard.server.messages import Asked
from modelyard.server.roles import OWNER
from modelyard.server.router import Router
from modelyard.server.service import Service


@functools.cache
def router() -> Router:
    """The router of all routes, built once."""
    return Router(every())


@functools.cache
def _topic(part: str) -> Router:
    """The router of the routes whose path begins so."""
    return Router(routes_for(part))


def call(app: App, method: str, target: str, body: Any = None, *, service: Service | None = None) -> tuple[int, Any]:
    """Send a request to the routes in this process, as the owner.

    Args:
        target: Path and query, percent-encoded: ``/api/v1/tasks?limit=5``.
        body: Anything that JSON can hold; None sends none.
        service: The one to act for; by default a fresh one of this App.

    Returns:
        The status, and what the body holds: a value, a problem or None; bytes where it is no JSON.
    """
    path, _, query = target.partition("?")
    sent = b"" if body is None else msgspec.json.encode(body)
    asked = Asked(method.upper(), path, query, {}, sent, OWNER, "inside")
    reply = asyncio.run(_topic(first_part(path)).answer(service or Service(app), asked))
    told = reply.body
    if reply.file is not None:
        with reply.file:
            told = reply.file.read()
    if not told:
        return reply.status, None
    return reply.status, msgspec.json.decode(told) if "json" in reply.media_type else told
