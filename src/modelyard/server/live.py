"""The WebSocket: events as they happen.

The client speaks first, ``{"token": "...", "since": n}``; then come ``{"hello": ...}`` and ``{"event": ...}``
for each event. Whoever missed something gets ``{"snapshot": ..., "newest": n}`` instead of it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from modelyard.errors import BadRequest, BodyTooLarge, Busy, TokenNeeded, YardError
from modelyard.keys.redaction import Redactor
from modelyard.server.access import Access
from modelyard.server.api.words import Hello, SocketFirst, SocketHello, SocketRefusal
from modelyard.server.doors import HEADERS
from modelyard.server.fan import Fan, Listener
from modelyard.server.problem import problem_of
from modelyard.server.reading import BodyReader
from modelyard.server.roles import Caller
from modelyard.values.version import VERSION

PATH = "/api/v1/events/ws"
MOST_CLIENTS = 4000
FIRST_WORD = 5.0
"""Seconds that a client has to say who it is."""
LOOK_AGAIN = 10.0
"""Seconds between two looks whether its token still counts."""
_LARGEST = 4096


_FIRST = BodyReader(SocketFirst)


class _Socket(web.WebSocketResponse):
    """Says why before it closes on a word that is too long, which aiohttp does by itself.

    Args:
        refusal: What is said then.
    """

    def __init__(self, refusal: bytes) -> None:
        super().__init__(heartbeat=25, max_msg_size=_LARGEST, compress=False, timeout=1)
        self._refusal = refusal

    async def close(self, *, code: int = WSCloseCode.OK, message: bytes = b"", drain: bool = True) -> bool:
        """Close it, once."""
        if code == WSCloseCode.MESSAGE_TOO_BIG and not self.closed:
            with contextlib.suppress(ConnectionError):
                await _send(self, self._refusal)
        return await super().close(code=code, message=message, drain=drain)


class Live:
    """All WebSockets of a service.

    Args:
        access: Knows tokens.
        fan: Has the events.

    Attributes:
        callers: How many WebSockets each caller has open.
    """

    def __init__(self, access: Access, fan: Fan) -> None:
        self._access = access
        self._fan = fan
        self.callers: Counter[str] = Counter()
        self._open: set[web.WebSocketResponse] = set()
        self._closing: set[asyncio.Future[None]] = set()

    async def serve(
        self, request: web.BaseRequest, known: Caller, address: str, request_id: str, welcome: Callable[[], object]
    ) -> web.WebSocketResponse:
        """Talk to one client until it goes.

        Args:
            known: Who asks, where the connection itself tells: over the Unix socket, or by a session.
            welcome: Called once the client proved who it is.
        """
        too_long = BodyTooLarge(f"A word of a client has at most {_LARGEST} bytes.")
        socket = _Socket(_refusal(too_long, request_id))
        socket.headers.update(HEADERS)
        await socket.prepare(request)
        self._open.add(socket)
        try:
            await self._talk(socket, known, address, welcome)
        except YardError as error:
            await self._refuse(socket, error, request_id)
        except (ConnectionError, TimeoutError):
            pass  # it went away; nobody is left to be told
        finally:
            self._open.discard(socket)
        return socket

    def hang_up(self) -> None:
        """Close every WebSocket: whoever still wants to listen connects again."""
        closing = asyncio.ensure_future(self._close(WSCloseCode.SERVICE_RESTART, b"Connect again."))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Say goodbye to everybody."""
        await self._close(WSCloseCode.GOING_AWAY, b"The service stops.")

    async def _close(self, code: int, why: bytes) -> None:
        goodbyes = [socket.close(code=code, message=why) for socket in self._open]
        await asyncio.gather(*goodbyes, return_exceptions=True)

    async def _talk(
        self, socket: web.WebSocketResponse, known: Caller, address: str, welcome: Callable[[], object]
    ) -> None:
        first = await _first(socket)
        caller = self._access.by_token(first.token, address) if first.token is not None else known
        if caller.role is None:
            raise TokenNeeded("This needs a token.")
        welcome()
        if len(self._fan) >= MOST_CLIENTS:
            raise Busy(f"{MOST_CLIENTS} clients listen already.", hint="Ask GET /api/v1/events now and then instead.")
        listener = Listener()
        self._fan.join(listener, first.since)
        self.callers[caller.name] += 1
        hello = SocketHello(Hello(VERSION, caller.name, caller.role), self._fan.newest)
        await _send(socket, msgspec.json.encode(hello))
        sender = asyncio.create_task(self._tell(socket, listener))
        try:
            await self._hear(socket, first.token, sender)
        finally:
            self.callers[caller.name] -= 1
            self._fan.leave(listener)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    async def _hear(self, socket: web.WebSocketResponse, token: str | None, sender: asyncio.Task[None]) -> None:
        """Stay until the client closes, or its token ends; what it says does not matter."""
        while not sender.done():
            try:
                message = await socket.receive(timeout=LOOK_AGAIN)
            except TimeoutError:
                if token is not None and self._access.tokens.whose(token) is None:
                    raise TokenNeeded("This token has ended.") from None
                continue
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return

    async def _tell(self, socket: web.WebSocketResponse, listener: Listener) -> None:
        while True:
            await listener.ready.wait()
            if listener.behind:
                newest, frame = await self._fan.snapshot()
                await _send(socket, frame)
                self._fan.join(listener, newest)
                await asyncio.sleep(0)
            elif (next_frame := listener.take()) is not None:
                await _send(socket, next_frame)

    async def _refuse(self, socket: web.WebSocketResponse, error: YardError, request_id: str) -> None:
        if not socket.closed:
            await _send(socket, _refusal(error, request_id))
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=error.code.encode())


def _refusal(error: YardError, request_id: str) -> bytes:
    return msgspec.json.encode(SocketRefusal(problem_of(error, request_id, Redactor())), enc_hook=str)


async def _first(socket: web.WebSocketResponse) -> SocketFirst:
    try:
        message = await socket.receive(timeout=FIRST_WORD)
    except TimeoutError as error:
        raise TokenNeeded(f"Nothing was said within {FIRST_WORD:g} seconds.") from error
    if message.type is not WSMsgType.TEXT:
        raise BadRequest('The first message is {"token": "...", "since": n}.')
    first: SocketFirst = _FIRST.read(message.data.encode("utf-8", "replace"))
    return first


async def _send(socket: web.WebSocketResponse, frame: bytes) -> None:
    await socket.send_frame(frame, WSMsgType.TEXT)
