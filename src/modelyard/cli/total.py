"""How far several files are together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from modelyard.engine.progress import Progress, Snapshot
from modelyard.jobs.preflight import Step

if TYPE_CHECKING:
    from modelyard.jobs.download import Download
    from modelyard.jobs.wish import Planned


class Total:
    """The sum of a download's files: bytes, speed and time to go. What was here before does not count.

    Attributes:
        files: How many have to be fetched.
    """

    def __init__(self, download: Download, planned: Sequence[Planned]) -> None:
        todo = [one for one in planned if one.verdict.step is not Step.HERE]
        self.files = len(todo)
        self._download = download
        self._here = len(planned) - len(todo)
        self._sizes = {str(one.place.target): one.order.size for one in todo}
        self._progress = Progress(f"{self.files} files", download.yard.engine.clock)
        self._progress.stage = "transferring"

    def snapshot(self) -> Snapshot:
        """How far all of them are; the size is unknown while that of one is, and without those that failed."""
        begun, total = self._download.reached(), self._progress
        came = sum(one.received for one in begun.values())
        total.add(max(0, came - total.received))
        total.kept = sum(one.done for one in begun.values()) - total.received
        sizes = (self._sizes | {target: one.size for target, one in begun.items()}).values()
        total.size = None if None in sizes else sum(size or 0 for size in sizes)
        total.note = f"{len(self._download.outcomes) - self._here} finished"
        return total.snapshot()
