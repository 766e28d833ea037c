"""One file after the other of a download: knock, name, hold, fetch, hand over to the arrivals."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace

from modelyard.engine.delta import reuse, whole_head
from modelyard.engine.fetch import fetch, knock
from modelyard.engine.fetched import Fetched
from modelyard.engine.hold import hold
from modelyard.engine.journal import Story
from modelyard.engine.landing import free_bytes
from modelyard.engine.opening import Opening
from modelyard.engine.part import PartFile
from modelyard.engine.progress import Progress
from modelyard.engine.run import Surroundings
from modelyard.engine.xet import goes_by_xet
from modelyard.errors import DiskError, NetworkError, Stopped, YardError, unforeseen
from modelyard.jobs.admission import Arrived, named_as_pickle, refusals
from modelyard.jobs.arrivals import Arrival, Arrivals
from modelyard.jobs.beside import asking_beside, size_begun
from modelyard.jobs.crew import Crew
from modelyard.jobs.first_look import enrich, told_by
from modelyard.jobs.folders import check_rights, make_folder
from modelyard.jobs.planning import Planner
from modelyard.jobs.preflight import Step
from modelyard.jobs.standing import Standing
from modelyard.jobs.unpack import fetch_unpacked, is_archive
from modelyard.jobs.wish import Outcome, Planned, proof_of
from modelyard.library.reading.pool import Pool
from modelyard.net.bandwidth import Bucket, Meter
from modelyard.net.stop import Stop
from modelyard.net.url import without_query
from modelyard.values.sizes import show_size

_LARGE = 8 * 2**20


class Fetching:
    """Fetches files on the workers of a crew.

    Args:
        planner: Decides again once a server told more; knows other places.
        standing: Told of every file.
        limit: The speed limit of all of them together.

    Attributes:
        made: Folders that were made for them.
    """

    def __init__(self, planner: Planner, standing: Standing, stop: Stop, limit: Bucket) -> None:
        self.yard, self.wish = planner.yard, planner.wish
        self.made: list[Path] = []
        self._planner, self._standing, self._stop, self._limit = planner, standing, stop, limit
        self._handles = threading.BoundedSemaphore(self.yard.handles)
        self._large = threading.BoundedSemaphore(self.yard.settings["files.at-once"])
        self._readers = Pool(1)  # starts nothing before it is asked
        self._writable: set[Path] = set()

    def run(self, planned: Sequence[Planned], on_tick: Callable[[], None]) -> None:
        """Fetch what has to be fetched; one file's failure does not stop the others.

        Args:
            on_tick: Called about ten times a second.
        """
        todo = []
        for one in planned:
            if one.verdict.step is Step.HERE:
                self._standing.settle(self._already(one, one.verdict.how))
            else:
                todo.append(one)
        with self._readers, Arrivals(self.yard.proofs, self._check) as arrivals:
            crew = Crew(todo, lambda one: self._one(one, crew, arrivals))
            crew.run(on_tick)

    def _one(self, one: Planned, crew: Crew[Planned], arrivals: Arrivals) -> None:
        try:
            self._somewhere(one, lambda place: self._begin(place, crew, arrivals))
        except YardError as error:
            self._settle_failed(one, error)
        except Exception as error:  # noqa: BLE001  # a defect in one file must neither hide nor stop the others
            self._settle_failed(one, unforeseen(error))

    def _somewhere(self, one: Planned, begin: Callable[[Planned], None]) -> None:
        """Fetch one file, from another place when one fails.

        Raises:
            YardError: No place is left, and this is what went wrong at the first; or what no place cures.
        """
        first: YardError | None = None
        while True:
            try:
                return begin(one)
            except YardError as error:
                other = self._planner.elsewhere(one, error)
                if not other:
                    raise (error if isinstance(error, Stopped | DiskError) else first or error) from None
                one, first = other, first or error

    def _begin(self, one: Planned, crew: Crew[Planned], arrivals: Arrivals) -> None:
        progress = Progress(one.order.name, self.yard.engine.clock, one.order.size)
        self._standing.begin(one.place.target, progress)
        meter = Meter([*self.yard.buckets(one.offer.hub), self._limit], progress.add)
        around = Surroundings(self.yard.engine, one.order, progress, meter, self._stop, one.hub.explain)
        self._stop.check()
        self._check_rights(one.place.target)
        self._standing.check_disk(one.place.target)
        self._fetch(one, around, crew, arrivals)

    def _settle_failed(self, one: Planned, error: YardError) -> None:
        begun = self._standing.progress[str(one.place.target)]
        reached = begun.snapshot()
        told = Outcome(one, one.place.target, error, received=reached.received, retries=reached.retries)
        self._standing.settle(replace(told, kept=reached.done), begun)

    def _fetch(self, one: Planned, around: Surroundings, crew: Crew[Planned], arrivals: Arrivals) -> None:
        if self.wish.unpack and is_archive(one.order.name):
            self._unpack(one, around)
            return
        opening: Opening | None = None
        clock = self.yard.engine.clock
        with contextlib.ExitStack() as stack:
            if one.verdict.step is not Step.RESUME and not goes_by_xet(around):
                begun = clock.now()
                opening = knock(around)
                stack.callback(opening.reply.close)
                crew.answered(clock.now() - begun)
                one, around = self._named(one, around, opening)
                if one.verdict.step is Step.HERE:
                    self._standing.settle(self._already(one, one.verdict.how), around.progress)
                    return
            elif one.offer.name_is_guess:
                one, around = self._asking(one, around)
            if (one.order.size or _LARGE) >= _LARGE:
                stack.enter_context(self._large)
            waited: list[bool] = []
            self._make_folder(one.place.target.parent)
            stack.enter_context(self._handles)
            waits = functools.partial(self._waits, around, waited)
            part = stack.enter_context(hold(one.part, clock, self._stop, waits, within=self.wish.within))
            self._standing.hold(part.path)
            if waited or one.place.target.exists():
                one = replace(one, verdict=self._planner.verdict(one.place.target, one.order))
                if one.verdict.step is Step.HERE:
                    part.remove()
                    self._standing.settle(self._already(one, "another process fetched it"), around.progress)
                    return
            if named_as_pickle(one.place.target.name) and self.yard.settings["quarantine"]:
                self._readers.begin()
            opening = self._reuse_old(one, around, part, None if waited else opening)
            fetched = fetch(around, part, opening)
            if fetched.size >= _LARGE:
                part.sync()
            self._hand_over(one, fetched, around, part, stack.pop_all(), arrivals)

    def _reuse_old(self, one: Planned, around: Surroundings, part: PartFile, opening: Opening | None) -> Opening | None:
        """Take what did not change from the file that is to be replaced, where piece hashes tell."""
        old, pieces, size = one.place.target, one.order.pieces, one.order.size
        if one.verdict.step is not Step.REPLACE or pieces is None or not size or opening is None or part.size():
            return opening
        head = opening.peeked
        awake = self._stop.waking(opening.reply.connection.shut)
        with contextlib.closing(opening.reply), contextlib.suppress(NetworkError), awake:
            head = whole_head(opening)
        story = Story(size=size, source=without_query(opening.source.url))
        kept = reuse(part, story, old, pieces, head, self._stop)
        around.progress.note = f"{show_size(kept)} are taken from the old file."
        return None

    def _unpack(self, one: Planned, around: Surroundings) -> None:
        self._make_folder(one.place.target.parent)
        reserve = self.yard.reserve(free_bytes(one.place.target.parent))
        unpacked = fetch_unpacked(around, one.place.target, reserve, self._check)
        around.progress.stage = "done"
        for path, error in unpacked.files.items():
            how = f"unpacked from {one.order.name}"
            proven = tuple(name for name, value in one.order.expected.items() if unpacked.measured.get(name) == value)
            how += f", verified ({proven[0]})" if proven else ", unverified: nothing to compare with"
            received, size = (around.progress.received, path.stat().st_size)
            told = Outcome(one, path, error, how, size, "", proven, received, around.progress.retries)
            self._standing.settle(told, around.progress)

    def _already(self, one: Planned, how: str) -> Outcome:
        proof = self.yard.proofs.of(one.place.target)
        measured = proof.measured if proof else {}
        proven = tuple(name for name, value in one.order.expected.items() if measured.get(name) == value)
        sha256 = measured.get("sha256", "")
        return Outcome(one, one.place.target, None, how, one.verdict.have, sha256, proven)

    def _named(self, one: Planned, around: Surroundings, opening: Opening) -> tuple[Planned, Surroundings]:
        """What the head of the first answer tells: name, size, digests, mirrors; then decide again."""
        place, order = enrich(self.yard, one.offer, one.place, one.order, told_by(opening), self._stop)
        if order.late and place.target.exists():  # its hash decides whether it is the same
            order = order.settled()
        if (place, order) == (one.place, one.order):
            return one, around
        one = replace(one, place=place, order=order)
        one = replace(one, verdict=self._planner.verdict(place.target, order))
        if (order.size or 0) >= _LARGE:
            self._planner.check_room([one])
        around.progress.name = order.name
        # A header's length is no promise: where it lies, the hash decides.
        return one, replace(around, order=replace(order, size=one.offer.size))

    def _asking(self, one: Planned, around: Surroundings) -> tuple[Planned, Surroundings]:
        """The same for a part that goes on without a first answer: what would prove it is asked for meanwhile."""
        order = asking_beside(self.yard, one.order, size_begun(one.part), self._stop)
        return replace(one, order=order), replace(around, order=order)

    def _waits(self, around: Surroundings, waited: list[bool]) -> None:
        waited.append(True)
        around.progress.note = "Another process is fetching this file; waiting for it."

    def _hand_over(
        self,
        one: Planned,
        fetched: Fetched,
        around: Surroundings,
        part: PartFile,
        held: contextlib.ExitStack,
        arrivals: Arrivals,
    ) -> None:
        def done(error: YardError | None) -> None:
            held.close()
            around.progress.stage = "failed" if error else "done"
            sha256 = fetched.measured.get("sha256", "")
            self._standing.settle(
                Outcome(
                    one,
                    one.place.target,
                    error,
                    _told_of(fetched),
                    fetched.size,
                    sha256,
                    fetched.proven,
                    fetched.received,
                    around.progress.retries,
                ),
                around.progress,
            )

        arrivals.put(
            Arrival(part, one.place.target, one.verdict.step is Step.REPLACE, lambda: proof_of(one, fetched), done)
        )

    def _check(self, arrived: Arrived) -> Sequence[YardError | None]:
        return refusals(arrived, self._readers) if self.yard.settings["quarantine"] else [None] * len(arrived)

    def _check_rights(self, target: Path) -> None:
        """Once a folder; what is there already needs no right to be told so."""
        if target.parent not in self._writable and not target.exists():
            check_rights(target)
            self._writable.add(target.parent)

    def _make_folder(self, folder: Path) -> None:
        make_folder(folder, self.made)


def _told_of(fetched: Fetched) -> str:
    """How a file was proven, and who sent something else under its name."""
    how = f"verified ({fetched.proven[0]})" if fetched.proven else "unverified: nothing to compare with"
    return "; ".join([how, *(f"{liar} sent wrong bytes and was left" for liar in fetched.liars)])
