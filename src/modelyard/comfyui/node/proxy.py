"""Passes requests on to the service: only those that are named, rebuilt from scratch, with the small token."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

import aiohttp
from aiohttp import web
from yarl import URL

from . import doors
from .problems import NoYard, Refused
from .yard import Place, Yard

JSON = "application/json"
EVENTS = "/api/v1/events/ws"
_TAKEN = ("If-None-Match", "Idempotency-Key", "Content-Type", "Accept")
_GIVEN = ("Content-Type", "Content-Length", "ETag", "Cache-Control", "Retry-After", "X-Request-Id")
_TOLD = ("task.", "progress", "queue.", "model.", "comfyui.")
"""Beginnings of the events that a page here is told; hooks, settings and their errors are nobody's business."""
_BODY_SECONDS = 60.0
_THREADS = ThreadPoolExecutor(4, "modelyard")
_ALONE = ThreadPoolExecutor(1, "modelyard-nodes")
"""For what asks other people's nodes: one that hangs holds up nothing else."""
_SILENCE = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=150)


@dataclass(frozen=True)
class Way:
    """One route, here and at the service.

    Attributes:
        here: Path under ComfyUI's port, parameters in braces with what they may be.
        there: Path at the service, parameters in braces.
        most: Bytes that a body may have.
        forms: Whether forms are taken, too.
        takes: Media types of a body.
    """

    method: str
    here: str
    there: str
    most: int = 1024 * 1024
    forms: bool = False
    takes: tuple[str, ...] = (JSON,)


class Proxy:
    """Passes requests on. One for a ComfyUI, used in its event loop.

    Args:
        hello: What the service is told when a page begins to listen to it; may wait, also for ever.
    """

    def __init__(self, yard: Yard, hello: Callable[[Yard], None]) -> None:
        self._yard, self._hello = yard, hello
        self._greeting: Future[None] | None = None
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    def handler(self, way: Way) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """What answers a route."""

        async def handle(request: web.Request) -> web.StreamResponse:
            doors.check(request, self._yard.hosts)
            doors.check_write(request, way.takes, forms=way.forms)
            target = target_of(way, request)
            body = await _body(request, way.most)
            return await self._pass(way, request, target, body)

        return guarded(handle)

    async def place(self, *, start: bool) -> Place:
        """The running service.

        Raises:
            NoYard: There is none.
        """
        found: Place = await aside(partial(self._yard.place, start=start))
        return found

    async def _pass(self, way: Way, request: web.Request, target: str, body: bytes) -> web.StreamResponse:
        place = await self.place(start=way.method not in doors.READING)
        headers = {name: request.headers[name] for name in _TAKEN if name in request.headers}
        headers |= {"Accept-Encoding": "identity", **self._yard.headers(place)}
        if way.method not in doors.READING:
            headers.setdefault("Content-Type", JSON)
        asked = self._session(place).request(
            request.method, _at(place, target), data=body or None, headers=headers, allow_redirects=False
        )
        try:
            answer = await asked
        except (aiohttp.ClientConnectionError, asyncio.TimeoutError) as error:  # noqa: UP041  # as in _body
            raise NoYard("The Modelyard service does not answer.", "Try again.") from error
        async with answer:
            return await _stream(request, answer)

    async def listen(self, request: web.Request) -> web.StreamResponse:
        """The service's events, for as long as the page listens."""
        doors.check(request, self._yard.hosts)
        place = await self.place(start=False)
        page = web.WebSocketResponse(heartbeat=25, max_msg_size=4096, compress=False)
        if not page.can_prepare(request):
            raise Refused(400, "bad-request", "This is a WebSocket.")
        try:
            async with self._session(place).ws_connect(_at(place, EVENTS), max_msg_size=2**24, heartbeat=25) as service:
                await service.send_json({"token": place.token})
                self._greet()
                await page.prepare(request)
                await _between(service, page)
        except aiohttp.ClientError as error:
            if not page.prepared:
                raise NoYard("The Modelyard service has just gone.", "Try again.") from error
        return page

    def _greet(self) -> None:
        """Say hello, unless one is being said: that reaches the same service."""
        if self._greeting is None or self._greeting.done():
            self._greeting = _ALONE.submit(self._hello, self._yard)

    def _session(self, place: Place) -> aiohttp.ClientSession:
        key = place.socket or place.url
        held = self._sessions.get(key)
        if held is None or held.closed:
            connector = _connector(place)
            held = self._sessions[key] = aiohttp.ClientSession(
                connector=connector, timeout=_SILENCE, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
            )
        return held

    async def close(self, _app: Any = None) -> None:
        """Let go of the service; it goes on."""
        for session in self._sessions.values():
            await session.close()


async def aside(call: Callable[[], Any], *, alone: bool = False) -> Any:
    """Run what may wait in threads of our own: neither the loop nor the host's threads are held up.

    Args:
        alone: It asks other people's nodes.
    """
    return await asyncio.get_running_loop().run_in_executor(_ALONE if alone else _THREADS, call)


def guarded(
    handle: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A handler whose refusals are problems."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handle(request)
        except Refused as error:
            told = json.dumps(error.as_dict()).encode()
            return web.Response(body=told, status=error.status, content_type="application/problem+json")

    return answer


def target_of(way: Way, request: web.Request) -> str:
    """Path and query at the service: the route's own, with what the request says in its places.

    Raises:
        Refused: A part of the path could lead to another route.
    """
    path = way.there
    for name, value in request.match_info.items():
        parts = value.split("/")
        if any(part in ("", ".", "..") or "\\" in part or not part.isprintable() for part in parts):
            raise Refused(400, "bad-request", "This path leads nowhere.")
        path = path.replace(f"{{{name}}}", "/".join(quote(part, safe="") for part in parts))
    query = request.rel_url.raw_query_string
    return f"{path}?{query}" if query else path


def _connector(place: Place) -> aiohttp.BaseConnector:
    """Connections are not kept: one of a service that was restarted would spoil a write."""
    if place.socket:
        return aiohttp.UnixConnector(place.socket, force_close=True)
    return aiohttp.TCPConnector(force_close=True)


def _at(place: Place, target: str) -> URL:
    return URL(("http://localhost" if place.socket else place.url.rstrip("/")) + target, encoded=True)


async def _body(request: web.Request, most: int) -> bytes:
    """The body of a write, never more than that.

    Raises:
        Refused: It is too large, or does not come.
    """
    try:
        return await asyncio.wait_for(_read(request, most), _BODY_SECONDS)
    except asyncio.TimeoutError as error:  # noqa: UP041  # another class before Python 3.11, which the host may run
        raise Refused(400, "bad-request", f"The body did not come within {_BODY_SECONDS:g} seconds.") from error


async def _read(request: web.Request, most: int) -> bytes:
    held = bytearray()
    async for chunk in request.content.iter_any():
        held += chunk
        if len(held) > most:
            raise Refused(413, "body-too-large", f"The body has more than {most} bytes.")
    return bytes(held)


async def _stream(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    given = {name: answer.headers[name] for name in _GIVEN if name in answer.headers}
    given |= {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
    told = web.StreamResponse(status=answer.status, headers=given)
    await told.prepare(request)
    async for chunk in answer.content.iter_any():
        await told.write(chunk)
    await told.write_eof()
    return told


async def _between(service: aiohttp.ClientWebSocketResponse, page: web.WebSocketResponse) -> None:
    """Tell the page what the service says, until one of them goes."""
    hearing = asyncio.create_task(_hear(page))
    saying = asyncio.create_task(_say(service, page))
    _, open_ones = await asyncio.wait((hearing, saying), return_when=asyncio.FIRST_COMPLETED)
    for one in open_ones:
        one.cancel()
    await asyncio.gather(hearing, saying, return_exceptions=True)
    await page.close()


async def _hear(page: web.WebSocketResponse) -> None:
    async for _ in page:
        pass  # a page has nothing to say here


async def _say(service: aiohttp.ClientWebSocketResponse, page: web.WebSocketResponse) -> None:
    async for message in service:
        if message.type is not aiohttp.WSMsgType.TEXT:
            return
        event = json.loads(message.data).get("event")
        if event is None or str(event.get("kind", "")).startswith(_TOLD):
            await page.send_str(message.data)
