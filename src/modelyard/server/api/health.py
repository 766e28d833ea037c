"""Is the service well?"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import msgspec

from modelyard.app import App
from modelyard.errors import YardError
from modelyard.server.roles import Role
from modelyard.server.routes import Here, Routes
from modelyard.values.version import VERSION

open_routes = Routes(tag="health", prefix="")
routes = Routes(tag="health")


class Alive(msgspec.Struct, frozen=True):
    """The service answers."""

    ok: bool


class Health(msgspec.Struct, frozen=True):
    """How the service is.

    Attributes:
        ok: Everything that can be tried was, and worked.
        checks: What was tried, by name: each database, say.
        uptime: Seconds since the service began.
        newest: Number of the newest event.
    """

    ok: bool
    version: str
    pid: int
    uptime: float
    data_folder: str
    checks: dict[str, bool]
    newest: int


@open_routes.get("/healthz", role=None)
async def healthz(here: Here) -> Alive:
    """Whether the service answers.

    Tells nothing else, and needs no token: made for supervisors.
    """
    return Alive(ok=True)


@routes.get("/health", role=Role.VIEWER)
def health(here: Here) -> Health:
    """How the service is."""
    checks = {name: _passes(check, here) for name, check in here.service.checks.items()}
    return Health(
        ok=all(checks.values()),
        version=VERSION,
        pid=os.getpid(),
        uptime=round(time.monotonic() - here.service.started, 3),
        data_folder=str(here.app.folder),
        checks=checks,
        newest=here.app.events.newest,
    )


def _passes(check: Callable[[App], bool], here: Here) -> bool:
    try:
        return check(here.app)
    except YardError:
        return False
