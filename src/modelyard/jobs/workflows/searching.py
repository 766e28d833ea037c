"""A search of all hubs for a model by its name: the strong finding, else candidates."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from modelyard.errors import YardError
from modelyard.hubs.base import Hub
from modelyard.jobs.workflows.questions import Questions
from modelyard.jobs.workflows.ranking import Ranked, best, queries, rank
from modelyard.jobs.workflows.sources import Sought, settled
from modelyard.jobs.workflows.wanted import Wanted
from modelyard.values.suffixes import LISTED, suffix_of

_FINDINGS = 4
"""Models of one hub whose files are looked at for one question."""
_MOST_CANDIDATES = 5
_WORTH_TELLING = 20


class Searching(msgspec.Struct, frozen=True):
    """Searches."""

    questions: Questions

    def searched(self, wanted: Wanted) -> Sought:
        """The best file that a search finds, where it is strong; else the candidates.

        Where the workflow says a hash, a name is never enough.
        """
        ranked: dict[str, tuple[Hub, Ranked]] = {}
        asked = queries(wanted)
        if not asked:
            return Sought(errors=("Its name is too short to be searched for.",))
        for query in asked:
            for hub, one in self._found(wanted, query):
                ranked.setdefault(hub.show(one.offer.address), (hub, one))
            first = best([one for _, one in ranked.values()])
            if first is not None and (first.sure or not wanted.sure_hash):
                hub = next(hub for hub, one in ranked.values() if one is first)
                why = f"found by a search at {hub.title}: {first.why} ({first.score} of 100)"
                return settled(self.questions, hub, first.offer, why)
        if not ranked and self.questions.is_partial:
            return Sought(errors=("Not every hub could be asked.",))
        weak = sorted(ranked.values(), key=lambda pair: -pair[1].score)[:_MOST_CANDIDATES]
        return Sought(candidates=tuple(pair for pair in weak if pair[1].score > _WORTH_TELLING))

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
