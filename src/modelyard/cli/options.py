"""Options that several commands share, and the App they open."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from modelyard.cli.telling import Teller
from modelyard.net.stop import Stop

if TYPE_CHECKING:
    from modelyard.app import App

F = TypeVar("F", bound=Callable[..., Any])


def json_option(function: F) -> F:
    """``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")(function)


def offline_option(function: F) -> F:
    """``--offline``."""
    return click.option("--offline", is_flag=True, help="Use kept answers only, ask no hub.")(function)


@contextlib.contextmanager
def stopping(stop: Stop) -> Iterator[None]:
    """For the length of a block Ctrl-C and SIGTERM ask to stop, and what was fetched is kept; twice is harsh."""

    def ask(number: int, _frame: object) -> None:
        signal.signal(number, before[signal.Signals(number)])
        stop.set("You stopped it." if number == signal.SIGINT else "The system asked to stop.")

    numbers = [signal.SIGINT, signal.SIGTERM] + ([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])
    before = {number: signal.signal(number, ask) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """For the length of a block Ctrl-C ends it, even where Python drops the exception: in a destructor, say.

    Gives what a loop calls at each turn; it raises KeyboardInterrupt where an earlier one was dropped.
    """
    heard: list[int] = []

    def check() -> None:
        if heard:
            raise KeyboardInterrupt

    def note(number: int, _frame: object) -> None:
        heard.append(number)
        check()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def opened(
    *, as_json: bool = False, quiet: bool = False, offline: bool = False, flags: dict[str, str] | None = None
) -> Iterator[tuple[App, Teller]]:
    """An App and a teller for the length of a command; Ctrl-C stops the App first."""
    from modelyard.app import App  # most of a command's start: none of it for `--help`

    with App(offline=offline, flags=flags) as app:
        yield app, Teller(as_json=as_json, quiet=quiet, redactor=app.redactor)
