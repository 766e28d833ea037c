"""One stream of events to many listeners: each event is encoded once, and a slow listener holds up nobody."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from modelyard.events.log import EventLog, Replay
from modelyard.server.api.events import view
from modelyard.server.bell import Bell

MOST_FRAMES = 256
MOST_BYTES = 1024 * 1024
_ROUND = 100

Snapshot = Callable[[], Awaitable[dict[str, Any]]]


class Listener:
    """What waits to be sent to one client. Belongs to the loop's thread.

    Attributes:
        behind: It missed something: it gets a snapshot next, and frames only after that.
    """

    def __init__(self) -> None:
        self.behind = False
        self.ready = asyncio.Event()
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._newest = 0

    def offer(self, number: int, frame: bytes) -> None:
        """One more frame; when there is no room for it, all are dropped."""
        if self.behind or number <= self._newest:
            return
        if len(self._frames) >= MOST_FRAMES or self._bytes + len(frame) > MOST_BYTES:
            self.drop()
            return
        self._newest = number
        self._frames.append(frame)
        self._bytes += len(frame)
        self.ready.set()

    def drop(self) -> None:
        """Forget what waits; a snapshot will tell."""
        self._frames.clear()
        self._bytes = 0
        self.behind = True
        self.ready.set()

    def resume(self, newest: int) -> None:
        """The client knows everything up to this number."""
        self.behind = False
        self._newest = newest

    def take(self) -> bytes | None:
        """The next frame."""
        if not self._frames:
            self.ready.clear()
            return None
        frame = self._frames.popleft()
        self._bytes -= len(frame)
        return frame


class Fan:
    """Reads the log once for all listeners. Lives in the loop that makes it.

    Args:
        snapshot: The whole state, for whoever missed something.
    """

    def __init__(self, log: EventLog, snapshot: Snapshot) -> None:
        self._log = log
        self._snapshot = snapshot
        self._cursor = log.newest
        self._listeners: set[Listener] = set()
        self._bell = Bell(log)
        self._task = asyncio.create_task(self._run())
        self._shot: asyncio.Task[tuple[int, bytes]] | None = None

    def __len__(self) -> int:
        return len(self._listeners)

    @property
    def newest(self) -> int:
        """Number of the newest event."""
        return self._log.newest

    async def close(self) -> None:
        """Stop."""
        self._bell.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def join(self, listener: Listener, since: int | None) -> None:
        """Give a listener everything after a number; without one it begins with a snapshot."""
        self._listeners.add(listener)
        replay = Replay((), 0, gap=True) if since is None else self._log.since(since, MOST_FRAMES)
        if replay.gap or replay.newest < self._cursor:
            listener.drop()
            return
        listener.resume(since or 0)
        for event in replay.events:
            listener.offer(event.number, frame_of(view(event)))

    def leave(self, listener: Listener) -> None:
        """Tell it nothing more."""
        self._listeners.discard(listener)

    async def snapshot(self) -> tuple[int, bytes]:
        """A number and the whole state that includes all events up to it, as a frame; many askers share one."""
        if self._shot is None or self._shot.done():
            self._shot = asyncio.create_task(self._shoot())
        return await asyncio.shield(self._shot)

    async def _shoot(self) -> tuple[int, bytes]:
        newest = self._log.newest
        return newest, msgspec.json.encode({"snapshot": await self._snapshot(), "newest": newest})

    async def _run(self) -> None:
        while True:
            await self._bell.rung.wait()
            self._bell.rung.clear()
            while self._cursor < self._log.newest:
                self._spread(self._log.since(self._cursor, _ROUND))
                await asyncio.sleep(0)  # a storm of events must not keep the loop from answering

    def _spread(self, replay: Replay) -> None:
        self._cursor = replay.newest
        frames = [(event.number, frame_of(view(event))) for event in replay.events]
        for listener in self._listeners:
            if replay.gap:
                listener.drop()
            for number, frame in frames:
                listener.offer(number, frame)


def frame_of(event: Any) -> bytes:
    """An event as it goes over the wire."""
    return msgspec.json.encode({"event": event}, enc_hook=str)
