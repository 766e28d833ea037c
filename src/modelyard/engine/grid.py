"""The grid: which connection fetches which bytes.

Parts are claimed in order from the start of the file, so that hashing can follow closely; halving the
largest rest (as other downloaders do) leaves the frontier stuck in the first part and costs 0.8 s on a
GiB (measured). Only at the end, when nothing is left to claim, the largest rest is halved.
Every boundary but the end of the file lies on a block.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from modelyard.engine.blocks import BLOCK

ENDLESS = 2**63
"""End of what has no known end."""

PIECES = 48
"""How many pieces a file is shown in."""


@dataclass(slots=True, eq=False)
class Claim:
    """Bytes that one connection fetches.

    Attributes:
        at: Next byte to put on disk; always a block boundary until the end.
        end: One past the last byte; may shrink while the claim is worked on. None: until the body ends.
        busy_to: One past the bytes that are being received now; `end` never shrinks below it.
    """

    start: int
    at: int
    end: int | None
    busy_to: int


class Grid:
    """Hands out claims over the absent bytes of one file.

    Args:
        gaps: What is absent.
        begun: Offsets in them where something is on disk all the same: a claim begins there, else it would be lost.
    """

    def __init__(self, gaps: Iterable[tuple[int, int]], begun: Iterable[int] = ()) -> None:
        self._gaps = sorted(piece for gap in gaps for piece in _cut(gap, begun))
        self._active: list[Claim] = []
        self._lock = threading.Lock()

    def claim(self, most: int) -> Claim | None:
        """The next absent bytes, at most `most`; None when all are claimed."""
        with self._lock:
            if not self._gaps:
                return None
            start, end = self._gaps.pop(0)
            cut = start + max(BLOCK, most - most % BLOCK)
            if cut < end:
                self._gaps.insert(0, (cut, end))
                end = cut
            return self._activate(start, end)

    def claim_all(self, size: int | None) -> Claim:
        """Everything, for a body that is streamed from its start."""
        with self._lock:
            self._gaps.clear()
            return self._activate(0, size)

    def split(self, smallest: int) -> Claim | None:
        """The second half of the largest rest; None when no rest is twice `smallest`."""
        with self._lock:
            largest = max(self._active, key=_rest, default=None)
            if largest is None or largest.end is None or _rest(largest) < 2 * smallest:
                return None
            middle = largest.busy_to + _rest(largest) // 2
            middle -= middle % BLOCK
            if not largest.busy_to <= middle < largest.end:
                return None
            end, largest.end = largest.end, middle
            return self._activate(middle, end)

    def shorten(self, claim: Claim, length: int) -> None:
        """Let others have what lies more than `length` bytes ahead of a claim."""
        with self._lock:
            cut = claim.busy_to + length
            cut -= cut % BLOCK
            if claim.end is not None and claim.busy_to <= cut < claim.end:
                self._gaps = sorted([*self._gaps, (cut, claim.end)])
                claim.end = cut

    def window(self, claim: Claim, capacity: int) -> int:
        """How many bytes from ``claim.at`` on may be received now; 0 when the claim is done."""
        with self._lock:
            limit = claim.at + capacity
            if claim.end is not None:
                limit = min(limit, claim.end)
            claim.busy_to = limit
            return max(0, limit - claim.at)

    def end_at(self, size: int) -> None:
        """The file turns out to end at `size`: nothing beyond it is wanted any more."""
        with self._lock:
            self._gaps = [(start, min(end, size)) for start, end in self._gaps if start < size]
            for claim in self._active:
                claim.end = size if claim.end is None else min(claim.end, size)

    def done(self, claim: Claim) -> None:
        """A claim is finished, or given back: what it did not write can be claimed again."""
        with self._lock:
            if claim in self._active:
                self._active.remove(claim)
                if claim.end is not None and claim.at < claim.end:
                    self._gaps = sorted([*self._gaps, (claim.at, claim.end)])

    @property
    def unclaimed(self) -> int:
        """Bytes that nobody fetches yet."""
        with self._lock:
            return sum(end - start for start, end in self._gaps)

    def absent(self) -> list[tuple[int, int]]:
        """What is not on the disk yet, in order; a claim without an end counts to infinity."""
        with self._lock:
            claimed = [(claim.at, ENDLESS if claim.end is None else claim.end) for claim in self._active]
            return sorted(span for span in [*self._gaps, *claimed] if span[0] < span[1])

    def _activate(self, start: int, end: int | None) -> Claim:
        claim = Claim(start, start, end, start)
        self._active.append(claim)
        return claim


def pieces(size: int, absent: Iterable[tuple[int, int]]) -> str:
    """How full each of `PIECES` equal pieces of a file is: a digit each, 0 nothing, 9 everything."""
    if size < PIECES:
        return ""
    borders = [size * at // PIECES for at in range(PIECES + 1)]
    lacking = [0] * PIECES
    for start, end in absent:
        for at in range(min(start * PIECES // size, PIECES - 1), PIECES):
            if borders[at] >= end:
                break
            lacking[at] += max(0, min(end, borders[at + 1]) - max(start, borders[at]))
    return "".join(str(9 - -(-9 * lack // (borders[at + 1] - borders[at]))) for at, lack in enumerate(lacking))


def _cut(gap: tuple[int, int], begun: Iterable[int]) -> Iterable[tuple[int, int]]:
    start, end = gap
    borders = [start, *sorted(at for at in begun if start < at < end), end]
    return pairwise(borders)


def _rest(claim: Claim) -> int:
    return 0 if claim.end is None else claim.end - claim.busy_to
