"""Where models can be had. They are looked for in this order, and the first that fits wins.

1. the address in the workflow; 2. what its AIR or its number at CivitAI says; 3. mirrors that its notes name;
4. our index of files that ComfyUI's templates use (all `linking`); 5. hubs that find files by their hash; 6. a search
of all hubs (`searching`).

What contradicts a hash that the workflow says is passed over. Of a search only a strong finding counts (`ranking`);
the others are told as candidates.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from modelyard.errors import Waiting
from modelyard.hubs.base import Hub
from modelyard.jobs.workflows.linking import Linking
from modelyard.jobs.workflows.questions import Questions
from modelyard.jobs.workflows.ranking import Ranked
from modelyard.jobs.workflows.searching import Searching
from modelyard.jobs.workflows.sources import Sought
from modelyard.jobs.workflows.wanted import Wanted
from modelyard.values.offers import Offer


@dataclass
class Seeker:
    """Looks for models at hubs."""

    questions: Questions

    def linked(self, wanted: Wanted, but: Container[str] = ()) -> Sought:
        """See `Linking.linked`."""
        return Linking(self.questions).linked(wanted, but)

    def all(self, wanted: Sequence[Wanted]) -> list[Sought]:
        """One answer a model: what is linked, then what has the hash, then what a search finds."""
        found = self.questions.spread(self.linked, wanted, _late)
        hashes = [one.hash for one, sought in zip(wanted, found, strict=True) if one.hash and not sought.source]
        known = self.questions.by_hash(list(dict.fromkeys(hashes))) if hashes else {}
        found = [self._by_hash(one, sought, known) for one, sought in zip(wanted, found, strict=True)]
        left = [at for at, sought in enumerate(found) if not sought.is_settled]
        answers = self.questions.spread(
            lambda at: Searching(self.questions).searched(wanted[at]), left, lambda at: _late(wanted[at])
        )
        for at, sought in zip(left, answers, strict=True):
            failed = found[at].failed or sought.failed
            found[at] = replace(sought, errors=(*found[at].errors, *sought.errors), failed=failed)
        return found

    def _by_hash(self, wanted: Wanted, sought: Sought, known: Mapping[str, Sequence[tuple[Hub, Offer]]]) -> Sought:
        offers = known.get(wanted.hash, ()) if wanted.hash and not sought.source else ()
        trouble = self.questions.hash_trouble() if wanted.sure_hash and not offers and not sought.source else None
        if trouble is not None:
            return replace(sought, errors=(*sought.errors, trouble.message), failed=sought.failed or trouble)
        if not offers:
            return sought
        if wanted.sure_hash:
            answer = Linking(self.questions).hashed(offers)
            return answer if answer.source or not sought.gate else sought
        weak = tuple(
            (hub, Ranked(offer, 60, "the same short hash (AutoV1), which is no proof")) for hub, offer in offers
        )
        return replace(sought, candidates=weak)


def _late(wanted: Wanted) -> Sought:  # noqa: ARG001  # the shape of an answer to a question
    late = Waiting("Hubs did not answer in time.", hint="Ask again: answers are kept.")
    return Sought(errors=(late.message,), failed=late)
