"""The first lines that run: a signal while modules are imported ends with a word, never with a traceback.

Imports little itself. Python's own interrupt may be raised anywhere inside an import, even where it is swallowed; as
nothing has been begun by then, the process can end on the spot.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

_STOPPED = 130
"""The exit code of `errors.Stopped`, which is not imported yet."""

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


def run() -> None:
    """The entry point of the command line."""
    with importing():
        from modelyard.cli.__main__ import run as begin
    begin()


@contextmanager
def importing() -> Iterator[None]:
    """While modules are imported, signals end the process at once; those that are ignored stay so."""
    if threading.current_thread() is not threading.main_thread():  # no other one may say what signals mean
        yield
        return
    before = {number: signal.getsignal(number) for name in _NAMES if (number := getattr(signal, name, None))}
    heard = [number for number, how in before.items() if how != signal.SIG_IGN]
    for number in heard:
        signal.signal(number, _end)
    if hasattr(signal, "pthread_sigmask"):  # `run.py` holds them back while Python itself starts
        signal.pthread_sigmask(signal.SIG_UNBLOCK, heard)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])


def _end(*_: Any) -> NoReturn:
    os.write(2, b"Stopped.\n")
    os._exit(_STOPPED)
