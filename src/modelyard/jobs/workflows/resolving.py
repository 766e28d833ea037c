"""From rows of a workflow to a plan. The first that fits wins, and the reason is told each time.

1. refused names; 2. here by hash, then under that name in that folder, unless its hash speaks against it (`looking`);
3. where it can be had (`seeking`: address, mirrors, index, hash, search), and what its hub claims of it: those very
bytes may be here under another name, or a file that is as large and begins alike; 4. nothing: what a person can do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from modelyard.errors import BadValue, UnsafePath
from modelyard.jobs.workflows import rows
from modelyard.jobs.workflows.addresses import indexed_folder
from modelyard.jobs.workflows.places import Places, listed
from modelyard.jobs.workflows.plan import Plan, PlannedModel, Room, plan_of
from modelyard.jobs.workflows.rivals import apart, doubted, owner, rivals
from modelyard.jobs.workflows.wanted import Wanted, merged, read_row
from modelyard.library.roots.comfy import folder_name, is_comfy

if TYPE_CHECKING:
    from modelyard.jobs.workflows.looking import Looking
    from modelyard.jobs.workflows.seeking import Seeker
    from modelyard.jobs.workflows.sources import Sought, Source

_MOST_SOUGHT = 500
"""Models that hubs are asked about; a workflow that a person made has fewer."""
_MOST_LOOKED = 5_000
"""Models that are looked for here: whole folders of workflows have fewer, and nobody waits for minutes."""


@dataclass
class Resolver:
    """Makes plans.

    Args:
        looking: None when there is nothing to look at.
        seeker: None when nobody is asked.
        accept: Files that are likely to be the wanted ones are taken for them.
        rooms: The disks that would be written to.

    Attributes:
        wanted: The models of the last plan, each once.
        models: Their rows.
    """

    places: Places
    looking: Looking | None = None
    seeker: Seeker | None = None
    accept: bool = False
    rooms: Callable[[Iterable[PlannedModel]], tuple[Room, ...]] = lambda _models: ()
    wanted: list[Wanted] = field(default_factory=list)
    models: list[PlannedModel] = field(default_factory=list)

    def plan(self, told: Iterable[Mapping[str, Any]]) -> Plan:
        """What the models of a reader's rows are here.

        Raises:
            Stopped: Somebody asked to stop.
        """
        wanted, where = merged(map(read_row, told))
        self.wanted = [one if one.folder else replace(one, folder=indexed_folder(one)) for one in wanted]
        known = [self._known(one) if at < _MOST_LOOKED else _one_too_many(one) for at, one in enumerate(self.wanted)]
        groups = rivals(self.wanted)
        for group in groups:
            self._doubt(group, known)
        left = [self.wanted[at] for at, one in enumerate(known) if one is None]
        sought = iter(self._seek(left))
        self.models = [
            self._accepted(one if one is not None else self._settled(wanted, next(sought)))
            for one, wanted in zip(known, self.wanted, strict=True)
        ]
        self._unite()
        for group in groups:
            self._part(group)
        return plan_of(tuple(self.models[at] for at in where), self.rooms(self.models), self._notes())

    def _doubt(self, group: Sequence[int], known: list[PlannedModel | None]) -> None:
        """Ask hubs about rows of one name that are here by it alone; without hubs only the first is believed."""
        for at in group:
            one = known[at]
            if one is None or one.state != "here" or self.wanted[at].hash:
                continue
            if self.seeker:
                known[at] = None
            elif at != group[0]:
                known[at] = doubted(one)

    def _part(self, group: Sequence[int]) -> None:
        first = owner([self.models[at] for at in group])
        if first is not None:
            for at in group:
                self.models[at] = apart(first, self.models[at])

    def _unite(self) -> None:
        """One file for rows that mean the same bytes: pictures name a model by its file and again by its number."""
        targets = {
            (one.hash, folder_name(one.directory)): one for one in reversed(self.models) if one.fetched and one.hash
        }
        for at, (wanted, one) in enumerate(zip(self.wanted, self.models, strict=True)):
            first = targets.get((one.hash, folder_name(one.directory)))
            if first is not None and one.fetched and not wanted.has_suffix:
                self.models[at] = msgspec.structs.replace(one, target=first.target)

    def _known(self, wanted: Wanted) -> PlannedModel | None:
        if wanted.refused:
            return rows.row(wanted, "unsafe", wanted.refused, steps=("Ask whoever made the workflow.",))
        return self.looking.settled(wanted) if self.looking else None

    def _seek(self, wanted: Sequence[Wanted]) -> list[Sought | None]:
        if self.seeker is None:
            return [None] * len(wanted)
        few = self.seeker.all(wanted[:_MOST_SOUGHT])
        return [*few, *[None] * (len(wanted) - len(few))]

    def _settled(self, wanted: Wanted, sought: Sought | None) -> PlannedModel:
        """The row of a model that is not here under its name."""
        if sought is not None and sought.source is not None:
            return self._sourced(wanted, sought.source)
        target = ""
        try:
            target = str(self.places.target(wanted)) if wanted.has_suffix else ""
        except UnsafePath as error:
            return rows.row(wanted, "unsafe", error.message)
        except BadValue:
            target = ""  # told as unknown
        elsewhere = self.looking.elsewhere(wanted) if self.looking else []
        if sought is not None and sought.gate is not None:
            return rows.gated(wanted, *sought.gate, target, elsewhere)
        alike = self.looking.alike(wanted) if self.looking and not elsewhere else None
        if alike is not None:
            return rows.alike(wanted, alike)
        if sought is None:
            return rows.unasked(wanted, target, elsewhere)
        return rows.unresolved(wanted, sought, target, elsewhere)

    def _sourced(self, wanted: Wanted, source: Source) -> PlannedModel:
        """The row of a model whose place is known: its bytes may be here all the same."""
        wanted = replace(wanted, folder=wanted.folder or source.folder)
        if self.looking and (row := self.looking.offered(wanted, source)):
            return row
        claimed = source.offer.claimed.get("sha256", "")
        elsewhere = self.looking.elsewhere(wanted, claimed) if self.looking else []
        try:
            target = self.places.target(wanted, source.offer.name)
        except UnsafePath as error:
            return rows.row(wanted, "unsafe", error.message)
        except BadValue as error:
            return rows.unplaced(wanted, source, error, elsewhere)
        if self.looking and (row := self.looking.likely(wanted, source, target)):
            return row
        return rows.found(wanted, source, target, listed(target, self.places.of(wanted.folder)), elsewhere)

    def _accepted(self, row: PlannedModel) -> PlannedModel:
        return rows.accepted(row) if self.accept and row.state == "likely" else row

    def _notes(self) -> tuple[str, ...]:
        resting = self.seeker.questions.resting if self.seeker else {}
        notes = [*self.places.notes]
        notes += [f"{name} could not be asked: {error.message}" for name, error in resting.items()]
        cut = self.looking.here.cut if self.looking else []
        notes += [f"Not all of {folder} was looked through for other names: it takes too long." for folder in cut]
        notes += [
            f"{root.path} is a ComfyUI that is registered as one mixed folder: `modelyard roots add` it again."
            for root in self.places.roots.all
            if not root.folder and is_comfy(root.path)
        ]
        if not self.places.known:
            notes.append(
                "No folder of models is registered: name a ComfyUI (`--comfyui`), or `modelyard roots add` one."
            )
        return tuple(notes)


def _one_too_many(wanted: Wanted) -> PlannedModel:
    return rows.row(wanted, "unresolved", f"More than {_MOST_LOOKED:,} models are wanted; this one was not looked for.")
