"""The real service in a process of its own, and raw requests to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.server.pages import FOLDER
from running import Forked, forked, may_fork, start

API = "/api/v1"


def _built(suffix: str) -> str:
    """Path of the page's entry of this kind: its name holds its hash."""
    return "/" + next(
        file.relative_to(FOLDER).as_posix() for file in sorted((FOLDER / "assets").glob(f"index-*{suffix}"))
    )


PAGE_JS, PAGE_CSS = _built(".js"), _built(".css")


@dataclass
class Got:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Code of the problem."""
        assert self.headers["content-type"] == "application/problem+json", self
        told = self.json
        assert told["status"] == self.status and told["hint"] and told["request_id"] == self.headers["x-request-id"]
        return str(told["code"])


@dataclass
class Served:
    """A running service."""

    process: subprocess.Popen[str] | Forked
    folder: Path
    link: str
    lines: list[str]

    @property
    def note(self) -> dict[str, Any]:
        return json.loads((self.folder / "service.json").read_text())

    @property
    def url(self) -> str:
        return self.link.partition("#")[0].rstrip("/")

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def token(self) -> str:
        return (self.folder / "service.token").read_text().strip()

    def ask(self, method: str, path: str, body: Any = None, *, token: str | None = "", **headers: str | None) -> Got:
        """One request, with the owner's token and as JSON unless told otherwise (None leaves a header out)."""
        sent = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        told: dict[str, str | None] = {"Content-Type": "application/json"}
        if token is not None:
            told["Authorization"] = f"Bearer {token or self.token}"
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
        with contextlib.closing(connection):
            skip = "Host" in told
            connection.putrequest(method, path, skip_host=skip, skip_accept_encoding=True)
            for name, value in told.items():
                if value is not None:
                    connection.putheader(name, value)
            if sent is not None and "Transfer-Encoding" not in told and "Content-Length" not in told:
                connection.putheader("Content-Length", str(len(sent)))
            connection.endheaders(sent)
            return _got(connection.getresponse())

    def raw(self, text: str, host: str = "127.0.0.1") -> Got:
        """Exactly these bytes."""
        with socket.create_connection((host, self.port), timeout=20) as made:
            made.sendall(text.encode("latin-1"))
            answer = http.client.HTTPResponse(made)
            answer.begin()
            return _got(answer)

    def by_socket(self, method: str, path: str, **headers: str) -> Got:
        """One request over the Unix socket, without a token."""
        with socket.socket(socket.AF_UNIX) as made:
            made.connect(self.note["socket"])
            told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
            made.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{told}\r\n".encode())
            answer = http.client.HTTPResponse(made)
            answer.begin()
            return _got(answer)

    def stop(self, how: int = signal.SIGTERM) -> int:
        """End it."""
        self.process.send_signal(how)
        return self.process.wait(10)


def _got(answer: http.client.HTTPResponse) -> Got:
    return Got(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


def begin(folder: Path, *options: str, env: dict[str, str] | None = None, fresh: bool = False) -> Served:
    """Start a service and wait until it listens.

    Args:
        fresh: By a command line of its own, which is what the test looks at; else by a fork, which is quicker.
    """
    port = () if "--port" in options else ("--port", "0")
    environ = {"MODELYARD_HOME": str(folder), **(env or {})}
    how = start if fresh or not may_fork(environ) else forked
    process = how("serve", *port, *options, env=environ)
    assert process.stdout is not None and process.stderr is not None
    lines: list[str] = []
    threading.Thread(target=lambda: lines.extend(process.stderr or ()), daemon=True).start()
    for line in process.stdout:
        if found := re.search(r"https?://\S+", line):
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return Served(process, folder, found[0], lines)
    raise AssertionError(f"it ended with {process.wait()}: {''.join(lines)}")


@contextlib.contextmanager
def served(folder: Path, *options: str, env: dict[str, str] | None = None, fresh: bool = False) -> Iterator[Served]:
    """A service for the length of a block: see `begin`."""
    service = begin(folder, *options, env=env, fresh=fresh)
    try:
        yield service
    finally:
        service.process.kill()
        service.process.wait()
        for pipe in (service.process.stdout, service.process.stderr):
            with contextlib.suppress(ValueError, OSError):
                assert pipe is not None
                pipe.close()
