"""Other places of a model, asked when the one that was tried fails for a reason that another may cure.

A second place must have the bytes that the first one promised. What is asked for here must outlive the process: a task
keeps `told` in its payload.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from modelyard.errors import (
    AccessError,
    ContentError,
    NetworkError,
    NotFound,
    Offline,
    UnsafeArchive,
    UnsafePickle,
    YardError,
)
from modelyard.hubs.base import Hub
from modelyard.jobs.addressing import without_secrets
from modelyard.jobs.workflows.addresses import told_by
from modelyard.jobs.workflows.linking import Linking
from modelyard.jobs.workflows.questions import Questions
from modelyard.jobs.workflows.wanted import Wanted, read_row
from modelyard.jobs.yard import Yard
from modelyard.net.stop import Stop
from modelyard.values.offers import Offer

_MOST, _SECONDS = 40, 60.0


def cures(error: YardError) -> bool:
    """Whether another place may have what this one has not: the disk is the same, and unsafe bytes stay unsafe."""
    of_the_place = isinstance(error, NetworkError | NotFound | AccessError | ContentError)
    return of_the_place and not isinstance(error, Offline | UnsafePickle | UnsafeArchive)


def told(yard: Yard, wanted: Wanted, may: Callable[[str], bool]) -> dict[str, Any]:
    """What `Elsewhere` needs to know of a model, JSON-able and without keys.

    Args:
        may: Whether an address may be asked for whoever wants the model.
    """
    named = {text for text in told_by(wanted) if may(text)}
    said = {
        "name": wanted.name,
        "directory": wanted.folder or wanted.directory,
        "hash": wanted.hash,
        "size": wanted.size,
        "url": without_secrets(yard.hubs, wanted.url) if wanted.url in named else "",
        "mirrors": [without_secrets(yard.hubs, url) for url in wanted.mirrors if url in named],
        "address": wanted.address if wanted.address in named else "",
    }
    return {name: value for name, value in said.items() if value}


@dataclass
class Elsewhere:
    """The other places of one model.

    Args:
        sha256: What was promised; empty when nobody promised anything.
    """

    yard: Yard
    wanted: Wanted
    sha256: str = ""
    _tried: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, yard: Yard, row: Mapping[str, Any], sha256: str) -> Elsewhere:
        """From what `told` gave."""
        return cls(yard, read_row(row), sha256)

    def __call__(self, address: str, error: YardError, stop: Stop) -> tuple[Hub, Offer] | None:
        """The next place after `address` failed; None when the error has no cure, or no place is left.

        Raises:
            Stopped: Somebody asked to stop.
        """
        if not cures(error):
            return None
        self._tried.add(address)
        for hub, offer in self._places(Questions(self.yard, stop, _MOST, _SECONDS)):
            promised = offer.claimed.get("sha256", self.sha256)
            if hub.show(offer.address) not in self._tried and (not self.sha256 or promised == self.sha256):
                return hub, offer
        return None

    def _places(self, questions: Questions) -> Iterator[tuple[Hub, Offer]]:
        """What somebody names, then what has the promised bytes."""
        linking, passed = Linking(questions), set(self._tried)
        while (source := linking.linked(self.wanted, passed).source) is not None:
            place = source.hub.show(source.offer.address)
            if place in passed:
                break  # one file of several of a name: there is no second one to choose
            passed.add(place)
            yield source.hub, source.offer
        for pairs in questions.by_hash([self.sha256]).values() if self.sha256 else ():
            for pair in pairs:
                if (source := linking.hashed([pair]).source) is not None:
                    yield source.hub, source.offer
