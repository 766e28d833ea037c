"""Places that somebody names: the workflow (address, number, mirrors in its notes), then our index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence

import msgspec

from modelyard.errors import AccessError, AddressForbidden, NetworkError, Waiting, YardError
from modelyard.hubs.base import Hub
from modelyard.jobs.addressing import forget, read_address
from modelyard.jobs.workflows.addresses import indexed_rivals, told_by
from modelyard.jobs.workflows.questions import Questions
from modelyard.jobs.workflows.ranking import Ranked
from modelyard.jobs.workflows.sources import Sought, chosen, opened, settled
from modelyard.jobs.workflows.wanted import Wanted
from modelyard.values.offers import Offer

_TEMPLATES = "ComfyUI's own templates use files of that name with these bytes"


class Linking(msgspec.Struct, frozen=True):
    """Follows what is named."""

    questions: Questions

    def linked(self, wanted: Wanted, but: Container[str] = ()) -> Sought:
        """The first place that the workflow, its notes or our index name and that has the file.

        Args:
            but: Canonical addresses that were tried in vain.
        """
        gate: tuple[AccessError, str] | None = None
        errors: list[str] = []
        failed: YardError | None = None
        told = told_by(wanted)
        for text, why in told.items():
            try:
                hub, listing = self.questions.listing(text)
                offer = chosen(wanted, listing, first=text == wanted.url)
                if offer is None:
                    errors.append(_other(hub, wanted, why))
                elif hub.show(offer.address) not in but:
                    return Sought(opened(self.questions, hub, listing, offer, why))
            except AddressForbidden:
                errors.append(f"An address ({why}) leads into the local network; `modelyard lan add` allows one.")
            except AccessError as error:
                gate = gate or (error, _hub_of(self.questions, text))
            except YardError as error:
                errors.append(error.message)
                failed = failed or (error if isinstance(error, NetworkError | Waiting) else None)
        if gate or told:
            return Sought(None, gate, (), tuple(errors), failed)
        return self._rivals(wanted)

    def hashed(self, offers: Sequence[tuple[Hub, Offer]]) -> Sought:
        """The file among those that hubs found by a hash."""
        gate: tuple[AccessError, str] | None = None
        for hub, offer in offers:
            try:
                return Sought(opened(self.questions, hub, None, offer, f"{hub.title} knows the hash"))
            except AccessError as error:
                gate = gate or (error, hub.name)
            except YardError as error:
                return Sought(errors=(error.message,))
        return Sought(None, gate)

    def _rivals(self, wanted: Wanted) -> Sought:
        """Several files of our index have the name: the one with the hash, or the one whose bytes most of them have."""
        errors: tuple[str, ...] = ()
        found: list[tuple[Hub, Offer]] = []
        for url in indexed_rivals(wanted):
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
            return settled(
                self.questions, hub, offer, _TEMPLATES if len(counts) == 1 else f"{_TEMPLATES}, {count} of {len(found)}"
            )
        why = "ComfyUI's templates use several files of this name"
        return Sought(candidates=tuple((hub, Ranked(offer, 50, why)) for hub, offer in found), errors=errors)


def _other(hub: Hub, wanted: Wanted, why: str) -> str:
    spoken = "other bytes than the hash that the workflow says" if wanted.hash else "no such file"
    return f"{hub.title} has {spoken} at the address ({why})."


def _hub_of(questions: Questions, text: str) -> str:
    return read_address(questions.yard.hubs, text, forget)[0].name
