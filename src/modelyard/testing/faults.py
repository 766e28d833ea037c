"""The switchboard: which fault hits which file, and how slow the hub is."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from modelyard.testing.cdn import Cdn
from modelyard.testing.clock import Clock
from modelyard.testing.scenarios import Scenario, Setting, catalogue
from modelyard.testing.server import Pace
from modelyard.testing.wire import Answer, Origin, Request

Reach = Literal["file", "any"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a scenario applies."""

    path: str
    origin: Origin | None
    reach: Reach
    scenario: Scenario

    def hits(self, request: Request, answer: Answer) -> bool:
        """Whether this answer is under the rule."""
        if self.reach == "file" and answer.file is None:
            return False
        if self.origin not in (None, request.origin):
            return False
        label = answer.file.label if answer.file else request.path
        return fnmatchcase(request.path, self.path) or fnmatchcase(label, self.path)


class Faults:
    """What goes wrong, and where.

    Attributes:
        scenarios: Every scenario's class by name.
    """

    def __init__(self, cdn: Cdn, clock: Clock) -> None:
        self.scenarios: Mapping[str, type[Scenario]] = catalogue()
        self.pace = Pace()
        self._cdn, self._clock = cdn, clock
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._pinned: dict[str, Scenario] = {}

    @property
    def speed(self) -> int | None:
        """Body bytes per second of each connection that sends a file; None is full speed."""
        return self.pace.speed

    @speed.setter
    def speed(self, rate: int | None) -> None:
        self.pace.speed = rate

    @property
    def latency(self) -> float:
        """Seconds before each answer."""
        return self.pace.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self.pace.latency = seconds

    def use(
        self, name: str, path: str = "*", *, origin: Origin | None = None, on: Reach = "file", **settings: Setting
    ) -> Scenario:
        """Put what matches the glob ``path`` under a scenario; the newest rule wins.

        Args:
            name: A scenario of the matrix.
            path: Matched against the request's path and the file's label (``org/repo/model.safetensors``).
            origin: Only this listener.
            on: ``file`` hits answers that carry a file's body, ``any`` hits API answers and redirects too.
            settings: Numbers that the scenario reads.
        """
        scenario = self._make(name, settings)
        with self._lock:
            self._rules.insert(0, Rule(path, origin, on, scenario))
        return scenario

    def pin(self, label: str, name: str, settings: Mapping[str, Setting]) -> Scenario:
        """The scenario of one labelled file, made at its first request."""
        with self._lock:
            if label not in self._pinned:
                self._pinned[label] = self._make(name, settings)
            return self._pinned[label]

    def clear(self) -> None:
        """No more faults, full speed, and every stalled connection goes free."""
        with self._lock:
            self._rules, self._pinned = [], {}
        self.release()
        self.speed, self.latency = None, 0.0

    def release(self) -> None:
        """End every stall of this moment."""
        self.pace.released.set()
        self.pace.released = threading.Event()

    def apply(self, request: Request, answer: Answer) -> Answer:
        """The answer, or what its fault makes of it."""
        scenario = self._of(request, answer)
        return scenario.wrap(request, answer) if scenario else answer

    def _of(self, request: Request, answer: Answer) -> Scenario | None:
        if answer.file and answer.file.label in self._pinned:
            return self._pinned[answer.file.label]
        return next((rule.scenario for rule in self._rules if rule.hits(request, answer)), None)

    def _make(self, name: str, settings: Mapping[str, Setting]) -> Scenario:
        return self.scenarios[name](cdn=self._cdn, clock=self._clock, **settings)
