"""Arrivals: proven parts get their final names together, one sync for many.

A thread of its own takes whatever waits: while one batch is being synced the next one gathers, so the
batches are as large as the disk is slow. A file counts as done when bytes, name and proof are durable.
"""

from __future__ import annotations

import contextlib
import filecmp
import queue
import threading
from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path

from modelyard.engine.journal import forget_journal
from modelyard.engine.landing import name, sync_parts
from modelyard.engine.part import PartFile
from modelyard.errors import TargetExists, YardError, unforeseen
from modelyard.jobs.admission import Check, quarantined
from modelyard.store.proofs import Proof, Proofs

_MOST = 256


@dataclass(slots=True)
class Arrival:
    """A proven part on its way to its final name.

    Attributes:
        part: Held until `done` is told.
        proof: Makes the proof once the file stands under its name; None when it vanished.
        done: Told None, or the error that kept it from landing.
    """

    part: PartFile
    target: Path
    replace: bool
    proof: Callable[[], Proof | None]
    done: Callable[[YardError | None], None]


def _name(arrival: Arrival, *, quarantine: bool) -> None:
    """Give a part its name, or that of a quarantined file; the very bytes that lie there already are enough.

    Raises:
        TargetExists: The name is taken, and nobody said that what has it may go; of a quarantined file nobody says so.
    """
    if not quarantine:
        name(arrival.part, arrival.target, replace=arrival.replace)
        return
    apart = quarantined(arrival.target)
    try:
        name(arrival.part, apart, replace=False)
    except TargetExists as error:
        if apart.is_symlink() or not filecmp.cmp(arrival.part.path, apart, shallow=False):
            error.hint = f"Look at {apart.name}, and move or remove it; then try again."
            raise
        arrival.part.remove()


class Arrivals:
    """Lands parts in batches. Use as a context manager: leaving it waits for the last one.

    Args:
        check: Why parts may not get their final names, None for each that may; the others get those of quarantined
            files instead.
    """

    def __init__(
        self,
        proofs: Proofs,
        check: Check = lambda arrived: [None] * len(arrived),
    ) -> None:
        self._proofs = proofs
        self._check = check
        self._waiting: queue.SimpleQueue[Arrival | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="arrivals", daemon=True)

    def __enter__(self) -> Arrivals:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.put(None)
        self._thread.join()

    def put(self, arrival: Arrival) -> None:
        """Let a part land soon."""
        self._waiting.put(arrival)

    def _run(self) -> None:
        while True:
            batch = [self._waiting.get()]
            with contextlib.suppress(queue.Empty):
                while len(batch) < _MOST and batch[-1] is not None:
                    batch.append(self._waiting.get_nowait())
            arrivals = [arrival for arrival in batch if arrival is not None]
            try:
                self._land(arrivals)
            except Exception as error:  # noqa: BLE001  # every arrival must hear its end, and the next ones too
                for arrival in arrivals:
                    arrival.done(unforeseen(error))
            if batch[-1] is None:
                return

    def _land(self, batch: list[Arrival]) -> None:
        if not batch:
            return
        try:
            sync_parts([arrival.part for arrival in batch])
        except YardError as error:
            for arrival in batch:
                arrival.done(error)
            return
        failed: dict[int, YardError] = {}
        refused: dict[int, YardError] = {}
        whys = self._check([(arrival.part.path, arrival.target) for arrival in batch])
        for arrival, why in zip(batch, whys, strict=True):
            try:
                arrival.part.check_place()
                if why is not None:
                    refused[id(arrival)] = why
                _name(arrival, quarantine=why is not None)
            except YardError as error:
                failed[id(arrival)] = error
        landed = [arrival for arrival in batch if id(arrival) not in failed]
        unrecorded = self._record(landed, refused)
        for arrival in batch:
            arrival.done(failed.get(id(arrival)) or refused.get(id(arrival)) or unrecorded)

    def _record(self, landed: list[Arrival], refused: Container[int]) -> YardError | None:
        """Make names durable and keep proofs; a file in quarantine has none."""
        proven = [arrival for arrival in landed if id(arrival) not in refused]
        try:
            for part in {arrival.target.parent: arrival.part for arrival in landed}.values():
                part.folder.sync()
            self._proofs.keep(proof for arrival in proven if (proof := arrival.proof()) is not None)
        except YardError as error:
            return error
        for arrival in landed:
            forget_journal(arrival.part)
        return None
