"""A model that a program needs: ready, on its way, or missing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from modelyard.app import App
from modelyard.errors import YardError
from modelyard.jobs.wish import Wish

if TYPE_CHECKING:
    from modelyard.jobs.ensuring import Ensured, Want
    from modelyard.python.transfers import Transfer

Begin = Callable[[Wish], "Transfer"]


class Available:
    """What `Library.ensure` gives. Safe to ask from every thread.

    Attributes:
        want: What was asked for.
    """

    def __init__(self, app: App, want: Want, begin: Begin, on_ready: Callable[[Path], object] | None) -> None:
        self.want = want
        self._app = app
        self._begin = begin
        self._on_ready = [on_ready] if on_ready else []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._transfer: Transfer | None = None
        self._error: YardError | None = None
        self._now = app.ensure.look(want, fetch=False)
        if self._now.state == "ready" or not want.address:
            self._end()
        else:
            threading.Thread(target=self._fetch, name="ensure", daemon=True).start()

    @property
    def state(self) -> str:
        """`ready`, `downloading` or `missing`."""
        return "downloading" if not self._ended.is_set() else self._now.state

    @property
    def path(self) -> Path | None:
        """Where the model is; None while it is not ready."""
        return Path(self._now.path) if self.state == "ready" else None

    @property
    def details(self) -> Ensured:
        """All that is known: why it is missing, what may stand in for it, what a person can do."""
        return self._now

    def on_ready(self, call: Callable[[Path], object]) -> None:
        """Call this with the path as soon as the model is ready; at once when it is."""
        with self._lock:
            if not self._ended.is_set():
                self._on_ready.append(call)
                return
        if self.path is not None:
            call(self.path)

    def wait(self, seconds: float | None = None) -> Path:
        """Wait until it is ready.

        Raises:
            YardError: It cannot be had; what may stand in for it is in `details`.
            TimeoutError: Not within these seconds; it goes on.
        """
        if not self._ended.wait(seconds):
            raise TimeoutError(f"{self.want.address} is not ready yet.")
        if self.path is not None:
            return self.path
        raise self._error or YardError(self._now.reason, hint=" ".join(self._now.steps))

    def _fetch(self) -> None:
        ensure = self._app.ensure
        try:
            options = ensure.options(self.want)
            self._transfer = self._begin(Wish([self.want.address], options.to, sha256=options.sha256))
            (model, *_) = self._transfer.wait()
            self._now = ensure.found(str(model.path), self.want.folder, verified=model.verified)
        except YardError as error:
            self._error = error
            self._now = ensure.missing(self.want, error)
        self._end()

    def _end(self) -> None:
        with self._lock:
            self._ended.set()
            waiting = list(self._on_ready)
        for call in waiting if self.path is not None else []:
            call(Path(self._now.path))
