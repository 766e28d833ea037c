"""How commands reach the queue: through the running service, else in this process, writes under its lock."""

from __future__ import annotations

import contextlib
import functools
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click
import msgspec

from modelyard.cli.options import opened
from modelyard.cli.telling import Teller
from modelyard.errors import Busy, NoService
from modelyard.server.client import Client, running
from modelyard.server.folder import Note, held
from modelyard.store.folder_lock import held_by
from modelyard.values.version import VERSION

if TYPE_CHECKING:
    from modelyard.app import App

_START = 20.0
_STARTS = 3
_PATIENCE = 5.0
"""Seconds that a write waits for the folder, which another command holds."""
_TURN = 0.3
"""Seconds of these between two looks for a service."""


class Yard(Protocol):
    """Sends a request to the queue's routes; the same answers with and without a service."""

    @property
    def lasts(self) -> bool:
        """Whether a service answers, so that something may happen between two requests."""

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
    """The queue: the service where one runs, else this process."""
    from modelyard.jobs.logbook import waits

    note = _found(app.folder)
    if note is None and waits(app.folder):
        with contextlib.suppress(Busy), held(app.folder, _TURN):
            app.take_in()
    yield _Remote(app.folder, note) if note else _Inside(app)


class _Remote:
    """The queue of a service."""

    lasts = True

    def __init__(self, folder: Path, note: Note) -> None:
        self._client = Client(folder, note)

    def __call__(self, method: str, target: str, body: Any = None) -> Any:
        return self._client.ask(method, f"/api/v1{target}", body)[1]


class _Inside:
    """The queue in this process. Reading needs no lock; a write holds the folder for as long as it takes."""

    lasts = False

    def __init__(self, app: App) -> None:
        self._app = app

    def __call__(self, method: str, target: str, body: Any = None) -> Any:
        if method == "GET":
            return self._here(method, target, body)
        with contextlib.ExitStack() as stack:
            note = self._held_or_served(stack)
            return _Remote(self._app.folder, note)(method, target, body) if note else self._here(method, target, body)

    def _held_or_served(self, stack: contextlib.ExitStack) -> Note | None:
        """Hold the folder, or find the service that came in between.

        Raises:
            Busy: Neither within a few seconds.
        """
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                stack.enter_context(held(self._app.folder, _TURN))
            except Busy:
                note = _found(self._app.folder)
                if note is None and time.monotonic() < until:
                    continue
                if note is None:
                    raise
                return note
            return None

    def _here(self, method: str, target: str, body: Any) -> Any:
        from modelyard.server.inside import call
        from modelyard.server.problem import Problem, error_of

        status, told = call(self._app, method, f"/api/v1{target}", body)
        if status >= 400:
            raise error_of(msgspec.convert(told, Problem))
        return told


def started(folder: Path) -> Note:
    """The running service of a folder; one is started in the background where none runs.

    Raises:
        NoService: It does not start; the hint says how to see why.
    """
    until, starts = time.monotonic() + _START, 0
    process: subprocess.Popen[bytes] | None = None
    while time.monotonic() < until:
        note = _found(folder)
        if note is not None:
            return note
        if process is None or (process.poll() == Busy.exit_code and held_by(folder) is None and starts < _STARTS):
            process, starts = _start(), starts + 1  # whoever was quicker has gone again without becoming a service
        elif process.poll() is not None and held_by(folder) is None:
            break
        time.sleep(0.05)
    note = _found(folder)
    if note is None:
        raise NoService("The service does not start.", hint="See why: `modelyard serve`.")
    return note


def _found(folder: Path) -> Note | None:
    """The running service; when it is of another version than this command, that is told on stderr."""
    note = running(folder)
    if note is not None and note.version != VERSION:
        _tell_of(note.version)
    return note


@functools.cache
def _tell_of(version: str) -> None:
    """Once in a process."""
    words = f"The service is Modelyard {version}, this command {VERSION}: they may not understand each other."
    click.echo(f"warning: {words}\n  → Start it anew: `modelyard stop`, then `modelyard serve`.", err=True)


def _start() -> subprocess.Popen[bytes]:
    # -P: whoever asks may stand in a folder of strangers' files, whose `aiohttp.py` would run with all our keys
    command = [sys.executable, "-P", "-m", "modelyard", "serve"]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)  # noqa: S603  # ourselves
