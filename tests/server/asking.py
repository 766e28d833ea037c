"""Requests by callers of every role, dispatched in this process."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from modelyard.app import App
from modelyard.server.inside import router
from modelyard.server.messages import Asked
from modelyard.server.roles import Caller, Role
from modelyard.server.service import Service


def ask(app: App, role: Role, method: str, target: str, body: Any = None) -> tuple[int, Any]:
    """Status and JSON of a request by a caller of this role."""
    path, _, query = target.partition("?")
    sent = b"" if body is None else msgspec.json.encode(body)
    asked = Asked(method, path, query, {}, sent, Caller(role.value, role))
    reply = asyncio.run(router().answer(Service(app), asked))
    return reply.status, msgspec.json.decode(reply.body) if reply.body else None
