"""How many connections: more only while they raise the throughput.

On a fast line one connection is best for a verified download (2.2 against 2.65 s with four); a server
that limits each connection wants sixteen. Pure decisions; the transfer samples and asks.
"""

from __future__ import annotations

from dataclasses import dataclass

FAST = 400e6
"""Bytes per second at which one connection is enough: SHA-256 is the limit from there on."""

FAST_ALONE = 150e6
"""Bytes per second at which a single connection is left alone: no hub limits one so generously, so what holds
it back is this machine, and more connections would only cost it more."""

WORTH = 1.15
"""A doubling must raise the total by this factor, else we stay."""

BUSY = 0.7
"""Share of the time that connections write and wait for buffers, from which on they get no company.

The disk or the hashes take the time then: pieces that come out of order and are read back would only cost more."""

FIRST_SAMPLE = 0.1
NEXT_SAMPLE = 0.2


@dataclass(slots=True)
class Ramp:
    """Grows the number of connections of one transfer.

    Args:
        most: Upper bound.
        lanes: Connections now; start with the number that served best on the last visit.
    """

    most: int = 16
    lanes: int = 1
    settled: bool = False
    _rate: float = 0.0

    def next(self, rate: float, ceiling: float | None = None, *, busy: bool = False) -> int:
        """How many connections to have from now on.

        Args:
            rate: Bytes per second of the last sample, all connections together.
            ceiling: The speed limit that holds, None without one.
            busy: The connections did something else than receive, see `BUSY`.
        """
        if self.settled:
            return self.lanes
        limited = ceiling is not None and rate >= 0.8 * ceiling
        enough = FAST_ALONE if self.lanes == 1 else FAST
        self.settled = rate >= enough or limited or (not busy and rate < WORTH * self._rate)
        if self.settled or busy:
            return self.lanes
        self._rate = rate
        grown = min(self.most, max(4, self.lanes * 2))
        self.settled = grown == self.lanes
        self.lanes = grown
        return grown


def part_size(rate: float, lanes: int, unclaimed: int) -> int:
    """Bytes of the next claim: two seconds of one connection's speed, and never so much that the others idle.

    Args:
        rate: Bytes per second of all connections together.
        unclaimed: Bytes that nobody fetches yet.
    """
    wished = 2 * rate / max(1, lanes)
    fair = unclaimed / (3 * max(1, lanes))
    return int(max(8 * 2**20, min(wished, fair, 256 * 2**20)))
