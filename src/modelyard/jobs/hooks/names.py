"""From the events of the queue to the names that hooks listen to. Pure, but for a count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.events.log import Event

NAMES: Mapping[str, str] = {
    "task-added": "Tasks came into the queue.",
    "task-started": "A task began to run.",
    "task-done": "A task is done.",
    "task-failed": "A task failed.",
    "task-cancelled": "A task was cancelled.",
    "task-paused": "A task was paused.",
    "queue-empty": "The last open task came to its end.",
    "library-upkeep": "A round of upkeep is over.",
    "library-damaged": "The health monitor found damaged models.",
}
"""Names of events, and what each means."""

_MOVES = {"done": "task-done", "failed": "task-failed", "cancelled": "task-cancelled", "paused": "task-paused"}
_ENDED = frozenset({"done", "failed", "cancelled"})
_STARTS = frozenset({"queued", "waiting"})


class Namer:
    """Names events.

    Args:
        still_open: Tasks that are open when the first event comes.
    """

    def __init__(self, still_open: int = 0) -> None:
        self._open = still_open

    def names(self, event: Event) -> tuple[str, ...]:
        """The names of an event, most often none."""
        if event.kind == "task.added":
            self._open += len(event.data.get("ids", ()))
            return ("task-added",)
        if event.kind in ("library.upkeep", "library.damaged"):
            return (event.kind.replace(".", "-"),)
        if event.kind == "task.moved":
            return self._moved(event.data)
        return ()

    def _moved(self, data: Mapping[str, Any]) -> tuple[str, ...]:
        before, after = str(data.get("from") or ""), str(data.get("to") or "")
        found: tuple[str, ...] = ("task-started",) if after == "running" and before in _STARTS else ()
        if name := _MOVES.get(after):
            found += (name,)
        ended = (after in _ENDED) - (before in _ENDED)
        self._open = max(0, self._open - ended)
        return (*found, "queue-empty") if ended > 0 and not self._open else found
