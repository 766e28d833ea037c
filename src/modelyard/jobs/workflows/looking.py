"""Is a wanted model here? Decided by hash first, then by name and folder; a contradicting hash is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from modelyard.engine.sniff import looks_wrong, wrong_container
from modelyard.jobs.workflows import rows
from modelyard.jobs.workflows.here import Held, Here
from modelyard.jobs.workflows.plan import PlannedModel, State
from modelyard.jobs.workflows.sources import Source
from modelyard.jobs.workflows.wanted import Wanted
from modelyard.values.sizes import show_size

Measure = Callable[[Path], Mapping[str, str]]
"""Reads a file whole and gives its digests."""

_ROUNDED = 0.2
"""A note rounds a size, but not by more."""
_FAR = 3
"""So many times larger or smaller than a note says a file is another one: notes round `0.1 MB` too."""
_HEAD = 2**20


class Looking(msgspec.Struct, frozen=True):
    """Looks for models on this machine.

    Args:
        measure: What is likely becomes sure by it; None where that takes too long.
    """

    here: Here
    measure: Measure | None = None

    def settled(self, wanted: Wanted) -> PlannedModel | None:
        """The row of a model that is here, or in whose place another one stands; None when it is not here."""
        for held in self.here.hashed(wanted):
            if _is_named(wanted, held):
                return rows.proven(wanted, "here", held, "Its bytes have the hash that the workflow says.")
            if held.lists_as:
                return rows.proven(wanted, "renamed", held, f"{held.lists_as} has the hash that the workflow says.")
        for held in self.here.fetched(wanted):  # a version has several files: full, pruned, of other types
            agrees = wanted.agrees(held.digests)
            if held.lists_as and not held.bad and agrees is not False and (agrees or not _no_model(wanted, held)):
                state: State = "here" if _is_named(wanted, held) else "renamed" if agrees else "likely"
                return rows.held_row(wanted, state, held, "It was fetched from the place that the workflow says.")
        if there := self.here.named(wanted):
            return self._judged(wanted, there)
        if several := self.here.of_stem(wanted):
            return self._chosen(wanted, several)
        if not wanted.listed or self.here.is_broken_link(wanted):
            return None
        return rows.row(wanted, "here", f"ComfyUI lists it{'; nobody compared its hash' if wanted.hash else ''}.")

    def _chosen(self, wanted: Wanted, several: list[Held]) -> PlannedModel:
        """Of files that share the wanted name, but for their endings or sub-folders, the one whose hash agrees."""
        if len(several) > 1:
            several = [self._measured(wanted, held) for held in several]
        fitting = [held for held in several if wanted.agrees(held.digests) is not False and not held.bad]
        if sure := [held for held in fitting if wanted.agrees(held.digests)]:
            return self._judged(wanted, sure[0])
        fitting = [held for held in fitting if not _no_model(wanted, held)]
        different = {held.digests.get("sha256") or held.path for held in fitting}
        return rows.several(wanted, fitting) if len(different) > 1 else self._judged(wanted, [*fitting, *several][0])

    def _measured(self, wanted: Wanted, held: Held) -> Held:
        """A file with its digests, read where that decides and is allowed."""
        if wanted.agrees(held.digests) is None and wanted.sure_hash and self.measure:
            return replace(held, digests=dict(self.measure(held.path)))
        return held

    def _judged(self, wanted: Wanted, held: Held) -> PlannedModel:
        """A file under the wanted name: is it the wanted one?"""
        held = self._measured(wanted, held)
        agrees = wanted.agrees(held.digests)
        if held.bad:
            return rows.differs(wanted, held, f"A file of that name is here, but it is known to be {held.bad}.")
        if agrees is False:
            return rows.differs(
                wanted, held, "A file of that name is here, but its hash is not what the workflow says."
            )
        if agrees:
            return rows.proven(wanted, "here", held, "Name and hash are those that the workflow says.")
        if other := _no_model(wanted, held):
            return rows.differs(wanted, held, f"A file of that name is here, but it is {other}.")
        why = "A file of that name is in that folder" if wanted.folder else "A file of that name is here"
        return rows.held_row(wanted, "here", held, f"{why}{'; its hash was not measured yet' if wanted.hash else ''}.")

    def offered(self, wanted: Wanted, source: Source) -> PlannedModel | None:
        """The row of a model whose bytes, as its hub claims them, are here under another name."""
        sha256 = source.offer.claimed.get("sha256", "")
        held = next(iter(self.here.hashed(wanted, sha256)), None) if sha256 else None
        if held is None or not held.lists_as:
            return None
        why = f"{held.lists_as} has the hash that {source.hub.title} says."
        return rows.proven(wanted, "here" if _is_named(wanted, held) else "renamed", held, why)

    def likely(self, wanted: Wanted, source: Source, target: Path) -> PlannedModel | None:
        """The row of a file that is as large as the one that is offered and begins alike; read whole where allowed."""
        sha256 = source.offer.claimed.get("sha256", "")
        for held in self._twins(wanted, source):
            if not (self.measure and sha256):
                return rows.likely(wanted, source, target, held)
            digests = dict(self.measure(held.path))
            if digests.get("sha256") == sha256:
                why = f"{held.lists_as} was read: it has the hash that {source.hub.title} says."
                return rows.proven(wanted, "renamed", replace(held, digests=digests), why)
        return None

    def _twins(self, wanted: Wanted, source: Source) -> Iterator[Held]:
        offer = source.offer
        if not offer.size or not wanted.folder:
            return
        for held in self.here.sized(wanted.folder, offer.size):
            known = held.digests.get("sha256", "")
            contradicts = known and known != offer.claimed.get("sha256", known)
            if (
                not held.bad
                and not contradicts
                and wanted.agrees(held.digests) is not False
                and source.begins_as(held.path)
            ):
                yield held

    def alike(self, wanted: Wanted) -> Held | None:
        """A file of the same name in another sub-folder, or in other letters, where nothing speaks against it."""
        for held in self.here.alike(wanted) if wanted.folder else ():
            apart = abs(held.size - wanted.size) / wanted.size if wanted.size else 0
            if not held.bad and wanted.agrees(held.digests) is not False and apart <= _ROUNDED:
                return held
        return None

    def elsewhere(self, wanted: Wanted, sha256: str = "") -> list[Held]:
        """Files with the wanted bytes that ComfyUI does not list in the wanted folder."""
        return [held for held in self.here.hashed(wanted, sha256) if not held.lists_as][:3]


def _no_model(wanted: Wanted, held: Held) -> str:
    """Why a file cannot be the wanted one, whatever it is called; empty when nothing speaks against it."""
    if not held.size:
        return "empty"
    if wanted.size and not wanted.size / _FAR <= held.size <= wanted.size * _FAR:
        return f"{show_size(held.size)} large, and {show_size(wanted.size)} are wanted"
    try:
        with held.path.open("rb") as file:
            start = file.read(_HEAD)
        return looks_wrong(held.path.name, start) or wrong_container(held.path.name, start, held.size)
    except OSError as error:
        return f"not readable: {error.strerror}"


def _is_named(wanted: Wanted, held: Held) -> bool:
    """Whether a file of the wanted bytes has the wanted name; a name without ending is one for people."""
    ours, theirs = held.lists_as.replace("\\", "/"), wanted.name.replace("\\", "/")
    return bool(ours) and (theirs == ours or not wanted.has_suffix)
