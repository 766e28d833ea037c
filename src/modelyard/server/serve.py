"""Starting and stopping the service."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from aiohttp import web

from modelyard.server import folder as yard
from modelyard.server.crowd import MOST, Crowd, Entrance
from modelyard.server.folder import Note
from modelyard.server.inside import router
from modelyard.server.listening import Listening
from modelyard.server.memory import keep_small
from modelyard.server.pages import Pages
from modelyard.server.service import Service
from modelyard.server.transport import Server
from modelyard.server.web import Pools, Web
from modelyard.server.working import working
from modelyard.values.version import VERSION

_GRACE = 1.0
"""Seconds that answers under way get when the service stops."""
_BACKLOG = 512
_PATIENCE = 2.0
"""Seconds that a start waits for a command that writes, or looks who holds the folder."""


def serve(service: Service, listening: Listening, ready: Callable[[Note], None]) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        ready: Called when the service listens.

    Raises:
        Busy: Another service holds the data folder, or the port is taken.
        UnsafeListening: Others could walk in.
    """
    listening.check(password=service.access.password.is_set())
    service.access.tokens.own()
    service.access.tokens.comfyui()
    keep_small()
    with yard.held(service.app.folder, _PATIENCE), working(service):
        asyncio.run(_until_stopped(service, listening, ready))


async def _until_stopped(service: Service, listening: Listening, ready: Callable[[Note], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows raises KeyboardInterrupt instead
            loop.add_signal_handler(number, stop.set)
    async with running(service, listening) as note:
        ready(note)
        await stop.wait()


@contextlib.asynccontextmanager
async def running(service: Service, listening: Listening) -> AsyncIterator[Note]:
    """A service for the length of a block. The data folder must be held.

    Raises:
        Busy: The port is taken.
    """
    sockets = listening.sockets()
    port = sockets[0].getsockname()[1]
    pools = Pools()
    doors = listening.doors(port)
    crowd = Crowd(_room())
    door = Web(service, router(), doors, Pages(prefixed=bool(doors.proxies)), pools, crowd)
    runner = web.ServerRunner(Server(door.handle, crowd), shutdown_timeout=_GRACE)
    await runner.setup()
    sweeping = asyncio.create_task(crowd.keep_sweeping())
    try:
        for held in sockets:
            entrance = Entrance(held, crowd)
            await web.SockSite(runner, entrance, ssl_context=listening.tls(), backlog=_BACKLOG).start()
        path = await _unix(runner, service.app.folder)
        service.url = listening.url(port)
        note = Note(os.getpid(), service.url, str(path or ""), VERSION, listening.remote)
        yard.leave_note(service.app.folder, note)
        yield note
    finally:
        service.url = ""
        yard.clear(service.app.folder)
        service.app.events.publish("service.stopping", {})  # wakes whoever waits for events
        await _close(runner, door)
        sweeping.cancel()
        pools.close()


async def _close(runner: web.ServerRunner, door: Web) -> None:
    """Take no more connections, say goodbye to listeners, give answers under way a moment."""
    for site in list(runner.sites):
        await site.stop()
    await door.close()
    await runner.cleanup()


def _room() -> int:
    """Connections that may be open at once: half of the files that this process may open, at most `MOST`."""
    try:
        import resource
    except ImportError:
        return MOST  # Windows has no such limit in reach
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else max(16, min(MOST, soft // 2))


async def _unix(runner: web.ServerRunner, folder: Path) -> Path | None:
    """Listen on the Unix socket; what a killed service left there is replaced, for we hold the folder."""
    path = yard.socket_path(folder)
    if path is None:
        return None
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        made.bind(os.fspath(path))
    finally:
        os.umask(before)
    await web.SockSite(runner, made, backlog=_BACKLOG).start()
    return path
