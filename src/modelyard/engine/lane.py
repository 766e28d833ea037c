"""A lane: one connection at a time, fetching claim after claim into the part.

This is the loop that moves bytes: socket, buffer, disk, prover (`Lane._fill`). A broken connection is
opened again where it stopped; the last 64 KiB are fetched twice and compared, because ETags and
Content-Range are promises and bytes are facts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blake3 import blake3

from modelyard.engine.blocks import BLOCK, block_digests
from modelyard.engine.grid import Claim
from modelyard.engine.opening import Opening, PastTheEnd, open_source
from modelyard.engine.pace import Pace, Standing
from modelyard.engine.prover import Piece
from modelyard.engine.sniff import SNIFFED, looks_wrong
from modelyard.errors import (
    AccessError,
    BadAnswer,
    Busy,
    Interrupted,
    NetworkError,
    NotAModel,
    NotFound,
    Stopped,
    YardError,
)
from modelyard.net.stop import Stop
from modelyard.net.url import without_query
from modelyard.values.offers import Source

if TYPE_CHECKING:
    from modelyard.engine.run import Run

OVERLAP = 64 * 2**10
"""Bytes fetched twice and compared when a transfer goes on."""

_GLANCE = 4 * 2**10
"""The same for a new claim, where so many were compared in this run: sixteen times 64 KiB at each start add up."""

_WORTH = 4 * OVERLAP
"""Bytes between two breaks that make the next try free."""

_NOTED = 0.05
"""Seconds between two notes of an unfinished block: what a kill may cost a slow connection."""

_NOTABLE = 16 * 2**10
"""Fewer bytes are not worth a note: a slow transfer of days must not fill its journal."""


class StartOver(Exception):
    """What is on disk cannot be continued.

    Attributes:
        why: In words.
        changed: The file changed at its source.
        opening: A stream of the whole file that is already open, or None.
    """

    def __init__(self, why: str, *, changed: bool = False, opening: Opening | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.changed = changed
        self.opening = opening


class Lane:
    """Works on the claims of one run, in a thread of its own.

    Args:
        opening: A stream that is already open, for the first claim.
    """

    def __init__(self, run: Run, source: Source, opening: Opening | None = None, claim: Claim | None = None) -> None:
        self._run = run
        self._opening = opening
        self._claim = claim
        self._buffer: memoryview | None = None
        self._filled = 0
        self._noted = 0
        self._sum = blake3()
        self._fresh = True
        self._go_to(source)
        self._attempt = 0
        self._gained = 0

    def work(self) -> None:
        """Fetch claims until there are none.

        Raises:
            YardError: This lane cannot go on.
            StartOver: Nobody can go on from what is there.
        """
        try:
            while claim := self._claim or self._run.next_claim():
                self._claim = claim
                self._take_up(claim)
                try:
                    self._fetch(claim)
                finally:
                    self._run.grid.done(claim)
                self._claim = None
        finally:
            self._drop_opening()
            if self._buffer is not None:
                self._run.ring.release(self._buffer)

    def _go_to(self, source: Source) -> None:
        """Ask this source from now on; it may be left without the run being stopped.

        A block comes from one source, so that the hash of a wrong one accuses the right one.
        """
        self._run.progress.lose(self._filled)
        self._filled = self._noted = 0
        self.source = source
        self._stop = Stop(self._run.stop)
        self._pace = Pace(self._run.engine.clock.now())

    def give_up(self) -> None:
        """Close what is open and leave the claim to others, of a lane that cannot begin."""
        self._drop_opening()
        if self._claim is not None:
            self._run.grid.done(self._claim)

    def busy(self, now: float) -> float:
        """Seconds in which it wrote or waited for a buffer; for the supervisor."""
        return self._pace.busy(now)

    def leave_source(self) -> None:
        """Make the lane go on with another source, whatever it waits for; from any thread."""
        self._stop.set("Another source is faster.")

    def standing(self, now: float) -> Standing:
        """How it is doing; for the supervisor."""
        pace, claim = self._pace, self._claim
        pace.mark(now)
        # `position` reads a claim of its own, which may be the next one or none.
        rest = max(0, claim.end - claim.at - self._filled) if claim and claim.end is not None else 0
        return Standing(self.source.url, now - pace.begun, pace.rate(now), rest)

    @property
    def position(self) -> int:
        """File offset of the next byte to come."""
        return self._claim.at + self._filled if self._claim else 0

    def share(self, length: int) -> None:
        """Leave what lies more than `length` bytes ahead to others."""
        if self._claim is not None:
            self._run.grid.shorten(self._claim, length)

    def flush_tail(self) -> int | None:
        """Write an unfinished block, so that a hash may decide whether it was the last; its end, or None."""
        if self._claim is None or self._buffer is None or not self._filled:
            return self._claim.at if self._claim else None
        self._hand_over(self._claim, self._buffer, self._filled)
        self._buffer, self._filled, self._noted = None, 0, 0
        return self._claim.at

    def _take_up(self, claim: Claim) -> None:
        """Read back the bytes of an unfinished block that an earlier run left."""
        run, self._fresh = self._run, True
        begun = run.begun.pop(claim.at // BLOCK, 0) if self._opening is None else 0
        if begun:
            self._buffer = self._buffer or run.ring.take(run.stop, run.prover.press)
            self._filled = run.part.read_into(self._buffer[:begun], claim.at)

    def _fetch(self, claim: Claim) -> None:
        while True:
            before = self.position
            try:
                if self._opening is None:
                    self._opening = self._open(claim, before)
                if self._opening is not None:
                    self._fill(claim, self._opening)
                return
            except PastTheEnd as past:
                if self._ends_here(before, past.total):
                    return
            except (Stopped, NetworkError, AccessError, NotFound, NotAModel, Busy) as error:
                self._drop_opening(broken=True)
                if not self._goes_on(error, self.position - before):
                    return
            finally:
                self._drop_opening()

    def _goes_on(self, error: YardError, gained: int) -> bool:
        """Whether there is something to fetch after an error: not where the file ended, its length having lied."""
        if self._stop.is_set():
            self._move_on()
            return True
        try:
            self._try_again(error, gained)
        except (NetworkError, StartOver) as final:
            if not self._run.may_end_here(self, error):
                raise
            self._run.ended_at(self.flush_tail() or 0, doubt=final)
            return False
        return True

    def _move_on(self) -> None:
        """Go on with another source.

        Raises:
            Stopped: It is not only this source that is to be left.
        """
        self._run.stop.check()
        source = self._run.pick_source()
        self._stop = Stop(self._run.stop)
        if source != self.source:
            self._go_to(source)

    def _ends_here(self, position: int, total: int | None) -> bool:
        try:
            self._run.past_the_end(position, total)
        except NetworkError as error:
            self._try_again(error, 0)
            return False
        return True

    def _try_again(self, error: YardError, gained: int) -> None:
        run = self._run
        run.stop.check()
        self._gained += gained
        # A trickle between two breaks is no progress: it would cost more than it brings.
        progressed = self._gained >= _WORTH
        if progressed:
            self._attempt, self._gained = 0, 0
        # A link that worked a moment ago has expired: the stable address gives a new one.
        expired = isinstance(error, AccessError | NotFound) and run.has_opened(self.source)
        hopeless = not (error.retryable or (expired and not run.has_another(self.source)))
        if hopeless and not run.has_another(self.source):
            raise error
        policy = run.engine.policy.retry
        if hopeless or self._attempt >= policy.retries:
            self._go_to(run.another_source(self.source, error))
            self._attempt = 0
            return
        if not run.ranges and not isinstance(error, Busy) and self.position:
            raise StartOver(f"{error.message} The server cannot go on in the middle.") from error
        wait = 0.0 if progressed else policy.delay(self._attempt, run.engine.chance)
        self._attempt += not progressed
        run.progress.retry(error.message, wait)
        if not wait:
            return
        try:
            run.engine.clock.wait(wait, self._stop)
        except Stopped:
            self._move_on()

    def _open(self, claim: Claim, position: int) -> Opening | None:
        run, overlap = self._run, self._overlap(claim)
        last = None if claim.end is None or claim.end == run.table.size else claim.end - 1
        known = run.identity(self.source)
        opening = open_source(run.engine, self.source, self._stop, run.explain, position - overlap, last, known)
        try:
            with self._stop.waking(opening.reply.connection.shut):
                self._check(opening, position - overlap)
                if overlap and not self._same_bytes(opening, overlap, position):
                    self._stop.check()
                    self._refuse("sends other bytes than we have")
                    run.ranges = False
                    raise StartOver("What the server sends does not continue what it sent before.")
                if overlap >= OVERLAP:
                    run.compared.add(self.source.url)
                self._fresh = False
        except StartOver as again:
            if again.opening is not opening:
                opening.reply.close()
            raise
        except BaseException:
            opening.reply.close()
            raise
        return opening

    def _check(self, opening: Opening, asked: int) -> None:
        """Compare an answer with what is known of the file.

        Raises:
            StartOver: It is another file, or the server ignores ranges.
        """
        run = self._run
        whole = opening if opening.start == 0 and asked > 0 else None
        if opening.start == 0:
            run.refuse_pages(opening)
        known = run.identity(self.source)
        changed = known.contradicts(opening.identity) if known else ""
        if changed and opening.identity.size == self.position and "size" in changed:
            raise PastTheEnd(opening.identity.size)
        if changed:
            raise StartOver(f"The file changed at its source: {changed}.", changed=True, opening=whole)
        if known is None and opening.identity.size not in (None, run.table.size):
            self._refuse(f"has a file of {opening.identity.size} bytes")
        if opening.start != asked:
            self._refuse("ignores where we want to go on")
            run.ranges = False
            raise StartOver("The server ignores where we want to go on.", opening=whole)
        run.learn_identity(self.source, opening.identity)

    def _refuse(self, why: str) -> None:
        """Leave a source that contradicts what we have, while there is another.

        Raises:
            BadAnswer: There is.
        """
        if self._run.has_another(self.source):
            raise BadAnswer(f"{without_query(self.source.url)} {why}.")

    def _overlap(self, claim: Claim) -> int:
        """Bytes before the position that we hold and can compare."""
        ours, most = self.position - claim.start, _GLANCE if self._fresh and self._is_known() else OVERLAP
        if not ours and claim.start and self._run.table.get(claim.start // BLOCK - 1) is not None:
            return most
        return min(ours, most)

    def _is_known(self) -> bool:
        """Whether the source sent a piece of this very file in this run already, and would tell if it changed."""
        identity = self._run.identity(self.source)
        return self.source.url in self._run.compared and bool(identity and identity.condition())

    def _same_bytes(self, opening: Opening, overlap: int, position: int) -> bool:
        theirs = memoryview(bytearray(overlap))
        filled = 0
        while filled < overlap and (count := opening.read_into(theirs[filled:])):
            filled += count
        self._run.progress.add(filled)
        self._run.progress.lose(filled)
        self._run.prover.settle()
        hot = min(overlap, self._filled)
        ours = self._run.part.read(position - overlap, overlap - hot)
        if hot and self._buffer is not None:
            ours += bytes(self._buffer[self._filled - hot : self._filled])
        if theirs[:filled] != ours[:filled] or not filled:
            if wrong := looks_wrong(self._run.order.name, bytes(theirs[:SNIFFED])):
                raise NotAModel(f"{opening.reply.url.host} sent {wrong} What is already here is kept.")
            return False
        if filled < overlap:
            raise Interrupted(f"{opening.reply.url.host} closed the connection early.")
        return True

    def _fill(self, claim: Claim, opening: Opening) -> None:
        """Move bytes from the wire to the disk until the claim is done."""
        run, meter, stop, pace = self._run, self._run.meter, self._stop, self._pace
        read_into, now = opening.read_into, run.engine.clock.now
        noted = now() + _NOTED
        opening.reply.connection.slow_down(meter.ceiling)
        with stop.waking(opening.reply.connection.shut):
            while length := run.grid.window(claim, run.capacity):
                if self._buffer is None:
                    with pace.working(now):
                        self._buffer = run.ring.take(stop, run.prover.press)
                buffer = self._buffer
                while self._filled < length:
                    count = read_into(buffer[self._filled : self._filled + meter.allowance(length - self._filled)])
                    if not count:
                        return self._body_ended(claim, opening)
                    self._filled += count
                    pace.received += count
                    meter.pay(count, stop)
                    worth = self._noted + _NOTABLE <= self._filled < BLOCK
                    if worth and now() >= noted:
                        with pace.working(now):
                            noted = self._note_down(claim, buffer)
                with pace.working(now):
                    self._hand_over(claim, buffer, length)
                self._buffer, self._filled, self._noted = None, 0, 0
            if claim.end is None:
                return self._body_ended(claim, opening)
        return None

    def _note_down(self, claim: Claim, buffer: memoryview) -> float:
        """Keep an unfinished block for the case of a kill; gives the time of the next note."""
        run, fresh = self._run, buffer[self._noted : self._filled]
        run.part.write(fresh, claim.at + self._noted)
        if not self._noted:
            self._sum = blake3()
        self._noted = self._filled
        self._sum.update(fresh)
        run.journal(claim.at // BLOCK, self._sum.digest(), self._filled)
        return run.engine.clock.now() + _NOTED

    def _hand_over(self, claim: Claim, buffer: memoryview, length: int) -> None:
        run, view = self._run, buffer[:length]
        run.check_pieces(claim.at, view, self.source)
        # Whoever has less to do writes and makes the block table: under TLS receiving takes longer than SHA-256, else
        # the other way round.
        idle = run.prover.idle
        written = run.part.direct or not idle
        if written:
            run.part.write(view, claim.at)
        digests = () if idle else block_digests(view)
        run.prover.put(Piece(claim.at, view, lambda: run.ring.release(buffer), written, digests))
        run.wrote(claim.at, length, self.source)
        claim.at += length

    def _body_ended(self, claim: Claim, opening: Opening) -> None:
        run = self._run
        self._stop.check()  # we may have shut the socket ourselves
        if claim.end is not None:
            raise Interrupted(f"{opening.reply.url.host} sent less of the file than was asked for.")
        end = self.flush_tail() or 0
        run.ended_at(end, cut_possible=not opening.reply.body.delimited)

    def _drop_opening(self, *, broken: bool = False) -> None:
        if self._opening is not None:
            if broken:
                self._opening.reply.body.ended = False
            self._opening.reply.close()
            self._opening = None
