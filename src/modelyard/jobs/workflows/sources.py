"""Where models can be had. They are looked for in this order, and the first that fits wins.

1. the address in the workflow; 2. what its AIR or its number at CivitAI says; 3. mirrors that its notes name;
4. our index of files that ComfyUI's templates use; 5. hubs that find files by their hash; 6. a search of all hubs.

What contradicts a hash that the workflow says is passed over. Of a search only a strong finding counts
(`ranking`); the others are told as candidates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from modelyard.errors import (
    AccessError,
    AddressForbidden,
    DownloadsDisabled,
    EarlyAccess,
    LoginNeeded,
    YardError,
)
from modelyard.hubs.base import Hub
from modelyard.jobs.addressing import read_address
from modelyard.jobs.batch import forget
from modelyard.jobs.workflows.addresses import indexed_rivals, told_by
from modelyard.jobs.workflows.questions import Questions
from modelyard.jobs.workflows.ranking import KINDS, Ranked, best, queries, rank
from modelyard.jobs.workflows.wanted import Wanted
from modelyard.values.offers import Access, Listing, Offer
from modelyard.values.suffixes import LISTED, suffix_of

_FINDINGS = 4
"""Models of one hub whose files are looked at for one question."""
_MOST_CANDIDATES = 5
_WORTH_TELLING = 20
_ROUNDED = 0.2
"""A note rounds a size, but not by more."""


_TEMPLATES = "ComfyUI's own templates use files of that name with these bytes"


@dataclass(frozen=True, slots=True)
class Source:
    """One place of a model.

    Attributes:
        why: Who says that it is there.
    """

    hub: Hub
    offer: Offer
    why: str
    licence: str
    begins_as: Callable[[Path], bool]
    """Whether it begins with the bytes of a file that is here; asks its server."""

    @property
    def folder(self) -> str:
        """ComfyUI's folder for what its hub calls it; empty when it does not say."""
        return KINDS.get(self.offer.kind.lower(), "")


@dataclass(frozen=True, slots=True)
class Sought:
    """What came of looking for one model.

    Attributes:
        gate: What its hub wants first, when no other place has it openly, and the hub's name.
        candidates: What fits too weakly.
        errors: What else went wrong, in words.
    """

    source: Source | None = None
    gate: tuple[AccessError, str] | None = None
    candidates: tuple[tuple[Hub, Ranked], ...] = ()
    errors: tuple[str, ...] = ()


@dataclass
class Seeker:
    """Looks for models at hubs."""

    questions: Questions

    def all(self, wanted: Sequence[Wanted]) -> list[Sought]:
        """One answer a model: what is linked, then what has the hash, then what a search finds."""
        found = self.questions.spread(self.linked, wanted, _late)
        hashes = [one.hash for one, sought in zip(wanted, found, strict=True) if one.hash and not sought.source]
        known = self.questions.by_hash(list(dict.fromkeys(hashes))) if hashes else {}
        found = [self._by_hash(one, sought, known) for one, sought in zip(wanted, found, strict=True)]
        left = [at for at, sought in enumerate(found) if not (sought.source or sought.gate or sought.candidates)]
        answers = self.questions.spread(lambda at: self.searched(wanted[at]), left, lambda at: _late(wanted[at]))
        for at, sought in zip(left, answers, strict=True):
            found[at] = replace(sought, errors=(*found[at].errors, *sought.errors))
        return found

    def _by_hash(self, wanted: Wanted, sought: Sought, known: Mapping[str, Sequence[tuple[Hub, Offer]]]) -> Sought:
        offers = known.get(wanted.hash, ()) if wanted.hash and not sought.source else ()
        if not offers:
            return sought
        if wanted.sure_hash:
            answer = self.hashed(offers)
            return answer if answer.source or not sought.gate else sought
        weak = tuple(
            (hub, Ranked(offer, 60, "the same short hash (AutoV1), which is no proof")) for hub, offer in offers
        )
        return replace(sought, candidates=weak)

    def linked(self, wanted: Wanted, but: Container[str] = ()) -> Sought:
        """The first place that the workflow, its notes or our index name and that has the file.

        Args:
            but: Canonical addresses that were tried in vain.
        """
        gate: tuple[AccessError, str] | None = None
        errors: list[str] = []
        for text, why in told_by(wanted).items():
            try:
                hub, listing = self.questions.listing(text)
                offer = chosen(wanted, listing, first=text == wanted.url)
                if offer is None:
                    errors.append(_other(hub, wanted, why))
                elif hub.show(offer.address) not in but:
                    return Sought(self._open(hub, listing, offer, why))
            except AddressForbidden:
                errors.append(f"An address ({why}) leads into the local network; `modelyard lan add` allows one.")
            except AccessError as error:
                gate = gate or (error, _hub_of(self.questions, text))
            except YardError as error:
                errors.append(error.message)
        return Sought(None, gate, (), tuple(errors)) if gate else self._rivals(wanted, tuple(errors))

    def hashed(self, offers: Sequence[tuple[Hub, Offer]]) -> Sought:
        """The file among those that hubs found by a hash."""
        gate: tuple[AccessError, str] | None = None
        for hub, offer in offers:
            try:
                return Sought(self._open(hub, None, offer, f"{hub.title} knows the hash"))
            except AccessError as error:
                gate = gate or (error, hub.name)
            except YardError as error:
                return Sought(errors=(error.message,))
        return Sought(None, gate)

    def searched(self, wanted: Wanted) -> Sought:
        """The best file that a search finds, where it is strong; else the candidates."""
        ranked: dict[str, tuple[Hub, Ranked]] = {}
        asked = queries(wanted)
        if not asked:
            return Sought(errors=("Its name is too short to be searched for.",))
        for query in asked:
            for hub, one in self._found(wanted, query):
                ranked.setdefault(hub.show(one.offer.address), (hub, one))
            first = best([one for _, one in ranked.values()])
            if first is not None:
                hub = next(hub for hub, one in ranked.values() if one is first)
                why = f"found by a search at {hub.title}: {first.why} ({first.score} of 100)"
                return self._settled(hub, first.offer, why)
        if not ranked and self.questions.resting:
            return Sought(errors=("Not every hub could be asked.",))
        weak = sorted(ranked.values(), key=lambda pair: -pair[1].score)[:_MOST_CANDIDATES]
        return Sought(candidates=tuple(pair for pair in weak if pair[1].score > _WORTH_TELLING))

    def _settled(self, hub: Hub, offer: Offer, why: str) -> Sought:
        """A file that was decided for; its hub may want something first."""
        try:
            return Sought(self._open(hub, None, offer, why))
        except AccessError as error:
            return Sought(None, (error, hub.name))
        except YardError as error:
            return Sought(candidates=((hub, Ranked(offer, 50, why)),), errors=(error.message,))

    def _rivals(self, wanted: Wanted, errors: tuple[str, ...]) -> Sought:
        """Several files of our index have the name: the one with the hash, or the one whose bytes most of them have."""
        urls = [] if told_by(wanted) else indexed_rivals(wanted)
        found: list[tuple[Hub, Offer]] = []
        for url in urls:
            try:
                hub, listing = self.questions.listing(url)
                found += [(hub, offer)] if (offer := chosen(wanted, listing, first=True)) else []
            except YardError as error:
                errors = (*errors, error.message)
        sure = [(hub, offer) for hub, offer in found if wanted.agrees(offer.claimed)]
        if sure or not found:
            return self.hashed(sure) if sure else Sought(errors=errors)
        counts = Counter(offer.claimed.get("sha256", "") for _, offer in found)
        most, count = counts.most_common(1)[0]
        if most and count * 3 >= len(found) * 2:
            hub, offer = next(pair for pair in found if pair[1].claimed.get("sha256") == most)
            return self._settled(
                hub, offer, _TEMPLATES if len(counts) == 1 else f"{_TEMPLATES}, {count} of {len(found)}"
            )
        why = "ComfyUI's templates use several files of this name"
        return Sought(candidates=tuple((hub, Ranked(offer, 50, why)) for hub, offer in found), errors=errors)

    def _found(self, wanted: Wanted, query: str) -> Iterator[tuple[Hub, Ranked]]:
        count: dict[str, int] = {}
        for hub, finding in self.questions.search(query, _FINDINGS * 3):
            count[hub.name] = count.get(hub.name, 0) + 1
            if count[hub.name] > _FINDINGS:
                continue
            try:
                _, listing = self.questions.listing(finding.address)
            except YardError:
                continue  # another finding may have it
            for offer in (*listing.offers, *listing.companions):
                if suffix_of(offer.name) in LISTED:
                    yield hub, rank(wanted, offer, finding.downloads, finding.title)

    def _open(self, hub: Hub, listing: Listing | None, offer: Offer, why: str) -> Source:
        """A source that may be fetched.

        Raises:
            AccessError: Its hub wants something first.
        """
        page = offer.page or (listing.page if listing else None)
        if offer.access is Access.EARLY:
            raise EarlyAccess(f"{offer.name} is for supporters of its author until a date.", link=page)
        if offer.access is Access.DISABLED:
            raise DownloadsDisabled(f"{offer.name} may not be downloaded.", link=page)
        if offer.access is Access.LOGIN and offer.hub == "civitai":  # said only where no key is kept
            raise LoginNeeded(f"{hub.title} hands out {offer.name} to accounts only.", link=page)
        if offer.access is Access.GATED:
            self.questions.listing(hub.show(offer.address))  # the file itself says whether it opens for us
        licence = (listing.licence if listing else "") or self.questions.licence(hub, offer)
        return Source(hub, offer, why, licence, lambda path: self.questions.begins_as(offer, path))


def chosen(wanted: Wanted, listing: Listing, *, first: bool) -> Offer | None:
    """The file of a listing that is meant, None when none of them can be.

    Args:
        first: The workflow's own address: what its name ends in does not matter.
    """
    every = (*listing.offers, *listing.companions)
    fitting = [offer for offer in every if wanted.agrees(offer.claimed) is not False]
    if sure := [offer for offer in fitting if wanted.agrees(offer.claimed)]:
        return sure[0]
    if named := [offer for offer in fitting if wanted.base and offer.name.lower() == wanted.base.lower()]:
        return named[0]
    main = [offer for offer in listing.offers if offer in fitting and offer.primary and offer.role == "main"]
    if len(main) != 1 or (len(listing.offers) > 1 and listing.address.hub != "civitai"):
        return None
    apart = abs((main[0].size or 0) - (wanted.size or 0)) / (wanted.size or 1)
    return main[0] if first or not (main[0].size and wanted.size and apart > _ROUNDED) else None


def _other(hub: Hub, wanted: Wanted, why: str) -> str:
    spoken = "other bytes than the hash that the workflow says" if wanted.hash else "no such file"
    return f"{hub.title} has {spoken} at the address ({why})."


def _late(wanted: Wanted) -> Sought:  # noqa: ARG001  # the shape of an answer to a question
    return Sought(errors=("Hubs did not answer in time.",))


def _hub_of(questions: Questions, text: str) -> str:
    return read_address(questions.yard.hubs, text, forget)[0].name
