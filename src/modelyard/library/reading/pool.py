"""The parent: a few children that read headers; a file that kills its child is told as unreadable."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import IO, Self

import msgspec

from modelyard.library.limited import started
from modelyard.library.reading.look import Asked, Look, receive, send, unreadable

PATIENCE = 10.0
"""Seconds for one file."""

_BATCH, _TICK = 32, 0.25
_LOOK = msgspec.msgpack.Decoder(Look)


class _Child:
    """One child process; used by one thread at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.since: float | None = None

    def looks(self, paths: Sequence[Asked]) -> list[Look]:
        """One answer a path, in order; after a death the rest goes to a new child."""
        found: list[Look] = []
        while len(found) < len(paths):
            before = len(found)
            self._some(paths[before:], found)
            if len(found) < len(paths):
                self.stop()
                found.append(unreadable("Reading it took too long or ended its reader; it may be made to do harm."))
        return found

    def _some(self, paths: Sequence[Asked], found: list[Look]) -> None:
        """Answers until all are there or the child is dead."""
        pipes = self.begin()
        with contextlib.suppress(OSError, msgspec.DecodeError):
            send(pipes[0], list(paths))
            for _ in paths:
                self.since = time.monotonic()
                answer = receive(pipes[1])
                if not answer:
                    break
                found.append(_LOOK.decode(answer))
        self.since = None

    def begin(self) -> tuple[IO[bytes], IO[bytes]]:
        """Its pipes; the process is started when there is none."""
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self._process = started("modelyard.library.reading.child")
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout

    def kill(self) -> None:
        """End the process at once; whoever reads from it sees the end of the pipe."""
        if self._process is not None:
            self._process.kill()

    def stop(self) -> None:
        """End the process and let go of its pipes."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.wait()


class Pool:
    """Children that read headers, made when they are needed.

    Args:
        children: How many; the number of processors when None.
        patience: Seconds for one file, after which its child is killed.
    """

    def __init__(self, children: int | None = None, patience: float = PATIENCE) -> None:
        self._children = [_Child() for _ in range(children or os.cpu_count() or 1)]
        self._patience = patience
        self._free = list(self._children)
        self._threads = ThreadPoolExecutor(len(self._children), thread_name_prefix="headers")
        self._closed = threading.Event()
        self._begun = False
        self._watch: threading.Thread | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, paths: Sequence[Asked]) -> list[Look]:
        """One answer a path, in order; the children share the work."""
        self._watching()
        parts = [paths[at : at + _BATCH] for at in range(0, len(paths), _BATCH)]
        return [look for part in self._threads.map(self._part, parts) for look in part]

    def begin(self) -> None:
        """Start a child beside whatever is done now: that takes a tenth of a second, which `read` need not wait for."""
        if not self._begun:
            self._begun = True
            with contextlib.suppress(RuntimeError):  # closed, or no thread is to be had: `read` tells it
                self._threads.submit(self._begin)

    def close(self) -> None:
        """End all children."""
        self._closed.set()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for child in self._children:
            child.stop()
        if self._watch is not None:
            self._watch.join()

    def _part(self, paths: Sequence[Asked]) -> list[Look]:
        with self._borrowed() as child:
            return child.looks(paths)

    def _begin(self) -> None:
        with self._borrowed() as child, contextlib.suppress(OSError):  # `read` tells it
            child.begin()

    @contextlib.contextmanager
    def _borrowed(self) -> Iterator[_Child]:
        with self._lock:
            child = self._free.pop()
        try:
            yield child
        finally:
            with self._lock:
                self._free.append(child)

    def _watching(self) -> None:
        with self._lock:
            if self._watch is None:
                self._watch = threading.Thread(target=self._kill_slow, name="headers-watch", daemon=True)
                self._watch.start()

    def _kill_slow(self) -> None:
        while not self._closed.wait(_TICK):
            for child in self._children:
                since = child.since
                if since is not None and time.monotonic() - since > self._patience:
                    child.kill()
