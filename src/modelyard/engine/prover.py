"""The prover: hashes a part while it is being written, in a thread of its own.

Pieces arrive in buffers, mostly in order. Each block gets its BLAKE3, from the lane while this thread is what
limits the speed, and a journal record at once.
SHA-256 follows the *frontier*: the end of the contiguous bytes. A piece that arrives at the frontier is
hashed hot from its buffer; one that came early is read back from the page cache when the frontier
gets there. Measured: with one connection this adds nothing to the wall time that SHA-256 itself needs.
Under TLS receiving takes longer than that; then the prover, while it has nothing to do, writes too (the busiest
thread of 2 GiB: 2.8 CPU seconds before, 2.4 since).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from modelyard.engine.blocks import BLOCK, BlockTable, block_digests
from modelyard.engine.cores import Cores
from modelyard.engine.digesting import Digesting
from modelyard.engine.part import PartFile
from modelyard.errors import Stopped

OnBlock = Callable[[int, bytes, int], None]

_LOOK = 16
"""Pieces between two looks at whether there are enough cores."""


@dataclass(slots=True)
class Piece:
    """Bytes that were just received.

    Attributes:
        offset: Where they begin in the file, on a block boundary.
        view: The bytes.
        release: Gives the buffer back.
        written: Whether they are in the part already; else the prover puts them there first.
        digests: Of each block, where whoever received it had time for them; else the prover makes them.
    """

    offset: int
    view: memoryview
    release: Callable[[], None]
    written: bool = True
    digests: tuple[bytes, ...] = ()


class Prover:
    """Hashes one part.

    Args:
        on_block: Told ``(index, digest, length)`` of each new block: the journal.
        names: Digests to measure.
        optional: Those of them that are given up when hashing is what limits the speed, or threads wait for a core.
    """

    def __init__(
        self,
        part: PartFile,
        table: BlockTable,
        names: list[str],
        optional: tuple[str, ...],
        on_block: OnBlock,
        cores: Cores | None = None,
    ) -> None:
        self._part = part
        self._table = table
        self._digesting = Digesting(names, table.size)
        self._optional = optional
        self._on_block = on_block
        self._frontier = 0
        self._pieces: queue.SimpleQueue[Piece | None] = queue.SimpleQueue()
        self._spare = memoryview(bytearray(BLOCK))
        self._pressed = False
        self._cores, self._taken = cores or Cores(), 0
        self._resting = False
        self.failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="prover", daemon=True)
        self._thread.start()

    def put(self, piece: Piece) -> None:
        """Hand a piece over; its buffer comes back through `release`."""
        self._pieces.put(piece)

    @property
    def idle(self) -> bool:
        """Whether it waits for pieces: then it may write the next one, and its lane goes on receiving."""
        return self._resting and self._pieces.empty()

    def settle(self) -> None:
        """Wait until everything that was handed over is in the part."""
        done = threading.Event()
        self._pieces.put(Piece(0, memoryview(b""), done.set))
        while not done.wait(0.1) and self._thread.is_alive():
            continue

    def press(self) -> None:
        """Somebody waits for a buffer: hashing is what limits us, so nothing optional any more."""
        self._pressed = True

    def finish(self) -> dict[str, str]:
        """Wait for the last byte and tell the measured digests.

        Raises:
            YardError: The disk failed while reading back or writing the journal.
        """
        self._pieces.put(None)
        self._thread.join()
        if self.failed is not None:
            raise self.failed
        return self._digesting.result()

    def abandon(self) -> None:
        """End the thread without proving anything; harmless after `finish`."""
        if self._thread.is_alive():
            self.failed = self.failed or Stopped("Given up.")
            self._pieces.put(None)
            self._thread.join()

    @property
    def frontier(self) -> int:
        """Bytes from the start that are hashed."""
        return self._frontier

    def _run(self) -> None:
        while (piece := self._next()) is not None:
            try:
                if self.failed is None and piece.view:
                    self._take(piece)
            except BaseException as error:  # noqa: BLE001  # the thread must live: it gives buffers back
                self.failed = error
            finally:
                piece.release()
        try:
            if self.failed is None:
                self._catch_up()
        except BaseException as error:  # noqa: BLE001  # told by `finish`
            self.failed = error

    def _next(self) -> Piece | None:
        self._resting = True
        piece = self._pieces.get()
        self._resting = False
        return piece

    def _take(self, piece: Piece) -> None:
        if not piece.written:
            self._part.write(piece.view, piece.offset)
        if self._is_pressed():
            self._digesting.drop(self._optional)
        at_frontier = piece.offset == self._frontier
        for index, digest in enumerate(piece.digests or block_digests(piece.view), piece.offset // BLOCK):
            length = min(BLOCK, piece.offset + len(piece.view) - index * BLOCK)
            self._table.put(index, digest, length)
            self._on_block(index, digest, length)
        if at_frontier:
            self._digesting.update(piece.view)
            self._frontier += len(piece.view)
        else:
            self._catch_up(len(piece.view) // BLOCK + 1)

    def _is_pressed(self) -> bool:
        """Whether nothing optional is to be measured any more; cores are looked at now and then."""
        self._taken += 1
        self._pressed = self._pressed or (self._taken % _LOOK == 0 and self._cores.short())
        return self._pressed

    def _catch_up(self, most: int | None = None) -> None:
        """Hash what lies on disk from the frontier on, at most `most` blocks while new pieces wait."""
        while self._table.get(self._frontier // BLOCK) is not None:
            count = self._part.read_into(self._spare, self._frontier)
            if not count:
                return
            self._digesting.update(self._spare[:count])
            self._frontier += count
            if count < BLOCK:
                return
            if most is not None and (most := most - 1) <= 0 and not self._pieces.empty():
                return
