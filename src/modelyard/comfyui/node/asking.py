"""Asking the service from a thread that may wait: nodes and usage. Standard library only."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

from .problems import NoYard, Refused
from .yard import Place, Yard


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask(yard: Yard, method: str, target: str, body: Any, *, start: bool = True) -> Any:
    """The JSON of an answer.

    Raises:
        NoYard: The service does not answer.
        Refused: It refused.
    """
    place = yard.place(start=start)
    connection = _connection(place, 60.0)
    headers = {"Content-Type": "application/json", **yard.headers(place)}
    try:
        connection.request(method, target, json.dumps(body), headers)
        answer = connection.getresponse()
        told = json.loads(answer.read() or b"null")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoYard(f"The Modelyard service does not answer: {error}.", "Try again.") from error
    finally:
        connection.close()
    if answer.status >= 400:
        raise Refused(answer.status, str(told.get("code", "")), str(told.get("detail", "")), str(told.get("hint", "")))
    return told


def _connection(place: Place, seconds: float) -> http.client.HTTPConnection:
    if place.socket:
        return _UnixConnection(place.socket, seconds)
    where = urlsplit(place.url)
    return http.client.HTTPConnection(where.hostname or "", where.port, timeout=seconds)
