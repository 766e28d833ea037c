"""The download flow: from texts to proven files under their final names.

Read it from top to bottom: `resolve` asks the hubs, `plan` decides what has to be done (`planning.py`), `run` does
it, a file a worker (`fetching.py`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from modelyard.engine.hold import hold
from modelyard.engine.journal import forget_journal
from modelyard.engine.progress import Snapshot
from modelyard.errors import Busy
from modelyard.hubs.base import Hub
from modelyard.jobs.addressing import KeepKey
from modelyard.jobs.fetching import Fetching
from modelyard.jobs.folders import remove_empty
from modelyard.jobs.planning import Other, Planner
from modelyard.jobs.standing import Standing
from modelyard.jobs.wish import Outcome, Planned, Refused, Wish
from modelyard.jobs.yard import Yard
from modelyard.net.bandwidth import Bucket
from modelyard.net.stop import Stop
from modelyard.values.offers import Listing


class Download:
    """One download of one or many files.

    Args:
        keep_key: Told every key inside a pasted link.
        other: Asked by workers, for a file that they could not fetch.

    Attributes:
        stop: Ends it.
        limit: The speed limit of these files together; may be changed while they run.
    """

    def __init__(self, yard: Yard, wish: Wish, keep_key: KeepKey, other: Other | None = None) -> None:
        self.yard, self.wish = yard, wish
        self.stop = Stop(yard.stop)
        self.limit = Bucket(yard.engine.clock, wish.limit)
        self._planner = Planner(yard, wish, keep_key, other, self.stop)
        self._standing = Standing()

    def resolve(self) -> list[tuple[Hub, Listing]]:
        """Ask the hubs what the addresses offer: see `Planner.resolve`."""
        return self._planner.resolve()

    def plan(self, *, ask: bool = False) -> list[Planned]:
        """Decide for each file what has to be done, and that it fits: see `Planner.plan`."""
        return self._planner.plan(ask=ask)

    def check_room(self, planned: Sequence[Planned]) -> None:
        """Refuse what cannot fit: see `Planner.check_room`."""
        self._planner.check_room(planned)

    def room(self, planned: Sequence[Planned]) -> dict[str, int | None]:
        """Free bytes of each disk that a plan writes to, by a folder on it."""
        return self._planner.room(planned)

    def run(self, planned: Sequence[Planned], on_tick: Callable[[], None] = lambda: None) -> list[Outcome]:
        """Fetch what has to be fetched; one file's failure does not stop the others.

        Args:
            on_tick: Called about ten times a second; look at `snapshots` and `outcomes` then.
        """
        fetching = Fetching(self._planner, self._standing, self.stop, self.limit)
        fetching.run(planned, on_tick)
        remove_empty(fetching.made)
        on_tick()
        return self.outcomes

    @property
    def outcomes(self) -> list[Outcome]:
        """What became of the files that ended, in that order."""
        return self._standing.outcomes

    @property
    def refused(self) -> list[Refused]:
        """What was not tried, and why."""
        return self._planner.refused

    def snapshots(self) -> list[Snapshot]:
        """How far each file is that is being fetched now."""
        return self._standing.snapshots()

    def reached(self) -> dict[str, Snapshot]:
        """How far each file is or was that was begun, by its target as it was planned first."""
        return self._standing.reached()

    def discard(self, planned: Sequence[Planned] = ()) -> None:
        """Remove the unfinished parts of this download, or of one like it that ran earlier, from its plan."""
        # What a server told after planning may have given a part another name.
        parts = (
            self._standing.parts | {one.part for one in planned} | {outcome.planned.part for outcome in self.outcomes}
        )
        for part in parts - {outcome.planned.part for outcome in self.outcomes if outcome.error is None}:
            self._discard_one(part)

    def _discard_one(self, part: Path) -> None:
        """Remove a part, unless somebody is writing it."""
        if not part.exists():
            return
        with (
            contextlib.suppress(Busy),
            hold(part, self.yard.engine.clock, Stop(), lambda: None, patient=False, within=self.wish.within) as held,
        ):
            held.remove()
            forget_journal(held)
