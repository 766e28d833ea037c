"""Examples of what is told of the service itself, and of every error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.server.api import health, session, settings, tokens
from modelyard.server.api.answers.facts import AT
from modelyard.server.api.words import EventPage
from modelyard.settings.kept import Row

_ROW = {
    "name": "tasks.at-once",
    "value": 6,
    "default": 4,
    "kind": "whole",
    "says": "Tasks of the queue that run at the same time.",
    "origin": "file",
    "variable": "MODELYARD_TASKS_AT_ONCE",
    "restart": False,
    "secret": False,
    "trouble": "",
}
_TOKEN = {
    "id": 1,
    "name": "gpu-7",
    "role": "operator",
    "created": AT,
    "expires": AT + 7776000,
    "ended": False,
}
_EVENT = {"number": 1763715600000001, "at": AT, "kind": "task.added", "data": {"ids": [7]}}

PROBLEM = {
    "type": "urn:modelyard:no-such-task",
    "title": "A task id that the queue does not have.",
    "status": 404,
    "detail": "There is no task 99.",
    "code": "no-such-task",
    "hint": "List them: `modelyard queue`, or `modelyard history` for ended ones.",
    "retryable": False,
    "request_id": "5f0c2b7a9d3e4816",
}
"""Every error has this shape."""

SERVICE: Mapping[Any, Any] = {
    health.Alive: {"ok": True},
    health.Health: {
        "ok": True,
        "version": "0.1.0",
        "pid": 4711,
        "uptime": 86400.5,
        "data_folder": "/home/me/.local/share/modelyard",
        "checks": {"proofs": True, "database": True, "runner": True},
        "newest": 1763715600000001,
    },
    session.Opened: {"token": "yard_0yxMSfgKaLJzTzU-76tY3bu32bJ0Mhp5bJHMSKWfg7c"},
    session.Who: {"name": "owner", "role": "admin"},
    session.LoggedIn: {"csrf": "q2mHhL0o0nYc7m1rWvXk5Q"},
    Row: _ROW,
    settings.Limits: {"limits": {"total": "20MB/s", "schedule": "", "huggingface": "off", "civitai": "5MB/s"}},
    EventPage: {"events": [_EVENT], "newest": 1763715600000001, "gap": False},
    tokens.TokenList: {"tokens": [_TOKEN]},
    tokens.MadeToken: {"token": "yard_0yxMSfgKaLJzTzU-76tY3bu32bJ0Mhp5bJHMSKWfg7c", "about": _TOKEN},
    tokens.Link: {"url": "http://127.0.0.1:7980/#code=Zk3…", "seconds": 60.0},
}

SERVICE_BY_ROUTE: Mapping[str, Any] = {
    "openapi": {"openapi": "3.1.0", "info": {"title": "Modelyard", "version": "0.1.0"}, "paths": {}},
}
