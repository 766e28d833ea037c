"""From the threads that publish events to the loop that waits for them, without a thread per waiter."""

from __future__ import annotations

import asyncio
import contextlib

from modelyard.events.log import Event, EventLog


class Bell:
    """Rings in the running loop when the log has news; many events between two looks ring once.

    Clear `rung`, look into the log, then wait for `rung`: so nothing is missed.
    """

    def __init__(self, log: EventLog) -> None:
        self.rung = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._pending = False
        self._leave = log.listen(self._ring)

    def close(self) -> None:
        """Listen no more."""
        self._leave()

    def _ring(self, _event: Event) -> None:
        if not self._pending:
            self._pending = True
            with contextlib.suppress(RuntimeError):  # the loop may be closed while others still publish
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._pending = False
        self.rung.set()
