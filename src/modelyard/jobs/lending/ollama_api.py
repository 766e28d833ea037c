"""Ollama's own API, on this machine only: it makes and removes names itself (its docs/api.md).

A connection of its own, since the guard of ours refuses this machine's addresses, and rightly: hubs name those never.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from modelyard.errors import CannotLend
from modelyard.library.shifting.copying import BLOCK, Count

_PORT = 11434
_SECONDS = 600.0
_KNOCK = 1.0
_MOST = 8 << 20
_LOOPBACK = {"": "127.0.0.1", "localhost": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1", "::1": "::1"}  # noqa: S104


class Ollama:
    """A running Ollama."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    @classmethod
    def running(cls, environ: Mapping[str, str]) -> Ollama | None:
        """The one that answers on this machine; None when none does, or `OLLAMA_HOST` names another machine."""
        try:
            said = environ.get("OLLAMA_HOST", "").strip()
            place = urlsplit(said if "://" in said else f"http://{said}")
            host = place.hostname or ""
            port = place.port or _PORT
        except ValueError:
            return None
        loopback = _LOOPBACK.get(host, host if re.fullmatch(r"127(\.[0-9]{1,3}){3}", host) else "")
        if not loopback or place.scheme != "http":
            return None
        found = cls(loopback, port)
        try:
            found._ask("GET", "/api/version", seconds=_KNOCK)
        except CannotLend:
            return None
        return found

    def has(self, digest: str) -> bool:
        """Whether it has these bytes in its store."""
        return self._send("HEAD", f"/api/blobs/sha256:{digest}", None, {}, _SECONDS)[0] == 200

    def upload(self, file: Path, digest: str, count: Count) -> None:
        """Give it a copy of a file's bytes; it compares them with the digest itself.

        Raises:
            CannotLend: It did not take them.
        """
        headers = {"Content-Length": str(file.stat().st_size), "Content-Type": "application/octet-stream"}
        status, _ = self._send("POST", f"/api/blobs/sha256:{digest}", _blocks(file, count), headers, _SECONDS)
        if status not in (200, 201):
            raise CannotLend(f"Ollama did not take the file (HTTP {status}).")

    def create(self, name: str, file: str, digest: str) -> str:
        """Make a model of bytes that it has; gives the digest of its manifest.

        Raises:
            CannotLend: It did not work.
        """
        said = {"model": name, "files": {file: f"sha256:{digest}"}, "stream": False}
        told = self._ask("POST", "/api/create", said)
        if told.get("status") not in (None, "success"):
            raise CannotLend(f"Ollama: {str(told.get('error') or told.get('status'))[:300]}")
        found = self.digest(name)
        if not found:
            raise CannotLend(f"Ollama says that it made {name}, and does not list it.")
        return found

    def digest(self, name: str) -> str:
        """The digest of a name's manifest, empty when there is no such name."""
        models = self._ask("GET", "/api/tags").get("models")
        for one in models if isinstance(models, list) else []:
            if isinstance(one, dict) and name in (one.get("name"), one.get("model")):
                return str(one.get("digest", ""))
        return ""

    def delete(self, name: str) -> None:
        """Remove a name; it removes what nothing else needs.

        Raises:
            CannotLend: It did not.
        """
        self._ask("DELETE", "/api/delete", {"model": name})

    def _ask(self, method: str, path: str, said: Any = None, seconds: float = _SECONDS) -> dict[str, Any]:
        body = msgspec.json.encode(said) if said is not None else None
        status, data = self._send(method, path, body, {"Content-Type": "application/json"}, seconds)
        try:
            told = msgspec.json.decode(data) if data.strip() else {}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            told = {}
        told = told if isinstance(told, dict) else {}
        if status >= 400:
            raise CannotLend(f"Ollama: {str(told.get('error', ''))[:300] or f'HTTP {status}'}")
        return told

    def _send(self, method: str, path: str, body: Any, headers: Mapping[str, str], seconds: float) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=seconds)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read(_MOST)
        except (OSError, http.client.HTTPException) as error:
            raise CannotLend(f"Ollama at {self._host}:{self._port} does not answer: {error}.") from error
        finally:
            connection.close()


def _blocks(file: Path, count: Count) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while block := opened.read(BLOCK):
            yield block
            count(len(block))
