"""How commands do a chore: through the running service as a task, else at once in this process under its lock."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from modelyard.cli.options import stopping
from modelyard.cli.telling import Teller
from modelyard.errors import Stopped
from modelyard.jobs.chores import Step
from modelyard.server.client import Client, running
from modelyard.server.folder import held
from modelyard.server.problem import error_told

if TYPE_CHECKING:
    from modelyard.app import App

_LOOK = 0.25
_PATIENCE = 5.0
_OVER = {"done", "failed", "cancelled"}


def do_chore(
    app: App,
    teller: Teller,
    name: str,
    said: Mapping[str, Any],
    route: str = "",
    sent: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Do a chore and wait for it; gives the facts it told.

    Args:
        route: Where a service takes it, when that is not `/library/NAME`.
        sent: What is sent there, when that is not `said`.

    Raises:
        YardError: It failed, or was stopped. In a service it goes on when this command is stopped.
    """
    note = running(app.folder)
    with _Showing(teller) as showing, stopping(app.stop):
        if note is not None:
            return _followed(
                app, Client(app.folder, note), route or f"/library/{name}", said if sent is None else sent, showing
            )
        from modelyard.jobs.household import CHORES

        chore = CHORES[name]
        with held(app.folder, _PATIENCE):
            return dict(chore.do(app.stock, chore.read(said), app.stop, showing.step))


def _followed(app: App, client: Client, route: str, said: Mapping[str, Any], showing: _Showing) -> dict[str, Any]:
    number = client.ask("POST", f"/api/v1{route}", dict(said))[1]["id"]
    try:
        while True:
            task = client.ask("GET", f"/api/v1/tasks/{number}")[1]
            if task["state"] in _OVER:
                break
            live = task["live"] or {}
            showing.step(Step(task["done"], task["size"], live.get("note") or task["reason"] or task["state"]))
            app.stop.wait(_LOOK)
    except Stopped as error:
        raise Stopped(
            error.message, hint=f"The service goes on with it: `modelyard queue cancel {number}` ends it."
        ) from error
    if task["error"]:
        raise error_told(**task["error"])
    if task["state"] == "cancelled":
        raise Stopped("It was cancelled.")
    return dict(task["result"] or {})


class _Showing:
    """One line on stderr that changes, where a person watches."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._shown = not teller.as_json and not teller.quiet and sys.stderr.isatty()
        self._last = 0.0
        self._length = 0

    def __enter__(self) -> _Showing:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown and self._length:
            sys.stderr.write("\r" + " " * self._length + "\r")

    def step(self, step: Step) -> None:
        """Show how far it is."""
        now = time.monotonic()
        if not self._shown or now - self._last < 0.1:
            return
        self._last = now
        part = f"{100 * step.done // step.size:3} %  " if step.size else ""
        text = "".join(letter if letter.isprintable() else "?" for letter in f"{part}{step.note}")[:110]
        sys.stderr.write("\r" + text.ljust(self._length))
        sys.stderr.flush()
        self._length = len(text)
