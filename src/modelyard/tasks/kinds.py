"""The port between the queue and what it runs: a kind of task.

The queue knows no job. Whoever has work that should outlive a window registers a kind under its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from modelyard.net.stop import Stop
from modelyard.tasks.progress import Live
from modelyard.tasks.task import Task


class Ready(msgspec.Struct, frozen=True):
    """What a look ahead found, before a slot is taken.

    Attributes:
        size: Bytes of the result, None while unknown.
        room: Bytes still to be written, by a folder that exists.
        work: Whatever the kind wants to have again in `run`.
        title: A better title than the address, when the look ahead found one.
    """

    size: int | None = None
    room: Mapping[str, int] = msgspec.field(default_factory=dict)
    work: Any = None
    title: str = ""


class Result(msgspec.Struct, frozen=True):
    """What a run brought.

    Attributes:
        told: JSON-able facts for the result of the task.
        received: Bytes that came over the wire.
    """

    told: Mapping[str, Any]
    size: int | None = None
    received: int = 0


class Kind(Protocol):
    """Work that can be queued. Called from several threads at once."""

    name: str

    def prepare(self, task: Task, stop: Stop) -> Ready:
        """Look ahead: may the task run, how large is it? Moves no byte of a model.

        Raises:
            YardError: It cannot run, for now (`retryable`) or at all.
        """

    def run(self, task: Task, ready: Ready, live: Live, stop: Stop) -> Result:
        """Do it; look at `stop` often, and tell `live` how far it is.

        Raises:
            YardError: It failed; what was reached is kept for the next run.
        """

    def discard(self, task: Task) -> None:
        """Remove what an unfinished run left behind."""
