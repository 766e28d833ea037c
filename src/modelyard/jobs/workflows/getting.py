"""Getting what a plan found: one file after another, each from its next place when one fails.

A file that is whole has its name; what was interrupted goes on when the same workflow is asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from modelyard.errors import AccessError, CannotLend, DiskFull, Stopped, YardError
from modelyard.jobs.batch import forget
from modelyard.jobs.download import Download
from modelyard.jobs.wish import Outcome, Planned, Wish
from modelyard.jobs.workflows.naming import name_too, twin_of
from modelyard.jobs.workflows.plan import Plan, PlannedModel
from modelyard.jobs.workflows.resolving import Resolver
from modelyard.jobs.workflows.wanted import Wanted
from modelyard.jobs.yard import Yard
from modelyard.values.sizes import show_size

Showing = Callable[[Download, list[Planned]], AbstractContextManager[Callable[[], None]]]
"""Shows one download while it runs."""


@dataclass(frozen=True, slots=True)
class Got:
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


@dataclass(frozen=True, slots=True)
class Getting:
    """Fetches what the last plan of a resolver found."""

    yard: Yard
    resolver: Resolver
    showing: Showing
    link: bool = False
    """Give files whose bytes are here the workflow's names too, where that takes no room."""
    rewriting: Sequence[Path] = ()
    """Folders whose program writes into its files, see `name_too`."""

    def run(self) -> Iterator[Got]:
        """Fetch what is found; what became of each model, as it ends. A full disk ends all that is left for it.

        Raises:
            Stopped: Somebody asked to stop; what was fetched is kept.
        """
        for at, (wanted, model) in enumerate(zip(self.resolver.wanted, self.resolver.models, strict=True)):
            got = self._named(wanted, model) if self.link else None
            got = got or (self._one(wanted, model) if model.fetched else Got(model))
            if isinstance(got.error, Stopped):
                raise got.error
            self.resolver.models[at] = got.model
            yield got

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

    def _one(self, wanted: Wanted, model: PlannedModel) -> Got:
        """Fetch one model, from another place when one fails.

        A second place must have the bytes that the first one promised.
        """
        tried: list[str] = []
        first: Got | None = None
        row: PlannedModel | None = model
        while row is not None:
            got = self._from(row, wanted.sha256 or model.hash)
            if got.error is None:
                return self._compared(wanted, got)
            if isinstance(got.error, (Stopped, DiskFull)):
                return got
            first = first or got
            tried.append(row.address)
            row = self.resolver.again(wanted, tried)
            if row is not None and row.hash and model.hash not in ("", row.hash):
                row = None
        assert first is not None
        return first

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

    def _from(self, row: PlannedModel, sha256: str) -> Got:
        wish = Wish([row.address], row.target, sha256=sha256 or None, told=True)
        download = Download(self.yard, wish, forget)
        try:
            planned = download.plan()
            with self.showing(download, planned) as tick:
                (outcome,) = download.run(planned, tick)
        except YardError as error:
            return Got(_failed(row, error), None, error)
        if outcome.error:
            return Got(_failed(row, outcome.error), outcome, outcome.error)
        return Got(_arrived(row, outcome), outcome)


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
