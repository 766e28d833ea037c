"""What a service is beside its App: its start, its callers' tokens, what it counts and remembers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from modelyard.app import App
from modelyard.errors import NoService
from modelyard.server.access import Access
from modelyard.server.once import Once, OnceInMemory

if TYPE_CHECKING:
    from modelyard.server.metrics import Metrics


def no_snapshot(_app: App) -> dict[str, Any]:
    """The snapshot of a yard that has nothing to show yet."""
    return {}


def nobody() -> int:
    """How many listen where nobody can."""
    return 0


def nobody_of(_name: str) -> int:
    """How many of a name listen where nobody can."""
    return 0


def proofs_work(app: App) -> bool:
    """Whether the proofs can be read."""
    app.proofs.last_known(app.folder)
    return True


@dataclass
class Service:
    """One App, made reachable.

    Attributes:
        snapshot: The whole state, for whoever missed events; called on the pool's threads.
        checks: What health tries, by name; one that is false or raises has failed.
        once: Remembers Idempotency-Keys.
        listeners: How many WebSocket clients there are.
        listeners_of: And how many of a caller's name.
        hang_up: Closes their connections, from any thread.
        remote: Whether other machines may reach it.
        url: Where its page is; empty while nobody listens.
        started: On the monotonic clock, in seconds.
    """

    app: App
    snapshot: Callable[[App], dict[str, Any]] = no_snapshot
    checks: dict[str, Callable[[App], bool]] = field(default_factory=lambda: {"proofs": proofs_work})
    once: Once = field(default_factory=OnceInMemory)
    listeners: Callable[[], int] = nobody
    listeners_of: Callable[[str], int] = nobody_of
    hang_up: Callable[[], object] = nobody
    remote: bool = False
    url: str = ""
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        clock = self.app.clock
        self.access = Access(self.app.folder, remote=self.remote, now=clock.now, wall=clock.wall)
        self._metrics: Metrics | None = None

    @property
    def metrics(self) -> Metrics:
        """What is counted; add gauges of your own to it."""
        if self._metrics is None:
            from modelyard.server.metrics import Metrics

            self._metrics = Metrics()
        return self._metrics

    def link(self) -> str:
        """A link to the page that works once, within a minute.

        Raises:
            NoService: Nobody listens.
        """
        if not self.url:
            raise NoService("No service listens, so no link leads to it.")
        return self.url if self.remote else f"{self.url}#code={self.access.codes.make()}"
