"""The supervisor of a run: starts it, samples its speed, adds connections while they help, syncs the disk."""

from __future__ import annotations

from modelyard.engine.blocks import BLOCK
from modelyard.engine.grid import Claim
from modelyard.engine.lane import OVERLAP, Lane
from modelyard.engine.opening import Opening, PastTheEnd, hurried, open_source
from modelyard.engine.ramp import BUSY, FIRST_SAMPLE, NEXT_SAMPLE, Ramp, part_size
from modelyard.engine.run import Run
from modelyard.errors import AccessError, Busy, NetworkError, NotFound, Stopped, YardError
from modelyard.net.stop import Stop
from modelyard.net.url import parse
from modelyard.values.offers import Source

_SYNC_SECONDS = 2.0
_QUICK = 100e6
_REMEMBER_FROM = 32 * 2**20
_ASKED_AGAIN = 10.0
"""Seconds until a source that did not answer is asked again whether it is honest: the supervisor waits for it."""


class Supervisor:
    """Drives one run to its end.

    Args:
        source: The source that is asked first.
    """

    def __init__(self, run: Run, source: Source) -> None:
        self._run = run
        self._source = source
        self._origin = parse(source.url).origin
        remembered = run.engine.hosts.recall(self._origin)
        # One connection per two blocks at most: more would only say hello.
        worth = ((run.table.size or 0) - run.table.have) // (2 * BLOCK) if run.ranges else 1
        most = max(min(run.engine.policy.connections, worth), 1)
        mirrors = len(run.sources)
        self._ramp = Ramp(most, min(max(remembered, mirrors, 1), most))
        self._ramp.settled = most == 1 or remembered > 1
        self._worked, self._busy = 0.0, False
        self._honest: dict[str, bool] = {}
        self._unsure_until: dict[str, float] = {}
        self._unasked = [one for one in run.sources if one.url != source.url]

    def drive(self, opening: Opening | None) -> None:
        """Fetch everything that is absent; returns when no lane works any more.

        Args:
            opening: The open stream to begin with; None to ask for the first gap.
        """
        run = self._run
        if not run.table.complete:
            run.add(Lane(run, self._source, opening, self._first_claim(opening)))
            try:
                self._watch()
            finally:
                run.engine.rates.pop(id(run), None)
                self._await_lanes()
        if (
            (run.table.size or 0) >= _REMEMBER_FROM
            and run.failure is None
            and self._honest.get(self._source.url) is not False
        ):
            run.engine.hosts.learn(self._origin, self._ramp.lanes if run.rate < 4 * _QUICK else 1)

    def _await_lanes(self) -> None:
        """Let no lane outlive the run: the part it writes to is about to be closed."""
        run = self._run
        with run.change:
            if run.lanes:
                run.stop.set("The run is over.")
            while run.lanes:
                run.change.wait(0.1)

    def _first_claim(self, opening: Opening | None) -> Claim | None:
        run = self._run
        if opening is None:
            return None
        run.learn_identity(self._source, opening.identity)
        if opening.end is not None and run.table.size is not None and opening.end < run.table.size:
            return run.grid.claim(opening.end)
        return run.grid.claim_all(run.table.size)

    def _watch(self) -> None:
        run, clock = self._run, self._run.engine.clock
        sampled = synced = clock.now()
        received, pause = run.progress.received, FIRST_SAMPLE
        while self._wait(pause):
            now = clock.now()
            self._compare_sources()
            if now - sampled >= 0.9 * pause and run.progress.received > received:
                run.rate = (run.progress.received - received) / (now - sampled)
                busy = self._are_busy(now - sampled, now)
                sampled, received, pause = now, run.progress.received, NEXT_SAMPLE
                self._sampled(busy)
            if now - synced > _SYNC_SECONDS and run.table.size is not None:
                synced = now
                if not run.part.still_ours():
                    run.lose_part()
                run.part.sync()

    def _wait(self, seconds: float) -> bool:
        run = self._run
        if run.prover.failed is not None:
            run.stop.set("The disk failed.")
        with run.change:
            if run.lanes:
                run.change.wait(seconds)
            return bool(run.lanes)

    def _are_busy(self, seconds: float, now: float) -> bool:
        """Whether the lanes did something else than receive, in these last seconds or those before."""
        with self._run.change:
            lanes = list(self._run.lanes)
        before, self._worked = self._worked, sum(lane.busy(now) for lane in lanes)
        was, self._busy = self._busy, self._worked - before > BUSY * seconds * max(1, len(lanes))
        return was or self._busy

    def _sampled(self, busy: bool) -> None:
        run = self._run
        # Large writes past the page cache for speed, single blocks else: less is lost to a kill.
        run.capacity = run.ring.capacity if run.rate > _QUICK and run.part.direct else BLOCK
        if not self._may_share() or (self._ramp.lanes == 1 and self._ramp.settled):
            return
        if not run.table.have:
            return  # the honesty check compares with a block that is here
        run.engine.rates[id(run)] = run.rate
        # What all transfers get together counts: where they share a fast line, more connections win nothing.
        together = max(run.rate, sum(list(run.engine.rates.values())))
        wanted = self._ramp.next(together, run.meter.ceiling, busy=busy)
        if busy:
            return  # those of the last visit, too, come once the disk lets them
        with run.change:
            lanes = list(run.lanes)
        if wanted > len(lanes) > 0 and self._is_honest(self._pick()):
            self._share(lanes, wanted)
            for _ in range(wanted - len(lanes)):
                source = self._pick()
                if not self._is_honest(source) or not self._add(source):
                    return

    def _may_share(self) -> bool:
        run = self._run
        return run.ranges and run.table.size is not None and not run.stop.is_set()

    def _compare_sources(self) -> None:
        """Ask each further source at once, however slow the first is, and leave those that turn out to be slow."""
        run = self._run
        if len(run.sources) < 2 or not self._may_share():
            return
        with run.change:
            lanes = list(run.lanes)
        if self._unasked and lanes:
            self._share(lanes, len(lanes) + len(self._unasked))
            while self._unasked and len(lanes) < self._ramp.lanes and self._add(self._unasked.pop()):
                continue
            self._unasked.clear()
        run.compare_sources(idle=not run.grid.unclaimed and len(lanes) < self._ramp.lanes)

    def _share(self, lanes: list[Lane], wanted: int) -> None:
        """Leave work for so many lanes."""
        run = self._run
        run.part.buffer_again()  # out-of-order pieces are read back for hashing
        share = part_size(run.rate, wanted, (run.table.size or 0) - run.table.have)
        for lane in lanes:
            lane.share(share)

    def _add(self, source: Source) -> bool:
        run = self._run
        if not run.grid.unclaimed:
            return False
        run.ring.more(1)
        run.add(Lane(run, source))
        return True

    def _pick(self) -> Source:
        """The source of the next lane; one that just did not answer waits while there is another."""
        now = self._run.engine.clock.now()
        return self._run.pick_source([url for url, until in self._unsure_until.items() if now < until])

    def _is_honest(self, source: Source) -> bool:
        """Whether a source sends the piece that was asked for: a liar must not fill a file."""
        run, now = self._run, self._run.engine.clock.now()
        if source.url in run.compared:
            self._honest.setdefault(source.url, True)
        if source.url not in self._honest and now >= self._unsure_until.get(source.url, now):
            honest = self._sends_what_is_here(source)
            if honest is None:
                self._unsure_until[source.url] = run.engine.clock.now() + _ASKED_AGAIN
                return False
            self._honest[source.url] = honest
            if honest:
                run.compared.add(source.url)
            if not honest and not run.lose(source):
                run.ranges = False
        return self._honest.get(source.url, False)

    def _sends_what_is_here(self, source: Source) -> bool | None:
        """Fetch 64 KiB that we already have, and compare; None when the answer does not come."""
        run = self._run
        index, _ = next(run.table.known())
        end = index * BLOCK + run.table.length(index)
        first = max(index * BLOCK, end - OVERLAP)
        known = run.identity(source)
        try:
            with hurried(run.stop, hurry=True) as stop:
                opening, theirs = self._probe(source, stop, first, end)
        except PastTheEnd:
            return False
        except (NetworkError, Busy, Stopped) as error:
            return None if error.retryable else False
        except (AccessError, NotFound):  # a link that expired, say: no lie where nobody else can be asked
            return False if run.has_another(source) else None
        except YardError:
            return False
        run.progress.add(len(theirs))
        run.progress.lose(len(theirs))
        changed = known.contradicts(opening.identity) if known else ""
        return not changed and opening.start == first and theirs == run.part.read(first, end - first)

    def _probe(self, source: Source, stop: Stop, first: int, end: int) -> tuple[Opening, bytes]:
        """What a source answers and sends for a piece; raises what `open_source` does."""
        run = self._run
        opening = open_source(run.engine, source, stop, run.explain, first, end - 1, run.identity(source))
        try:
            with stop.waking(opening.reply.connection.shut):
                theirs = opening.peek(OVERLAP)
            stop.check()
        finally:
            opening.reply.close()
        return opening, theirs
