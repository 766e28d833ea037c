"""How far running tasks are: kept in memory, told four times a second at most, never written per chunk."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Live:
    """How far one running task is. The kind writes, everybody reads.

    Attributes:
        moves: Grows with every sign of life: bytes, stages, notes.
    """

    task: int
    run: int
    _told: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    moves: int = 0

    def tell(
        self,
        *,
        done: int,
        received: int,
        size: int | None = None,
        speed: float = 0.0,
        eta: float | None = None,
        stage: str = "transferring",
        note: str = "",
        connections: int = 0,
        files: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """How far it is now; bytes, bytes per second, seconds."""
        told = {
            "done": done,
            "received": received,
            "size": size,
            "speed": round(speed),
            "eta": None if eta is None else round(eta, 1),
            "stage": stage,
            "note": note,
            "connections": connections,
            "files": list(files),
        }
        with self._lock:
            if told != self._told:
                self.moves += 1
                self._told = told

    def snapshot(self) -> dict[str, Any]:
        """The last word, with the task's id."""
        with self._lock:
            return {"id": self.task, **self._told}

    def get(self, name: str, default: Any = None) -> Any:
        """One fact of the last word."""
        with self._lock:
            return self._told.get(name, default)
