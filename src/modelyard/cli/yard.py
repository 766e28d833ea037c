"""How commands reach the queue: through the running service, else in this process under the same lock."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import msgspec

from modelyard.app import App
from modelyard.cli.options import opened
from modelyard.cli.telling import Teller
from modelyard.errors import NoService
from modelyard.server.client import Client, running
from modelyard.server.folder import Note, held

_START = 20.0


class Yard(Protocol):
    """Sends a request to the queue's routes; the same answers with and without a service."""

    def __call__(self, method: str, target: str, body: Any = None) -> Any:
        """The JSON of the answer.

        Raises:
            YardError: What the routes answered.
        """


@contextlib.contextmanager
def reached(*, as_json: bool = False, quiet: bool = False) -> Iterator[tuple[Yard, Teller]]:
    """The queue and a teller for the length of a command."""
    with opened(as_json=as_json, quiet=quiet) as (app, teller), asking(app) as yard:
        yield yard, teller


@contextlib.contextmanager
def asking(app: App) -> Iterator[Yard]:
    """The queue: the service where one runs, else this process.

    Raises:
        Busy: A service is just starting or stopping.
    """
    note = running(app.folder)
    if note is not None:
        yield _remote(app.folder, note)
        return
    with held(app.folder):
        yield _inside(app)


def _remote(folder: Path, note: Note) -> Yard:
    client = Client(folder, note)

    def ask(method: str, target: str, body: Any = None) -> Any:
        return client.ask(method, f"/api/v1{target}", body)[1]

    return ask


def _inside(app: App) -> Yard:
    from modelyard.server.inside import call
    from modelyard.server.problem import Problem, error_of

    def ask(method: str, target: str, body: Any = None) -> Any:
        status, told = call(app, method, f"/api/v1{target}", body)
        if status >= 400:
            raise error_of(msgspec.convert(told, Problem))
        return told

    return ask


def started(folder: Path) -> Note:
    """The running service of a folder; one is started in the background where none runs.

    Raises:
        NoService: It does not start; the hint says how to see why.
    """
    note = running(folder)
    if note is not None:
        return note
    command = [sys.executable, "-m", "modelyard", "serve"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)  # noqa: S603  # ourselves
    until = time.monotonic() + _START
    while time.monotonic() < until and process.poll() is None:
        note = running(folder)
        if note is not None:
            return note
        time.sleep(0.05)
    note = running(folder)  # another process may have been quicker: ours ended because of it
    if note is None:
        raise NoService("The service does not start.", hint="See why: `modelyard serve`.")
    return note
