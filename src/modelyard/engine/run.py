"""One run over a file: what its lanes share. `supervisor` starts it and adds lanes while they help.

A run ends with every byte on disk and hashed, with an error, or with `StartOver`; `transfer` decides what
comes next.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable

import msgspec

from modelyard.engine.blocks import BLOCK, BlockTable
from modelyard.engine.digesting import EXTRAS, needed
from modelyard.engine.grid import Claim, Grid, pieces
from modelyard.engine.identity import Identity
from modelyard.engine.journal import Journal
from modelyard.engine.lane import Lane, StartOver
from modelyard.engine.opening import Opening, refuse_pages
from modelyard.engine.order import Engine, Explain, Order
from modelyard.engine.pace import Left, fastest, left_behind
from modelyard.engine.part import PartFile
from modelyard.engine.pieces import PieceCheck
from modelyard.engine.progress import Progress
from modelyard.engine.prover import OnBlock, Prover
from modelyard.engine.ramp import part_size
from modelyard.engine.ring import Ring
from modelyard.engine.sniff import SNIFFED
from modelyard.errors import NetworkError, OutOfMemory, Stopped, YardError
from modelyard.net.bandwidth import Meter
from modelyard.net.stop import Stop
from modelyard.net.url import without_query
from modelyard.values.offers import Source

_BUFFERS = 6


class BadRange(NetworkError):
    """A server that refuses bytes which the file must have."""

    code = "bad-range"


class Surroundings(msgspec.Struct, frozen=True):
    """What one transfer brings to all of its runs."""

    engine: Engine
    order: Order
    progress: Progress
    meter: Meter
    stop: Stop
    explain: Explain


class Run:
    """What the lanes of one run share.

    Args:
        part: The open part.
        table: Blocks that are there already.
        journal: None for a stream of unknown length: it cannot be continued later.
        writers: Which source sent each block, kept from run to run.
        begun: Bytes at the start of unfinished blocks that are on disk, by index.
        ranges: Whether the server may be asked for pieces.
    """

    def __init__(
        self,
        around: Surroundings,
        part: PartFile,
        table: BlockTable,
        journal: Journal | None,
        writers: dict[int, Source],
        begun: dict[int, int],
        *,
        ranges: bool,
    ) -> None:
        # Immutable, no lock needed.
        self.engine = around.engine
        self.order = around.order
        self.progress = around.progress
        self.meter = around.meter
        self.explain = around.explain
        self.part = part
        self.table = table
        self.stop = Stop(around.stop)
        self.ring = Ring(4 if part.direct else 1, _BUFFERS)
        self.grid = Grid(table.gaps() if table.size is not None else [], [index * BLOCK for index in begun])
        self.progress.pieces = self._shown_pieces
        names = needed(around.order.expected)
        optional = tuple(name for name in EXTRAS if name not in names)
        self.journal: OnBlock = journal.add if journal else _no_journal
        self.prover = Prover(part, table, [*names, *optional], optional, self.journal)
        self._pieces = PieceCheck(around.order.pieces)
        # Written by one thread, read by others; a stale value costs nothing.
        self.ranges = ranges
        self.capacity = BLOCK
        self.rate = 0.0
        self.cut_possible = False
        self.doubt: YardError | StartOver | None = None
        self.compared: set[str] = set()
        """URLs of sources that sent a piece which we had already, and the right one."""
        self.writers = writers
        self.begun = begun
        # Guarded by `change`.
        self.change = threading.Condition()
        self.lanes: list[Lane] = []
        self.failure: BaseException | None = None
        self._identities: dict[str, Identity] = {}
        self._lost: set[str] = set()
        self._slow = Left()
        self._speeds: dict[str, float] = {}

    def _shown_pieces(self) -> str:
        return pieces(self.table.size, self.grid.absent()) if self.table.size else ""

    def next_claim(self) -> Claim | None:
        """The next bytes to fetch, in order; at the end the half of somebody's rest."""
        with self.change:
            lanes = len(self.lanes)
        claim = self.grid.claim(part_size(self.rate, lanes, self.grid.unclaimed))
        if claim is None and lanes > 1:
            claim = self.grid.split(max(2 * BLOCK, int(self.rate / lanes / 4)))
        return claim

    def identity(self, source: Source) -> Identity | None:
        """What is known of the file at `source`."""
        return self._identities.get(source.url)

    def learn_identity(self, source: Source, identity: Identity) -> None:
        """Keep the first validators that a source tells."""
        self._identities.setdefault(source.url, identity)

    def has_opened(self, source: Source) -> bool:
        """Whether the source has ever sent bytes, in this run or the one it continues."""
        return source.url in self._identities or self.table.have > 0

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where bytes may come from at once; without a hash `transfer` leaves one, as nothing proves two the same."""
        return self.order.sources

    def pick_source(self, aside: Iterable[str] = ()) -> Source:
        """The source with the fewest lanes among those that still serve and are not known to be slow.

        Args:
            aside: URLs that are taken only if there is no other.
        """
        with self.change:
            left = [one for one in self.sources if one.url not in self._lost.union(self._slow, aside)]
            left = left or [one for one in self.sources if one.url not in self._lost] or [*self.sources]
            users = Counter(lane.source.url for lane in self.lanes)
            best = max((self._speeds.get(one.url, 0.0) for one in left), default=0.0)
            # What was asked and has not sent anything yet is no choice; what was never asked is one.
            speeds = {one.url: self._speeds.get(one.url, 0.0 if users[one.url] else best) for one in left}
            return min((one for one in left if speeds[one.url] >= best / 2), key=lambda one: users[one.url])

    def another_source(self, source: Source, error: YardError) -> Source:
        """Leave a failing source for another one.

        Raises:
            YardError: There is no other; `error` itself.
        """
        if not self.lose(source):
            raise error
        return self.pick_source()

    def lose(self, source: Source) -> bool:
        """Ask this source no more; whether there is another."""
        with self.change:
            self._lost.add(source.url)
        return self.has_another(source)

    def has_another(self, source: Source) -> bool:
        """Whether there is another source that has not failed."""
        with self.change:
            return any(other.url not in self._lost | {source.url} for other in self.sources)

    def compare_sources(self, *, idle: bool) -> None:
        """Leave sources that are far slower than another one; their lanes go on there.

        Args:
            idle: A lane has nothing left to do.
        """
        now = self.engine.clock.now()
        with self.change:
            lanes = list(self.lanes)
            standings = [lane.standing(now) for lane in lanes]
            current = fastest(standings)
            self._speeds |= current
            self._slow.come_back(max(current.values(), default=0.0), now)
            used = {one.url for one in self.sources} - self._lost.union(self._slow)
            slow = left_behind(standings, {url: self._speeds.get(url, 0.0) for url in used}, idle=idle)
            self._slow.add(slow, standings)
        for lane in lanes:
            if lane.source.url in slow:
                self.progress.note = f"{without_query(lane.source.url)} is too slow; going on without it."
                lane.leave_source()

    def refuse_pages(self, opening: Opening) -> None:
        """Raise when a page or an error text came instead of the file."""
        refuse_pages(self.order.name, opening.peek(SNIFFED), opening.reply)

    def check_pieces(self, offset: int, view: memoryview, source: Source) -> None:
        """Compare bytes with published piece hashes, where there are any; the liar is named."""
        self._pieces.check(offset, view, source)

    def wrote(self, offset: int, length: int, source: Source) -> None:
        """Remember who sent these bytes: should the whole be wrong, that is asked."""
        for index in range(offset // BLOCK, -(-(offset + length) // BLOCK)):
            self.writers[index] = source

    def past_the_end(self, position: int, total: int | None) -> None:
        """The source says that the file is shorter than we think.

        Raises:
            BadRange: It contradicts itself; asking again may help.
            StartOver: It is not exactly as long as what we hold, or only refuses to go on without a length.
        """
        if total is None and self.table.size not in (None, position):
            self.ranges = False
            raise StartOver("The server refuses to go on in the middle.")
        whole = self.table.size
        if whole is not None and position < whole and total == whole:
            raise BadRange(f"A server has no bytes at {position}, although the file has {whole}.")
        if (total is not None and total != position) or self.order.size not in (None, position):
            raise StartOver(f"The source says that the file has {total} bytes.", changed=True)
        self.ended_at(position, cut_possible=not self.order.expected)

    def may_end_here(self, lane: Lane, error: YardError) -> bool:
        """Whether what a failing lane holds may be the whole file after all, its length having lied."""
        with self.change:
            alone = self.lanes == [lane]
        return alone and error.retryable and bool(self.order.expected) and self.order.size is None and lane.position > 0

    def ended_at(self, end: int, *, cut_possible: bool = False, doubt: YardError | StartOver | None = None) -> None:
        """The body ended there. `doubt` is raised should the hash not agree."""
        self.table.shorten(end)
        self.grid.end_at(end)
        self.cut_possible, self.doubt = cut_possible, doubt

    def lose_part(self) -> None:
        """Somebody took the part away: nothing more is written to it."""
        with self.change:
            self.failure = self.failure or StartOver("Somebody removed the part while it was written.")
        self.stop.set("The part is gone.")

    def add(self, lane: Lane) -> None:
        """Start a lane in a thread of its own."""
        with self.change:
            self.lanes.append(lane)
            self.progress.connections = len(self.lanes)
        try:
            threading.Thread(target=self._work, args=(lane,), name="lane", daemon=True).start()
        except RuntimeError:  # the system gives no more threads
            lane.give_up()
            self._leave(lane, OutOfMemory("No more threads can be started."))

    def _work(self, lane: Lane) -> None:
        failure: BaseException | None = None
        try:
            lane.work()
        except BaseException as error:  # noqa: BLE001  # a thread that dies silently would be waited for for ever
            failure = error
        self._leave(lane, failure)

    def _leave(self, lane: Lane, failure: BaseException | None) -> None:
        with self.change:
            self.lanes.remove(lane)
            self.progress.connections = len(self.lanes)
            if failure is not None:
                self._note(failure)
            self.change.notify_all()

    def _note(self, failure: BaseException) -> None:
        """A lane whose network fails, or that cannot start, retires while others go on; all else ends the run."""
        if self.failure is not None and not isinstance(self.failure, Stopped):
            return
        if isinstance(failure, NetworkError | OutOfMemory) and self.lanes:
            return
        self.failure = failure
        self.stop.set("Another connection failed.")


def _no_journal(_index: int, _digest: bytes, _length: int) -> None:
    """Blocks of a stream that cannot be continued are not written down."""
