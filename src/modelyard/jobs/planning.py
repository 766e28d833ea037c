"""What a download has to do: the hubs are asked, each file gets its place, and it is seen whether all of it fits.

No byte of a model moves here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace

from modelyard.engine.landing import free_bytes, one_per_device
from modelyard.engine.order import Order
from modelyard.errors import NothingSelected, TargetExists, UnsafePath, UsageError, YardError
from modelyard.hubs.base import Hub, accompanied
from modelyard.hubs.selection import meant, pick
from modelyard.hubs.web.addresses import NAME as WEB
from modelyard.jobs.addressing import KeepKey, read_address, without_secrets
from modelyard.jobs.first_look import asked_by_head, enrich, look
from modelyard.jobs.folders import nearest_folder
from modelyard.jobs.gates import with_gates
from modelyard.jobs.preflight import Step, Verdict, check_room, decide
from modelyard.jobs.targets import Place, place_all
from modelyard.jobs.wish import Planned, Refused, Wish, part_of
from modelyard.jobs.yard import Yard
from modelyard.library.names import is_program
from modelyard.net.stop import Stop
from modelyard.net.url import parse
from modelyard.values.digests import digest
from modelyard.values.offers import Listing, Offer, Xet
from modelyard.values.suffixes import LISTED, suffix_of

Other = Callable[[str, str, YardError, Stop], tuple[Hub, Offer] | None]
"""Another place of the file that is meant for a target, after the one at an address failed; None: none is known."""


_MOST_CHOICES = 50


class Planner:
    """Plans one download.

    Args:
        keep_key: Told every key inside a pasted link.
        other: Asked, by workers too, for a file that could not be fetched.

    Attributes:
        refused: What will not be tried, and why.
    """

    def __init__(self, yard: Yard, wish: Wish, keep_key: KeepKey, other: Other | None, stop: Stop) -> None:
        self.yard, self.wish = yard, wish
        self.refused: list[Refused] = []
        self._keep_key, self._other, self._stop = keep_key, other, stop

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
        hub, address = read_address(self.yard.hubs, text, self._keep_key)
        try:
            listing = accompanied(hub, address) if self.wish.companions else hub.resolve(address)
        except YardError as error:
            other = self._other and self._other(self.wish.to or "", hub.show(address), error, self._stop)
            if not other:
                raise
            hub, address = other[0], other[1].address
            listing = Listing(address, other[1].name, (other[1],))
        if not self.wish.include and address.path is None:
            listing = meant(listing)
        if self.wish.one:
            listing = _one_of(hub, listing, self.wish)
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

    def elsewhere(self, one: Planned, error: YardError) -> Planned | None:
        """The same file from another place after this one failed; None: no place is left, or none would cure it."""
        found = self._other and self._other(str(one.place.target), one.hub.show(one.offer.address), error, self._stop)
        if not found:
            return None
        hub, offer = found
        return self._planned(
            hub, self._strange(offer) if self.wish.told else offer, one.place, dict(one.order.pinned), ask=False
        )

    def plan(self, *, ask: bool = False) -> list[Planned]:
        """Decide for each file what has to be done, and that it fits. Moves no byte of a model.

        Args:
            ask: Ask plain servers for name and size too, and hubs whether they would refuse what is not open to all:
                `run` learns both from the first answer anyway.

        Raises:
            YardError: Bad addresses, refused names, a target that exists, no room.
        """
        resolved = self.resolve()
        hubs = {listing.address.hub: hub for hub, listing in resolved}
        default = Path(self.yard.settings["folder"] or ".").expanduser()
        placed = place_all(
            [listing for _, listing in resolved], self.wish.to, default, self._refuse, programs=not self.wish.within
        )
        if self.wish.sha256 and len(placed) != 1:
            raise UsageError(
                f"--sha256 names one file, but {len(placed)} are meant.", hint="Choose one with --include."
            )
        pinned = {"sha256": digest("sha256", self.wish.sha256)} if self.wish.sha256 else {}
        self.yard.check_writable({place.target.parent for _, place in placed})
        planned = []
        for offer, place in placed:
            self._check_name(place)
            try:
                planned.append(self._planned(hubs[offer.address.hub], offer, place, pinned, ask))
            except TargetExists as error:
                if len(placed) == 1:
                    raise
                self.refused.append(Refused(str(place.target), error))
        self.check_room(planned)
        return with_gates(planned) if ask else planned

    def _check_name(self, place: Place) -> None:
        """Whoever is held within a folder fetches no programs into it.

        Raises:
            UnsafePath: A system would run a file of this name.
        """
        if self.wish.within and is_program(place.target.name):
            raise UnsafePath(
                f"{place.target.name} is named like a program.", hint="Choose the model's own files with --include."
            )

    def _refuse(self, what: str, error: YardError) -> None:
        self.refused.append(Refused(what, error))

    def _planned(self, hub: Hub, offer: Offer, place: Place, pinned: dict[str, str], ask: bool) -> Planned:
        name, xet = place.target.name, self._xet(offer)
        order = Order(name, offer.sources, offer.size, offer.claimed, pinned, offer.pieces, xet)
        told = asked_by_head(self.yard, order.sources[0]) if ask and offer.name_is_guess else None
        if told:
            place, order = enrich(self.yard, offer, place, order, told, self._stop)
            order = order.settled()
        if offer.name_is_guess and not place.fixed and not told:
            return Planned(hub, offer, place, order, Verdict(Step.FETCH, "the server names it"))
        return Planned(hub, offer, place, order, self.verdict(place.target, order))

    def _xet(self, offer: Offer) -> Xet | None:
        """The chunk store of an offer, unless a setting speaks against it: the wheel obeys none of these."""
        settings = self.yard.settings
        barred = offer.xet and (not settings["xet"] or settings["proxy"] or settings["ca-file"])
        return None if barred else offer.xet

    def verdict(self, target: Path, order: Order) -> Verdict:
        """What has to be done for a file."""
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
                reserve[device] = self.yard.reserve(free[device])
        check_room(need, free, reserve, names)

    def room(self, planned: Sequence[Planned]) -> dict[str, int | None]:
        """Free bytes of each disk that a plan writes to, by a folder on it."""
        folders = {nearest_folder(one.place.target) for one in planned}
        return {str(folder): free_bytes(folder) for folder in one_per_device(folders)}


def _one_of(hub: Hub, listing: Listing, wish: Wish) -> Listing:
    """The listing with the one model file that is meant: by its hash, by the name that it is to have, or the only one.

    Raises:
        NothingSelected: There are several.
    """
    every = [offer for offer in listing.offers if offer.name_is_guess or suffix_of(offer.name) in LISTED]
    every = every or list(listing.offers)
    same = [offer for offer in every if wish.sha256 and offer.claimed.get("sha256") == wish.sha256]
    named = [offer for offer in every if offer.name == Path(wish.to or "").name]
    for some in (same, named, every):
        if len(some) == 1:
            return replace(listing, offers=(some[0],))
    files = [hub.show(offer.address) for offer in every[:_MOST_CHOICES]]
    raise NothingSelected(
        f"{listing.title} has {len(every)} files; one is to be chosen.",
        hint=f"Say which: {', '.join(files[:10])}{' …' if len(every) > 10 else ''}",
        files=files,
    )
