"""The download flow: from texts to proven files under their final names.

Read it from top to bottom: `resolve` asks the hubs, `plan` decides what has to be done, `run` does it. Each
file is one `_fetch`: knock, name, hold, fetch, hand over to the arrivals.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from modelyard.engine.delta import reuse
from modelyard.engine.fetch import fetch, knock
from modelyard.engine.fetched import Fetched
from modelyard.engine.hold import hold
from modelyard.engine.journal import Story, forget_journal
from modelyard.engine.landing import free_bytes, one_per_device
from modelyard.engine.opening import Opening
from modelyard.engine.order import Order
from modelyard.engine.part import PartFile
from modelyard.engine.progress import Progress, Snapshot
from modelyard.engine.run import Surroundings
from modelyard.engine.xet import goes_by_xet
from modelyard.errors import Busy, DiskError, DiskFull, Stopped, TargetExists, UsageError, YardError, unforeseen
from modelyard.hubs.base import Hub
from modelyard.hubs.selection import meant, pick
from modelyard.hubs.web.addresses import NAME as WEB
from modelyard.jobs.addressing import KeepKey, read_address, without_secrets
from modelyard.jobs.arrivals import Arrival, Arrivals
from modelyard.jobs.beside import asking_beside, size_begun
from modelyard.jobs.crew import Crew
from modelyard.jobs.first_look import asked_by_head, enrich, look, told_by
from modelyard.jobs.folders import make_folder, nearest_folder, remove_empty
from modelyard.jobs.preflight import Step, Verdict, check_room, decide
from modelyard.jobs.quarantine import unsafe
from modelyard.jobs.targets import Place, place_all
from modelyard.jobs.unpack import fetch_unpacked, is_archive
from modelyard.jobs.wish import Outcome, Planned, Refused, Wish, part_of, proof_of
from modelyard.jobs.yard import Yard
from modelyard.library.reading.pool import Pool
from modelyard.net.bandwidth import Bucket, Meter
from modelyard.net.stop import Stop
from modelyard.net.url import parse, without_query
from modelyard.values.digests import digest
from modelyard.values.offers import Listing, Offer, Xet
from modelyard.values.sizes import parse_size, show_size

_LARGE = 8 * 2**20

Other = Callable[[str, str, YardError, Stop], tuple[Hub, Offer] | None]
"""Another place of the file that is meant for a target, after the one at an address failed; None: none is known."""


@dataclass(slots=True)
class Download:
    """One download of one or many files.

    Attributes:
        other: Asked by workers, for a file that they could not fetch.
        limit: The speed limit of these files together; may be changed while they run.
    """

    yard: Yard
    wish: Wish
    keep_key: KeepKey
    other: Other | None = None
    progress: dict[str, Progress] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    stop: Stop = field(init=False)
    limit: Bucket = field(init=False)
    _handles: threading.BoundedSemaphore = field(init=False)
    _readers: Pool = field(default_factory=lambda: Pool(1))  # starts nothing before it is asked
    _made: list[Path] = field(default_factory=list)
    _parts: set[Path] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.stop = Stop(self.yard.stop)
        self.limit = Bucket(self.yard.engine.clock, self.wish.limit)
        self._handles = threading.BoundedSemaphore(self.yard.handles)

    # --- ask the hubs -----------------------------------------------------------------------------

    def resolve(self) -> list[tuple[Hub, Listing]]:
        """Ask the hubs what the addresses offer; keys inside pasted links go to the key store first.

        One address among many that fails is noted in `refused`.

        Raises:
            YardError: The only address cannot be read or resolved.
        """
        found = []
        for text in self.wish.addresses:
            try:
                found.append(self._resolve_one(text))
            except YardError as error:
                if len(self.wish.addresses) == 1:
                    raise
                self.refused.append(Refused(without_secrets(self.yard.hubs, text), error))
        return found

    def _resolve_one(self, text: str) -> tuple[Hub, Listing]:
        hub, address = read_address(self.yard.hubs, text, self.keep_key)
        try:
            listing = hub.resolve(address)
        except YardError as error:
            other = self.other and self.other(self.wish.to or "", hub.show(address), error, self.stop)
            if not other:
                raise
            hub, address = other[0], other[1].address
            listing = Listing(address, other[1].name, (other[1],))
        if not self.wish.include and address.path is None:
            listing = meant(listing)
        listing = pick(listing, self.wish.include, self.wish.exclude)
        if self.wish.companions:
            listing = replace(listing, offers=(*listing.companions, *listing.offers))  # a model alone is of no use
        if self.wish.told:
            listing = replace(listing, offers=tuple(map(self._strange, listing.offers)))
        return hub, listing

    def _strange(self, offer: Offer) -> Offer:
        """An offer that a stranger's word led to: a plain server must be public, or registered by a person."""
        if offer.hub != WEB:
            return offer
        known = self.yard.registered
        sources = (replace(one, told_by_public=parse(one.url).origin not in known) for one in offer.sources)
        return replace(offer, sources=tuple(sources))

    # --- decide -----------------------------------------------------------------------------------

    def plan(self, *, ask: bool = False) -> list[Planned]:
        """Decide for each file what has to be done, and that it fits. Moves no byte of a model.

        Args:
            ask: Ask plain servers for name and size too, which `run` learns from the first answer anyway.

        Raises:
            YardError: Bad addresses, refused names, a target that exists, no room.
        """
        resolved = self.resolve()
        hubs = {listing.address.hub: hub for hub, listing in resolved}
        default = Path(self.yard.settings["folder"] or ".").expanduser()
        placed = place_all([listing for _, listing in resolved], self.wish.to, default, self._refuse)
        if self.wish.sha256 and len(placed) != 1:
            raise UsageError(
                f"--sha256 names one file, but {len(placed)} are meant.", hint="Choose one with --include."
            )
        pinned = {"sha256": digest("sha256", self.wish.sha256)} if self.wish.sha256 else {}
        self.yard.check_writable({place.target.parent for _, place in placed})
        planned = []
        for offer, place in placed:
            try:
                planned.append(self._planned(hubs[offer.address.hub], offer, place, pinned, ask))
            except TargetExists as error:
                if len(placed) == 1:
                    raise
                self.refused.append(Refused(str(place.target), error))
        self.check_room(planned)
        return planned

    def _refuse(self, what: str, error: YardError) -> None:
        self.refused.append(Refused(what, error))

    def _planned(self, hub: Hub, offer: Offer, place: Place, pinned: dict[str, str], ask: bool) -> Planned:
        name, xet = place.target.name, self._xet(offer)
        order = Order(name, offer.sources, offer.size, offer.claimed, pinned, offer.pieces, xet)
        told = asked_by_head(self.yard, order.sources[0]) if ask and offer.name_is_guess else None
        if told:
            place, order = enrich(self.yard, offer, place, order, told, self.stop)
            order = order.settled()
        if offer.name_is_guess and not place.fixed and not told:
            return Planned(hub, offer, place, order, Verdict(Step.FETCH, "the server names it"))
        return Planned(hub, offer, place, order, self._verdict(place.target, order))

    def _xet(self, offer: Offer) -> Xet | None:
        """The chunk store of an offer, unless a setting speaks against it: the wheel obeys none of these."""
        settings = self.yard.settings
        return offer.xet if settings["xet"] and not settings["proxy"] and not settings["ca-file"] else None

    def _verdict(self, target: Path, order: Order) -> Verdict:
        facts = look(self.yard, target, order, part_of(target, order))
        return decide(target, order.size, order.expected, facts, replace=self.wish.replace)

    def check_room(self, planned: Sequence[Planned]) -> None:
        """Refuse what cannot fit.

        Raises:
            DiskFull: With what is needed and what there is.
        """
        need: dict[int, int] = {}
        free: dict[int, int | None] = {}
        reserve: dict[int, int] = {}
        names: dict[int, str] = {}
        for one in planned:
            if one.verdict.step is Step.HERE or not one.order.size:
                continue
            folder = nearest_folder(one.place.target)
            device = folder.stat().st_dev
            need[device] = need.get(device, 0) + one.order.size - one.verdict.have
            if device not in free:
                free[device], names[device] = free_bytes(folder), str(folder)
                reserve[device] = self._reserve(free[device])
        check_room(need, free, reserve, names)

    def room(self, planned: Sequence[Planned]) -> dict[str, int | None]:
        """Free bytes of each disk that a plan writes to, by a folder on it."""
        folders = {nearest_folder(one.place.target) for one in planned}
        return {str(folder): free_bytes(folder) for folder in one_per_device(folders)}

    def _reserve(self, free: int | None) -> int:
        return min(parse_size(self.yard.settings["disk.reserve"]), (free or 0) // 100)

    # --- do ---------------------------------------------------------------------------------------

    def run(self, planned: Sequence[Planned], on_tick: Callable[[], None] = lambda: None) -> list[Outcome]:
        """Fetch what has to be fetched; one file's failure does not stop the others.

        Args:
            on_tick: Called about ten times a second; look at `progress` and `outcomes` then.
        """
        todo = []
        for one in planned:
            if one.verdict.step is Step.HERE:
                self._settle(self._already(one, one.verdict.how))
            else:
                todo.append(one)
        large = threading.BoundedSemaphore(self.yard.settings["files.at-once"])
        with self._readers, Arrivals(self.yard.proofs, self._check) as arrivals:
            crew = Crew(todo, lambda one: self._one(one, large, crew, arrivals))
            crew.run(on_tick)
        remove_empty(self._made)
        on_tick()
        return self.outcomes

    def snapshots(self) -> list[Snapshot]:
        """How far each file is that is being fetched now."""
        with self._lock:
            return [progress.snapshot() for progress in self.progress.values()]

    def discard(self, planned: Sequence[Planned] = ()) -> None:
        """Remove the unfinished parts of this download, or of one like it that ran earlier, from its plan."""
        # What a server told after planning may have given a part another name.
        parts = self._parts | {one.part for one in planned} | {outcome.planned.part for outcome in self.outcomes}
        for part in parts - {outcome.planned.part for outcome in self.outcomes if outcome.error is None}:
            self._discard_one(part)

    def _discard_one(self, part: Path) -> None:
        """Remove a part, unless somebody is writing it."""
        if not part.exists():
            return
        with (
            contextlib.suppress(Busy),
            hold(part, self.yard.engine.clock, Stop(), lambda: None, patient=False, within=self.wish.within) as held,
        ):
            held.remove()
            forget_journal(held)

    def _check(self, part: Path, target: Path) -> YardError | None:
        return unsafe(part, target, self._readers) if self.yard.settings["quarantine"] else None

    def _make_folder(self, folder: Path) -> None:
        made = make_folder(folder)
        with self._lock:
            self._made += made

    def _check_disk(self, target: Path) -> None:
        """Files for a disk that has just filled up are not even tried; other disks go on.

        Raises:
            DiskFull: An earlier file found it full.
        """
        device = nearest_folder(target).stat().st_dev
        full = {nearest_folder(one.target).stat().st_dev for one in self.outcomes if isinstance(one.error, DiskFull)}
        if device in full:
            raise DiskFull(f"No room left for {target}.")

    def _one(
        self,
        one: Planned,
        large: threading.BoundedSemaphore,
        crew: Crew[Planned],
        arrivals: Arrivals,
    ) -> None:
        try:
            self._somewhere(one, lambda place: self._begin(place, large, crew, arrivals))
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
                place = self.other and self.other(
                    str(one.place.target), one.hub.show(one.offer.address), error, self.stop
                )
                if not place:
                    raise (error if isinstance(error, Stopped | DiskError) else first or error) from None
                first, (hub, offer) = first or error, place
                offer = self._strange(offer) if self.wish.told else offer
                one = self._planned(hub, offer, one.place, dict(one.order.pinned), ask=False)

    def _begin(self, one: Planned, large: threading.BoundedSemaphore, crew: Crew[Planned], arrivals: Arrivals) -> None:
        progress = Progress(one.order.name, self.yard.engine.clock, one.order.size)
        with self._lock:
            self.progress[str(one.place.target)] = progress
        meter = Meter([*self.yard.buckets(one.offer.hub), self.limit], progress.add)
        around = Surroundings(self.yard.engine, one.order, progress, meter, self.stop, one.hub.explain)
        self.stop.check()
        self._check_disk(one.place.target)
        self._fetch(one, around, large, crew, arrivals)

    def _settle_failed(self, one: Planned, error: YardError) -> None:
        reached = self.progress[str(one.place.target)].snapshot()
        told = Outcome(one, one.place.target, error, received=reached.received, retries=reached.retries)
        self._settle(replace(told, kept=reached.done))

    def _fetch(
        self,
        one: Planned,
        around: Surroundings,
        large: threading.BoundedSemaphore,
        crew: Crew[Planned],
        arrivals: Arrivals,
    ) -> None:
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
                    self._settle(self._already(one, one.verdict.how))
                    return
            elif one.offer.name_is_guess:
                one, around = self._asking(one, around)
            if (one.order.size or _LARGE) >= _LARGE:
                stack.enter_context(large)
            waited: list[bool] = []
            self._make_folder(one.place.target.parent)
            stack.enter_context(self._handles)
            waits = functools.partial(self._waits, around, waited)
            part = stack.enter_context(hold(one.part, clock, self.stop, waits, within=self.wish.within))
            with self._lock:
                self._parts.add(one.part)
            if waited or one.place.target.exists():
                one = replace(one, verdict=self._verdict(one.place.target, one.order))
                if one.verdict.step is Step.HERE:
                    part.remove()
                    self._settle(self._already(one, "another process fetched it"))
                    return
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
        start = opening.peeked
        opening.reply.close()
        story = Story(size=size, source=without_query(opening.source.url))
        kept = reuse(part, story, old, pieces, start, self.stop)
        around.progress.note = f"{show_size(kept)} are taken from the old file."
        return None

    def _unpack(self, one: Planned, around: Surroundings) -> None:
        self._make_folder(one.place.target.parent)
        reserve = self._reserve(free_bytes(one.place.target.parent))
        unpacked = fetch_unpacked(around, one.place.target, reserve, self._check)
        around.progress.stage = "done"
        for path, error in unpacked.files.items():
            how = f"unpacked from {one.order.name}"
            proven = tuple(name for name, value in one.order.expected.items() if unpacked.measured.get(name) == value)
            how += f", verified ({proven[0]})" if proven else ", unverified: nothing to compare with"
            received, size = (around.progress.received, path.stat().st_size)
            self._settle(Outcome(one, path, error, how, size, "", proven, received, around.progress.retries))

    def _already(self, one: Planned, how: str) -> Outcome:
        proof = self.yard.proofs.of(one.place.target)
        measured = proof.measured if proof else {}
        proven = tuple(name for name, value in one.order.expected.items() if measured.get(name) == value)
        sha256 = measured.get("sha256", "")
        return Outcome(one, one.place.target, None, how, one.verdict.have, sha256, proven)

    def _named(self, one: Planned, around: Surroundings, opening: Opening) -> tuple[Planned, Surroundings]:
        """What the head of the first answer tells: name, size, digests, mirrors; then decide again."""
        place, order = enrich(self.yard, one.offer, one.place, one.order, told_by(opening), self.stop)
        if place.target.exists():  # its hash decides whether it is the same
            order = order.settled()
        if (place, order) == (one.place, one.order):
            return one, around
        one = replace(one, place=place, order=order)
        one = replace(one, verdict=self._verdict(place.target, order))
        if (order.size or 0) >= _LARGE:
            self.check_room([one])
        around.progress.name = order.name
        # A header's length is no promise: where it lies, the hash decides.
        return one, replace(around, order=replace(order, size=one.offer.size))

    def _asking(self, one: Planned, around: Surroundings) -> tuple[Planned, Surroundings]:
        """The same for a part that goes on without a first answer: what would prove it is asked for meanwhile."""
        order = asking_beside(self.yard, one.order, size_begun(one.part), self.stop)
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
            how = f"verified ({fetched.proven[0]})" if fetched.proven else "unverified: nothing to compare with"
            self._settle(
                Outcome(
                    one,
                    one.place.target,
                    error,
                    how,
                    fetched.size,
                    sha256,
                    fetched.proven,
                    fetched.received,
                    around.progress.retries,
                )
            )

        arrivals.put(
            Arrival(part, one.place.target, one.verdict.step is Step.REPLACE, lambda: proof_of(one, fetched), done)
        )

    def _settle(self, outcome: Outcome) -> None:
        with self._lock:
            self.outcomes.append(outcome)
            self.progress.pop(str(outcome.planned.place.target), None)
