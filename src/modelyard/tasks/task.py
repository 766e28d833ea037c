"""What a task is, and what somebody says who adds one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import msgspec
from sqlalchemy.engine import RowMapping

from modelyard.tasks.states import State


class Priority(IntEnum):
    """Strict: nothing of a later one starts while an earlier one could. Numbered so that an index reads it in order."""

    HIGH = 0
    NORMAL = 1
    LOW = 2

    @property
    def word(self) -> str:
        """``low``, ``normal`` or ``high``."""
        return self.name.lower()


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A task that is to be added.

    Attributes:
        kind: Who runs it: ``download``, ``scan``, …
        title: What a person reads in a list.
        address: Canonical address, empty when the kind has none.
        hub: For fairness, limits and statistics; empty when the kind has none.
        target: Where the result goes, as text.
        payload: The kind's own options, JSON-able.
        key: Equal keys mean equal work: the later task follows the earlier one. None follows nobody.
        needs: Tasks that must be done before: ids, or for one added in the same call ``-1 - its index``.
    """

    kind: str
    title: str
    address: str = ""
    hub: str = ""
    target: str = ""
    payload: Mapping[str, Any] = {}
    key: str | None = None
    priority: Priority = Priority.NORMAL
    needs: tuple[int, ...] = ()
    size: int | None = None


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the queue, as the database has it. Times are seconds since 1970.

    Attributes:
        until: A waiting task goes on at this time.
        follows: The task whose work it shares.
        run: How often it was started.
        attempts: Failed tries since a person asked last.
        error: Code, message, hint and retryable of the last failure.
        size: Bytes in all, None while unknown.
        done: Bytes that are here.
        received: Bytes that came over the wire in all runs.
        seconds: How long all runs took.
        listed: Shown in the queue; history shows it either way.
    """

    id: int
    kind: str
    title: str
    address: str
    hub: str
    target: str
    payload: dict[str, Any]
    key: str | None
    priority: Priority
    position: float
    state: State
    reason: str
    until: float | None
    follows: int | None
    run: int
    attempts: int
    error: dict[str, Any] | None
    result: dict[str, Any] | None
    size: int | None
    done: int
    received: int
    seconds: float
    created: float
    started: float | None
    ended: float | None
    favourite: bool
    listed: bool

    @property
    def options(self) -> dict[str, Any]:
        """The payload without what its kind keeps to itself: names that begin with an underscore."""
        return {name: value for name, value in self.payload.items() if not name.startswith("_")}


_JSON = ("payload", "error", "result")


def task_of(row: RowMapping) -> Task:
    """A task from a row of the table."""
    told: dict[str, Any] = {str(name): value for name, value in row.items() if name != "search"}
    for name in _JSON:
        told[name] = None if told[name] is None else msgspec.json.decode(told[name])
    told["state"] = State(told["state"])
    told["priority"] = Priority(told["priority"])
    return Task(**told)
