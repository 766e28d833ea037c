"""How far running tasks are: one frame for all of them, and the stage that each is in."""

from __future__ import annotations

from modelyard.tasks.moving import Move
from modelyard.tasks.queue import Queue
from modelyard.tasks.running import Running
from modelyard.tasks.runs import Runs
from modelyard.tasks.states import State

TICK = 0.25
"""Seconds between two frames, at least."""


class Teller:
    """Publishes what runs have told of themselves."""

    def __init__(self, queue: Queue, runs: Runs) -> None:
        self._queue = queue
        self._runs = runs
        self._told: dict[int, int] = {}

    def tell(self) -> float:
        """One frame for all running tasks, when any of them got further. Gives the seconds until the next."""
        running = self._runs.all()
        told = {one.task.id: one.live.moves for one in running}
        if told != self._told:
            self._told = told
            self._queue.events.publish("progress", {"tasks": [one.live.snapshot() for one in running]}, passing=True)
        for one in running:
            self._show_stage(one)
        return TICK if running else 4 * TICK

    def _show_stage(self, one: Running) -> None:
        proving = one.live.get("stage") == "proving"
        if proving and one.task.state is State.RUNNING:
            moved = self._queue.mover.attempt(Move(one.task.id, State.VERIFYING, run=one.task.run))
            one.task = moved or one.task
