"""Getting what a plan found: several files at once, each from its next place when one fails.

A file that is whole has its name; what was interrupted goes on when the same workflow is asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from modelyard.errors import AccessError, CannotLend, DiskFull, Stopped, TargetExists, YardError
from modelyard.hubs.base import Hub
from modelyard.jobs.addressing import forget
from modelyard.jobs.download import Download
from modelyard.jobs.wish import Outcome, Planned, Wish
from modelyard.jobs.workflows.elsewhere import Elsewhere
from modelyard.jobs.workflows.naming import name_too, twin_of
from modelyard.jobs.workflows.plan import Plan, PlannedModel
from modelyard.jobs.workflows.resolving import Resolver
from modelyard.jobs.workflows.wanted import Wanted
from modelyard.jobs.yard import Yard
from modelyard.net.stop import Stop
from modelyard.values.offers import Offer
from modelyard.values.sizes import show_size

Showing = Callable[[Download, list[Planned]], AbstractContextManager[Callable[[], None]]]
"""Shows a download while it runs."""


class Got(msgspec.Struct, frozen=True):
    """What became of one model.

    Attributes:
        model: Its row after that.
        error: None when it is here.
    """

    model: PlannedModel
    outcome: Outcome | None = None
    error: YardError | None = None


def check_room(plan: Plan) -> None:
    """Refuse before byte 1 what cannot fit.

    Raises:
        DiskFull: With what is needed and what there is.
    """
    for room in plan.room:
        if not room.fits:
            raise DiskFull(
                f"{show_size(room.needed)} are needed on the disk of {room.folder}, "
                f"{show_size(room.free or 0)} are free.",
                needed=room.needed,
                free=room.free,
            )


class Getting(msgspec.Struct, frozen=True):
    """Fetches what the last plan of a resolver found."""

    yard: Yard
    resolver: Resolver
    showing: Showing
    link: bool = False
    """Give files whose bytes are here the workflow's names too, where that takes no room."""
    rewriting: Sequence[Path] = ()
    """Folders whose program writes into its files, see `name_too`."""

    def run(self) -> Iterator[Got]:
        """Fetch what is found, several at once; then what became of each model, in the order of the plan.

        Raises:
            DiskFull: All of it together does not fit; nothing was fetched.
            Stopped: Somebody asked to stop; what was fetched is kept.
        """
        got: dict[int, Got] = {}
        left: list[int] = []
        for at, (wanted, model) in enumerate(zip(self.resolver.wanted, self.resolver.models, strict=True)):
            linked = self._named(wanted, model) if self.link else None
            if linked is None and model.fetched:
                left.append(at)
            else:
                got[at] = linked or Got(model)
        while left:
            first = {self.resolver.models[at].target: at for at in reversed(left)}
            got |= self._fetched(sorted(first.values()))
            left = [at for at in left if at not in got]
        for at in sorted(got):
            self.resolver.models[at] = got[at].model
            if not isinstance(got[at].error, Stopped):
                yield got[at]
        if stopped := next((one.error for one in got.values() if isinstance(one.error, Stopped)), None):
            raise stopped

    def _fetched(self, rows: Sequence[int]) -> dict[int, Got]:
        """What became of models with different targets."""
        others = {at: Elsewhere(self.yard, self.resolver.wanted[at], self._promised(at)) for at in rows}
        got: dict[int, Got] = {}
        planned: dict[str, tuple[int, Planned]] = {}
        for at in rows:
            try:
                one = self._planned(at, others[at])
                planned[str(one.place.target)] = at, one
            except YardError as error:
                got[at] = Got(_failed(self.resolver.models[at], error), None, error)

        def other(target: str, address: str, error: YardError, stop: Stop) -> tuple[Hub, Offer] | None:
            return others[planned[target][0]](address, error, stop)

        whole = Download(self.yard, Wish((), told=True), forget, other)
        todo = [one for _, one in planned.values()]
        whole.check_room(todo)
        with self.showing(whole, todo) as tick:
            outcomes = whole.run(todo, tick)
        for outcome in outcomes:
            at = planned[str(outcome.planned.place.target)][0]
            got[at] = self._ended(at, outcome)
        return got

    def _promised(self, at: int) -> str:
        return self.resolver.wanted[at].sha256 or self.resolver.models[at].hash

    def _planned(self, at: int, other: Elsewhere) -> Planned:
        """The one file of a row.

        Raises:
            YardError: It cannot be fetched.
        """
        row = self.resolver.models[at]
        wish = Wish([row.address], row.target, sha256=self._promised(at) or None, told=True)
        (planned,) = Download(self.yard, wish, forget, lambda _, *asked: other(*asked)).plan()
        if not planned.place.fixed:
            raise TargetExists(f"{row.target} is a folder.")
        return planned

    def _ended(self, at: int, outcome: Outcome) -> Got:
        row, one = self.resolver.models[at], outcome.planned
        if outcome.error:
            return Got(_failed(row, outcome.error), outcome, outcome.error)
        place = one.hub.show(one.offer.address)
        if place != row.address:
            row = msgspec.structs.replace(row, address=place, hub=one.offer.hub, page=one.offer.page or "")
        return self._compared(self.resolver.wanted[at], Got(_arrived(row, outcome), outcome))

    def _named(self, wanted: Wanted, model: PlannedModel) -> Got | None:
        """Give the bytes that are here the wanted name; None when there are none, or no way is known."""
        twin = twin_of(model)
        if not twin:
            return None
        try:
            target, way = name_too(self.resolver.places, self.yard.proofs, wanted, Path(twin), self.rewriting)
        except (Stopped, DiskFull) as error:
            return Got(model, None, error)
        except YardError as error:
            return None if model.fetched or isinstance(error, CannotLend) else Got(model, None, error)
        why = f"A second name ({way}) of {twin}."
        more = {"lists_as": "", "steps": (), "candidates": (), "twin": "", "verified": True}
        return Got(msgspec.structs.replace(model, state="here", path=str(target), why=why, **more))

    def _compared(self, wanted: Wanted, got: Got) -> Got:
        """What arrived, compared with the short hash that the workflow says: no hub need have claimed it."""
        path = Path(got.model.path)
        proof = self.yard.proofs.of(path)
        agrees = wanted.agrees(proof.measured) if proof else None
        if agrees is not False:
            return Got(msgspec.structs.replace(got.model, verified=got.model.verified or bool(agrees)), got.outcome)
        why = f"It was fetched from {got.model.address}, but its hash is not what the workflow says."
        steps = ("It is kept; see whether it is what you want, or give it another name and look for the other.",)
        return Got(
            msgspec.structs.replace(got.model, state="differs", verified=False, why=why, steps=steps), got.outcome
        )


def _arrived(row: PlannedModel, outcome: Outcome) -> PlannedModel:
    return msgspec.structs.replace(
        row,
        state="here",
        path=str(outcome.target),
        verified=bool(outcome.proven),
        size=outcome.size,
        hash=outcome.sha256 or row.hash,
        why=f"{outcome.how[:1].upper()}{outcome.how[1:]}.",
        lists_as=row.lists_as if row.state == "found" else "",
        steps=row.steps if row.state == "found" else (),
        candidates=(),
    )


def _failed(row: PlannedModel, error: YardError) -> PlannedModel:
    state = "gated" if isinstance(error, AccessError) else "found"
    steps = (error.hint, *([f"Open {error.link}"] if error.link else []))
    told = {"why": error.message, "error": error.code, "steps": steps, "gate": error.link or row.gate}
    return msgspec.structs.replace(row, state=state, **told)
