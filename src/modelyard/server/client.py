"""Finding the running service of a data folder, and asking it. Standard library only: it starts quickly."""

from __future__ import annotations

import http.client
import io
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec

from modelyard.errors import NoService, YardError
from modelyard.keys.private_file import read_private
from modelyard.server.folder import Note, read_note
from modelyard.server.problem import MEDIA_TYPE, Problem, error_of
from modelyard.store.folder_lock import held_by

_SECONDS = 60.0


def running(folder: Path) -> Note | None:
    """Where the service of a data folder is, None when none answers.

    A note whose writer holds the folder no more is stale: anybody may listen at its address now.
    """
    note = read_note(folder)
    if note is None or held_by(folder) != note.pid:
        return None
    try:
        Client(folder, note, seconds=5.0, patient=False).ask("GET", "/healthz", Authorization="")
    except YardError:
        return None
    return note


class Client:
    """Sends requests to the service of a data folder: over its Unix socket, else with its token.

    Args:
        note: What `running` found; looked up when not given.
        seconds: Longest silence.
        patient: Before an answer begins, longer silence is no end as long as the service tells that it is well:
            some work takes minutes.

    Raises:
        NoService: None left a note.
    """

    def __init__(
        self, folder: Path, note: Note | None = None, *, seconds: float = _SECONDS, patient: bool = True
    ) -> None:
        found = note or read_note(folder)
        if found is None:
            raise NoService(f"No service runs on {folder}.")
        self._folder = folder
        self._note = found
        self._seconds = seconds
        self._patient = patient

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Send a request.

        Args:
            target: Path and query, percent-encoded: ``/api/v1/tasks?limit=5``.
            body: Anything that JSON can hold; None sends none.
            headers: Further ones, with underscores for hyphens: ``Idempotency_Key="…"``; an empty one is not sent,
            ``Authorization=""`` asks without the token.

        Returns:
            The status, and what the JSON holds; None without a body, bytes where it is no JSON.

        Raises:
            NoService: Nobody answers any more.
            YardError: What the service answered, as the same class that it was there.
        """
        sent = None if body is None else msgspec.json.encode(body)
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        if "Authorization" not in told:
            told |= self._token()
        told = {name: value for name, value in {"Content-Type": "application/json", **told}.items() if value}
        connection = self._connection()
        try:
            connection.request(method, target, sent, told)
            held, connection.sock = connection.sock, cast("socket.socket", _Patient(connection.sock, self._is_well))
            with held:
                answer = connection.getresponse()
                return _read(answer.status, answer.headers.get_content_type(), answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise NoService(f"The service on {self._folder} does not answer: {error}.") from error
        finally:
            connection.close()

    def _is_well(self) -> bool:
        return self._patient and running(self._folder) == self._note

    def _connection(self) -> http.client.HTTPConnection:
        if self._note.socket:
            return _UnixConnection(self._note.socket, self._seconds)
        place = urlsplit(self._note.url)
        kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
        return kind(place.hostname or "127.0.0.1", place.port, timeout=self._seconds)

    def _token(self) -> dict[str, str]:
        if self._note.socket:
            return {}
        if held_by(self._folder) != self._note.pid:
            raise NoService(f"The service on {self._folder} has ended.")  # whoever listens there now gets no token
        token = read_private(self._folder / "service.token") or b""
        return {"Authorization": f"Bearer {token.decode('ascii', 'replace').strip()}"}


class _Patient:
    """The socket of a connection to whoever reads an answer from it; under TLS, too, where it may be readable before.

    Args:
        is_well: Asked when nothing came for long: whether to wait on for the beginning of the answer.
    """

    def __init__(self, held: socket.socket, is_well: Callable[[], bool]) -> None:
        self._held, self._is_well = held, is_well

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What the answer is read from."""
        return io.BufferedReader(_Waiting(self._held, self._is_well))

    def close(self) -> None:
        """Nothing: the body may still be read, and who asked closes the socket."""


class _Waiting(io.RawIOBase):
    def __init__(self, held: socket.socket, is_well: Callable[[], bool]) -> None:
        self._held, self._is_well = held, is_well
        self._begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            try:
                count = self._held.recv_into(buffer)
            except TimeoutError:
                if self._begun or not self._is_well():
                    raise
            else:
                self._begun = True
                return count


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(os.fspath(self._path))


def _read(status: int, media_type: str, body: bytes) -> tuple[int, Any]:
    if media_type == MEDIA_TYPE:
        raise error_of(msgspec.json.decode(body, type=Problem))
    if not body:
        return status, None
    return status, msgspec.json.decode(body) if media_type == "application/json" else body
