"""A few threads for handlers that block. A handler that hangs must not keep the service from ending."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

Job = tuple[Future[Any], Callable[[], Any]]


class Pool:
    """Runs blocking calls for a loop.

    Args:
        threads: How many at once.
    """

    def __init__(self, threads: int = 8) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._work, name=f"serve-{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    async def run(self, call: Callable[[], Any]) -> Any:
        """Run a call on one of the threads and await its result."""
        future: Future[Any] = Future()
        self._jobs.put((future, call))
        try:
            return await asyncio.wrap_future(future)
        finally:
            del future  # an error knows this frame, and this frame must not know the error's future

    def close(self) -> None:
        """Take no more; what runs may end in its own time."""
        for _ in self._threads:
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, call = job
            del job
            _do(future, call)
            del future, call  # a thread that waits for work holds on to nothing of the last one


def _do(future: Future[Any], call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001  # it belongs to whoever awaits it
        future.set_exception(error)
    finally:
        del future, call  # an error knows this frame, too
