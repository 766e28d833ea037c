"""A fixed set of buffers that go around between the connections, the disk and the prover."""

from __future__ import annotations

import queue
from collections.abc import Callable

from modelyard.engine.blocks import BLOCK
from modelyard.engine.part import new_buffer
from modelyard.net.stop import Stop


class Ring:
    """Hands out buffers; made when first needed, at most `most`.

    Args:
        blocks: Blocks of one buffer.
        most: Buffers in all; whoever wants one more waits for the prover.
    """

    def __init__(self, blocks: int, most: int) -> None:
        self._blocks = blocks
        self._left = most
        self._free: queue.LifoQueue[memoryview] = queue.LifoQueue()

    @property
    def capacity(self) -> int:
        """Bytes of one buffer."""
        return self._blocks * BLOCK

    def more(self, count: int) -> None:
        """Allow `count` further buffers: as many connections joined."""
        self._left += count

    def take(self, stop: Stop, on_wait: Callable[[], None]) -> memoryview:
        """A buffer. `on_wait` is called when there is none free at once.

        Raises:
            Stopped: `stop` was set while waiting.
        """
        try:
            return self._free.get_nowait()
        except queue.Empty:
            pass
        if self._left > 0:
            self._left -= 1
            return new_buffer(self._blocks)
        on_wait()
        while True:
            stop.check()
            try:
                return self._free.get(timeout=0.1)
            except queue.Empty:
                continue

    def drop(self) -> None:
        """Free the memory of the buffers that rest here."""
        self._left = 0
        while not self._free.empty():
            self._free.get_nowait()

    def release(self, buffer: memoryview) -> None:
        """Give a buffer back."""
        self._free.put(buffer)
