"""How far a download is: what is being fetched, what became of each file. Written by workers, read by faces."""

from __future__ import annotations

import threading
from pathlib import Path

from msgspec.structs import replace

from modelyard.engine.progress import Progress, Snapshot
from modelyard.errors import DiskFull
from modelyard.jobs.folders import nearest_folder
from modelyard.jobs.wish import Outcome


class Standing:
    """The files of one download.

    Attributes:
        progress: How far each file is that is being fetched now, by its target as it was planned first.
        ended: How far each of the others came that was begun; of what failed nothing counts.
        outcomes: What became of the others, in the order in which they ended.
        parts: Every part that was begun.
    """

    def __init__(self) -> None:
        self.progress: dict[str, Progress] = {}
        self.ended: dict[str, Snapshot] = {}
        self.outcomes: list[Outcome] = []
        self.parts: set[Path] = set()
        self._full: set[int] = set()
        self._lock = threading.Lock()

    def begin(self, target: Path, progress: Progress) -> None:
        """A file is being fetched."""
        with self._lock:
            self.progress[str(target)] = progress

    def hold(self, part: Path) -> None:
        """A part was begun."""
        with self._lock:
            self.parts.add(part)

    def settle(self, outcome: Outcome, begun: Progress | None = None) -> None:
        """A file has ended.

        Args:
            begun: Its progress, if it was begun. Its target may be another by now: servers name files.
        """
        full = {nearest_folder(outcome.target).stat().st_dev} if isinstance(outcome.error, DiskFull) else set()
        with self._lock:
            self._full |= full
            self.outcomes.append(outcome)
            for target in [target for target, progress in self.progress.items() if progress is begun]:
                last = self.progress.pop(target).snapshot()
                size = 0 if outcome.error else last.done
                self.ended[target] = replace(last, size=size, done=size)

    def snapshots(self) -> list[Snapshot]:
        """How far each file is that is being fetched now."""
        with self._lock:
            return [progress.snapshot() for progress in self.progress.values()]

    def reached(self) -> dict[str, Snapshot]:
        """How far each file is or was that was begun, by its target as it was planned first."""
        with self._lock:
            return self.ended | {target: progress.snapshot() for target, progress in self.progress.items()}

    def check_disk(self, target: Path) -> None:
        """Files for a disk that has just filled up are not even tried; other disks go on.

        Raises:
            DiskFull: An earlier file found it full.
        """
        if self._full and nearest_folder(target).stat().st_dev in self._full:
            raise DiskFull(f"No room left for {target}.")
