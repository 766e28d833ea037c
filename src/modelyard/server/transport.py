"""aiohttp's server without its application: even what is no HTTP gets an answer of ours."""

from __future__ import annotations

import asyncio
import io
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import IO, Any

from aiohttp import web
from aiohttp.payload import BufferedReaderPayload, BytesIOPayload, IOBasePayload
from aiohttp.web_protocol import RequestHandler

from modelyard.errors import BadRequest
from modelyard.server.crowd import Crowd
from modelyard.server.doors import HEADERS
from modelyard.server.messages import Reply
from modelyard.server.problem import defect, problem_reply

_log = logging.getLogger("modelyard.server")

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Server(web.Server):
    """Hands every request to one handler."""

    def __init__(self, handler: Handler, crowd: Crowd) -> None:
        super().__init__(handler, access_log=None, logger=_log)
        self.crowd = crowd

    def __call__(self) -> RequestHandler:
        """The protocol of one connection."""
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(RequestHandler):
    __slots__ = ("_crowd",)

    def __init__(self, server: Server, **how: Any) -> None:
        super().__init__(server, **how)
        self._crowd = server.crowd

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; after the handshake where there is TLS."""
        super().connection_made(transport)
        held = transport.get_extra_info("socket")
        if held and isinstance(transport, asyncio.Transport):
            self._crowd.seat(held.fileno(), transport.abort)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  # aiohttp's own words, which we do not repeat
    ) -> web.StreamResponse:
        """Answer what could not be read as a request."""
        if request.writer.output_size > 0:
            raise ConnectionError("An answer was begun already.")
        request_id = secrets.token_hex(8)
        if status >= 500:
            _log.error("A connection failed.", exc_info=exc, extra={"request_id": request_id})
        error = defect(request_id) if status >= 500 else BadRequest("This is no HTTP that can be read.")
        response = response_of(problem_reply(error, request_id), request_id)
        response.force_close()
        return response


def response_of(reply: Reply, request_id: str) -> web.Response:
    """A reply as aiohttp sends it, with the headers that every answer has."""
    body = reply.body or None if reply.file is None else _payload(reply.file)
    response = web.Response(status=reply.status, body=body, headers={**HEADERS, **reply.headers})
    if reply.media_type and body:
        response.headers["Content-Type"] = reply.media_type
    response.headers["X-Request-Id"] = request_id
    return response


def _payload(file: IO[bytes]) -> IOBasePayload:
    return BytesIOPayload(file) if isinstance(file, io.BytesIO) else BufferedReaderPayload(file)
