"""Asking hubs about models: by their measured hashes in bulk, then where they are known to come from."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from modelyard.catalogue.refreshing import Subject
from modelyard.errors import AccessError, BadAddress, NotFound, UnknownHub, YardError
from modelyard.hubs.base import Describing
from modelyard.jobs.yard import Yard
from modelyard.net.stop import Stop
from modelyard.values.about import About
from modelyard.values.offers import Address

_AT_ONCE = 4
_AUTOV3 = 12
T = TypeVar("T")


class Said(enum.StrEnum):
    """What came of asking about one model."""

    FOUND = "found"
    UNKNOWN = "unknown"
    DELETED = "deleted"
    FAILED = "failed"
    WAITING = "waiting"
    NOTHING = "unmeasured"


class Outcome(msgspec.Struct, frozen=True):
    """What hubs said of one model.

    Attributes:
        records: The strongest first.
        of_bytes: What was said of exactly these bytes, None when no hub knows them.
        hubs: That do not know the bytes.
    """

    said: Said
    records: tuple[About, ...] = ()
    of_bytes: About | None = None
    hubs: tuple[str, ...] = ()
    error: YardError | None = None


@dataclass
class Inquiry:
    """Asks; a hub that fails or wants us to wait is left alone from then on, and the others go on.

    Args:
        again: Ask by the hash of the tensors, too, where that was in vain before.

    Attributes:
        resting: Why a hub is left alone.
    """

    yard: Yard
    stop: Stop
    again: bool = False
    resting: dict[str, YardError] = field(default_factory=dict)

    def about(self, subjects: Sequence[Subject]) -> dict[int, Outcome]:
        """What all hubs say of some models; few hundred at once, so that it can be stopped in between."""
        found: dict[int, list[About]] = {}
        hubs = [hub for hub in self.yard.hubs if isinstance(hub, Describing) and hub.finds_hashes]
        asked = [hub.name for hub in hubs if self._by_hash(hub, subjects, found)]
        with ThreadPoolExecutor(_AT_ONCE, "inquiry") as pool:
            said = list(pool.map(lambda one: self._one(one, found.get(one.id, []), asked), subjects))
        return {one.id: outcome for one, outcome in zip(subjects, said, strict=True)}

    def _by_hash(self, hub: Describing, subjects: Sequence[Subject], found: dict[int, list[About]]) -> bool:
        """Whether the hub answered."""
        name = hub.name
        records = self._ask(name, lambda: hub.about_by_hash([one.sha256 for one in subjects if one.sha256]))
        if records is None:
            return False
        short = {
            one.id: one.tensors[:_AUTOV3]
            for one in subjects
            if one.tensors and one.sha256 not in records and (self.again or name not in one.about.unknown_at)
        }
        for number, value in short.items():
            more = self._ask(name, lambda value=value: hub.about_by_hash([value]))  # type: ignore[misc]
            if more is None:
                return False
            found.setdefault(number, []).extend(more.values())
        for one in subjects:
            if one.sha256 in records:
                found.setdefault(one.id, []).append(records[one.sha256])
        return True

    def _one(self, subject: Subject, hashed: list[About], asked: Iterable[str]) -> Outcome:
        if self.stop.is_set():
            return Outcome(Said.WAITING)
        of_bytes = next(iter(hashed), None)
        known = self._known(subject)
        if known and not any((one.hub, one.model_id) == (known[1].hub, known[1].model) for one in hashed):
            outcome = self._at(*known)
            if outcome.said is Said.FOUND:
                return Outcome(Said.FOUND, (*outcome.records, *hashed), of_bytes)
            if not hashed:
                return outcome
        if hashed:
            return Outcome(Said.FOUND, tuple(hashed), of_bytes)
        if not subject.sha256:
            return Outcome(Said.NOTHING)
        if not known and (record := self._of_header(subject)):
            return Outcome(Said.FOUND, (record,))
        return Outcome(Said.UNKNOWN, hubs=tuple(asked)) if asked else Outcome(Said.WAITING)

    def _at(self, hub: Describing, address: Address) -> Outcome:
        name = hub.name
        if name in self.resting:
            return Outcome(Said.WAITING)
        try:
            return Outcome(Said.FOUND, (hub.about(address),))
        except NotFound as error:
            return Outcome(Said.DELETED, error=error)
        except AccessError as error:
            return Outcome(Said.FAILED, error=error)
        except YardError as error:
            self.resting[name] = error
            return Outcome(Said.WAITING)

    def _of_header(self, subject: Subject) -> About | None:
        """What a hub says of the model that a header names, when that model has a file of exactly these bytes.

        Headers are copied from model to model, merges keep those of what they were made of: a name alone is no word.
        """
        try:
            hub, address = self.yard.hubs.read(subject.identity.address)
        except (BadAddress, UnknownHub):
            return None
        if not isinstance(hub, Describing) or hub.name in self.resting:
            return None
        address = replace(address, path=None)
        try:
            listing = hub.resolve(address)
            same = any(one.claimed.get("sha256") == subject.sha256 for one in (*listing.offers, *listing.companions))
            return hub.about(address) if same else None
        except (NotFound, AccessError):
            return None
        except YardError as error:
            self.resting[hub.name] = error
            return None

    def _known(self, subject: Subject) -> tuple[Describing, Address] | None:
        """The hub and the model that a sidecar names, or that the file was fetched from."""
        about = subject.about
        try:
            if about.hub and (about.model_id or about.version_id):
                version = about.version_id if about.hub == "civitai" else ""
                hub, address = self.yard.hubs.named(about.hub), Address(about.hub, about.model_id, version or None)
            else:
                proof = self.yard.proofs.last_known(Path(subject.path))
                if proof is None or not proof.address:
                    return None
                hub, address = self.yard.hubs.read(proof.address)
        except (BadAddress, UnknownHub):  # a plugin that is not there any more
            return None
        return (hub, address) if isinstance(hub, Describing) else None

    def _ask(self, name: str, call: Callable[[], T]) -> T | None:
        """The answer of a hub, None when it is left alone."""
        self.stop.check()
        if name in self.resting:
            return None
        try:
            return call()
        except YardError as error:
            self.stop.check()
            self.resting[name] = error
            return None
