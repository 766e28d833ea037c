"""Between aiohttp and the router: every request passes here, in this order.

Doors, page, who asks, route, JSON, size, handler; and whatever came of it gets the same headers,
is counted and logged.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import re
import secrets
import socket as sockets
import time
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from modelyard.errors import BadRequest, NoSuchRoute, TokenNeeded, WrongMethod, YardError
from modelyard.server import doors
from modelyard.server.crowd import Crowd
from modelyard.server.doors import Doors
from modelyard.server.fan import Fan
from modelyard.server.live import PATH as LIVE
from modelyard.server.live import Live
from modelyard.server.messages import Asked, Reply
from modelyard.server.pages import Pages
from modelyard.server.pool import Pool
from modelyard.server.problem import defect, problem_reply
from modelyard.server.roles import SOCKET, STRANGER, Caller
from modelyard.server.router import Router, Runs
from modelyard.server.routes import LARGEST_BODY
from modelyard.server.service import Service
from modelyard.server.transport import response_of

_log = logging.getLogger("modelyard.server")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
_QUIET = {"/healthz", "/metrics"}
_BODY_SECONDS = 30.0

Headers = Mapping[str, Sequence[str]]


class Pools:
    """The threads of one service, apart so that no slow request keeps a quick one waiting.

    Attributes:
        door: Find out who asks.
        quick: Handlers that only look at this machine.
        slow: Handlers that ask the network.
    """

    def __init__(self) -> None:
        self.door, self.quick, self.slow = Pool(2), Pool(8), Pool(4)
        self.runs = Runs(self.quick.run, self.slow.run)

    def close(self) -> None:
        """Take no more; what runs may end in its own time."""
        for pool in (self.door, self.quick, self.slow):
            pool.close()


class Web:
    """Answers aiohttp's requests for one service.

    Args:
        entry: The doors of the address that it listens on.
        pools: Run what blocks.
        crowd: Who is connected.
    """

    def __init__(
        self, service: Service, router: Router, entry: Doors, pages: Pages, pools: Pools, crowd: Crowd
    ) -> None:
        self._service, self._router, self._doors, self._pages, self._pools = service, router, entry, pages, pools
        self._crowd = crowd
        pool = pools.quick
        self._fan = Fan(service.app.events, lambda: pool.run(lambda: service.snapshot(service.app)))
        self._live = Live(service.access, self._fan)
        service.listeners = self._fan.__len__
        service.listeners_of = self._live.callers.__getitem__
        service.hang_up = functools.partial(asyncio.get_running_loop().call_soon_threadsafe, self._live.hang_up)
        service.metrics.gauge("modelyard_listeners", "WebSocket clients.", lambda: len(self._fan))
        service.metrics.gauge("modelyard_connections", "Open connections, TCP.", lambda: len(crowd))

    async def close(self) -> None:
        """Say goodbye to listeners."""
        await self._live.close()
        await self._fan.close()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        with self._crowd.asking(_number(request)):
            return await self._handle(request)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        began = time.monotonic()
        headers = _headers(request)
        given = next(iter(headers.get("x-request-id", ())), "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        told: dict[str, Any] = {"request_id": request_id, "route": "none", "caller": STRANGER.name}
        try:
            answer = await self._answer(request, headers, told)
        except YardError as error:
            answer = problem_reply(error, request_id, self._service.app.redactor)
        except Exception:  # noqa: BLE001  # a caller always gets an answer, and the log the rest
            _log.exception("%s failed", request.method, extra=told)
            answer = problem_reply(defect(request_id), request_id)
        response = response_of(answer, request_id) if isinstance(answer, Reply) else answer
        self._note(request.method, response.status, time.monotonic() - began, told)
        return response

    async def _answer(
        self, request: web.BaseRequest, headers: Headers, told: dict[str, Any]
    ) -> Reply | web.StreamResponse:
        target = request.raw_path
        address, known = self._knock(request, target, headers)
        path, _, query = _origin_form(target).partition("?")
        first = {name: values[0] for name, values in headers.items()}
        asked = Asked(request.method, path, query, first, b"", known, told["request_id"], address)
        if page := self._pages.find(asked):
            told["route"] = "page"
            return page
        if path == LIVE and request.method == "GET":
            return await self._listen(request, asked, told)
        return await self._ask(request, headers, asked, told)

    def _knock(self, request: web.BaseRequest, target: str, headers: Headers) -> tuple[str, Caller]:
        """Pass the doors; gives where the request comes from and whom the connection alone tells."""
        transport = request.transport
        peer = transport.get_extra_info("socket") if transport else None
        if peer is not None and peer.family == getattr(sockets, "AF_UNIX", None):
            doors.no_browser(headers)
            return SOCKET.name, STRANGER if "authorization" in headers else SOCKET  # who brings a token is that caller
        address = self._doors.peer(request.remote or "", headers)
        self._doors.check(target, headers)
        return address, STRANGER

    async def _listen(self, request: web.BaseRequest, asked: Asked, told: dict[str, Any]) -> web.StreamResponse:
        if asked.headers.get("upgrade", "").lower() != "websocket":
            raise BadRequest("This is a WebSocket.", hint="Programs without one ask GET /api/v1/events.")
        told["route"] = LIVE
        caller = asked.caller
        if caller.role is None and "origin" in asked.headers and "authorization" not in asked.headers:
            caller = self._service.access.who("GET", asked.headers, asked.address)
        return await self._live.serve(
            request, caller, asked.address, asked.request_id, lambda: self._crowd.know(_number(request))
        )

    async def _ask(self, request: web.BaseRequest, headers: Headers, asked: Asked, told: dict[str, Any]) -> Reply:
        caller = asked.caller
        if caller.role is None:
            access = self._service.access
            caller = await self._pools.door.run(lambda: access.who(asked.method, asked.headers, asked.address))
        told["caller"] = caller.name
        if caller.role is not None:
            self._crowd.know(_number(request))
        most, is_open = LARGEST_BODY, False
        takes: tuple[str, ...] = ()
        try:
            route, _ = self._router.find(asked.method, asked.path)
            told["route"], most, is_open, takes = route.path, route.most, route.role is None, route.takes
        except (NoSuchRoute, WrongMethod, BadRequest):
            pass  # strangers do not learn which paths there are; the router tells the others
        if caller.role is None and not is_open:
            raise TokenNeeded("This needs a token.")
        if told["route"] != "none":
            doors.check_write(asked.method, headers, most, takes)
        body = await _body(request, most)
        complete = Asked(
            asked.method, asked.path, asked.query, asked.headers, body, caller, asked.request_id, asked.address
        )
        return await self._router.answer(self._service, complete, self._pools.runs)

    def _note(self, method: str, status: int, seconds: float, told: dict[str, Any]) -> None:
        method = method if method in _METHODS else "other"
        self._service.metrics.request(method, told["route"], status, seconds)
        level = logging.DEBUG if told["route"] in _QUIET else logging.INFO
        more = {**told, "method": method, "status": status, "seconds": round(seconds, 4)}
        _log.log(
            level, "%s %s %d %.0f ms %s", method, told["route"], status, seconds * 1000, told["caller"], extra=more
        )


def _number(request: web.BaseRequest) -> int:
    """The file descriptor of a request's connection, by which the crowd knows it; -1 when it is gone."""
    held = request.transport and request.transport.get_extra_info("socket")
    return held.fileno() if held else -1


def _headers(request: web.BaseRequest) -> dict[str, list[str]]:
    held: dict[str, list[str]] = {}
    for name, value in request.headers.items():
        held.setdefault(name.lower(), []).append(value)
    return held


def _origin_form(target: str) -> str:
    """A target without scheme and host; the doors checked those."""
    if target.startswith("/") or "://" not in target:
        return target.partition("#")[0]
    return "/" + target.partition("://")[2].partition("/")[2].partition("#")[0]


async def _body(request: web.BaseRequest, most: int) -> bytes:
    held = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in request.content.iter_any():
                held += chunk
                if len(held) > most:
                    raise doors.too_large(most)
    except TimeoutError as error:
        raise BadRequest(f"The body did not come within {_BODY_SECONDS:g} seconds.") from error
    return bytes(held)
