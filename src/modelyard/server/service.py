"""What a service is beside its App: its routes, its start, what it remembers of its callers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from modelyard.app import App
from modelyard.server.once import Once, OnceInMemory


def no_snapshot(_app: App) -> dict[str, Any]:
    """The snapshot of a yard that has nothing to show yet."""
    return {}


def proofs_work(app: App) -> bool:
    """Whether the proofs can be read."""
    app.proofs.last_known(app.folder)
    return True


@dataclass
class Service:
    """One App, made reachable.

    Attributes:
        snapshot: The whole state, for whoever missed events.
        checks: What health tries, by name; one that is false or raises has failed.
        once: Remembers Idempotency-Keys.
        started: On the monotonic clock, in seconds.
    """

    app: App
    snapshot: Callable[[App], dict[str, Any]] = no_snapshot
    checks: dict[str, Callable[[App], bool]] = field(default_factory=lambda: {"proofs": proofs_work})
    once: Once = field(default_factory=OnceInMemory)
    started: float = field(default_factory=time.monotonic)
