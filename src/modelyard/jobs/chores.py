"""Chores: work of the library that takes its time, run as tasks of the queue or at once by a command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from modelyard.errors import BadValue
from modelyard.jobs.stock import Stock
from modelyard.net.stop import Stop
from modelyard.tasks.kinds import Ready, Result
from modelyard.tasks.picking import LIBRARY
from modelyard.tasks.progress import Live
from modelyard.tasks.task import Draft, Priority, Task

T = TypeVar("T", bound="Options")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of what can be said about a chore."""


class Step(msgspec.Struct, frozen=True):
    """How far a chore is.

    Attributes:
        done: Bytes, where it reads any; else things.
        note: The same in words.
    """

    done: int
    size: int | None
    note: str
    received: int = 0


Tell = Callable[[Step], object]


class Chore(msgspec.Struct, Generic[T], frozen=True):
    """One kind of such work.

    Attributes:
        name: Of its tasks.
        title: What a person reads in a list.
        options: What can be said about it.
        do: Does it; gives JSON-able facts.
        unique: The same work asked twice is done once.
        loose: Options in which the same work may differ.
    """

    name: str
    title: str
    options: type[T]
    do: Callable[[Stock, T, Stop, Tell], Mapping[str, Any]]
    unique: bool = True
    loose: tuple[str, ...] = ()

    def read(self, said: Mapping[str, Any]) -> T:
        """The options as they were said.

        Raises:
            BadValue: They make no sense.
        """
        try:
            return msgspec.convert(dict(said), self.options)
        except msgspec.ValidationError as error:
            raise BadValue(f"{self.name}: {error}.") from error

    def draft(self, options: T, priority: Priority = Priority.NORMAL) -> Draft:
        """A task that does it."""
        payload = msgspec.to_builtins(options)
        same = {name: value for name, value in payload.items() if name not in self.loose}
        key = f"{self.name} {msgspec.json.encode(same, order='sorted').decode()}" if self.unique else None
        return Draft(kind=self.name, title=self.title, hub=LIBRARY, payload=payload, key=key, priority=priority)


class ChoreKind:
    """A chore as a kind of task."""

    def __init__(self, chore: Chore[Any], stock: Callable[[], Stock]) -> None:
        self.name = chore.name
        self._chore = chore
        self._stock = stock

    def prepare(self, task: Task, stop: Stop) -> Ready:  # noqa: ARG002  # the port's arguments
        """Nothing is asked of anybody before it runs."""
        return Ready(work=self._chore.read(task.payload))

    def run(self, task: Task, ready: Ready, live: Live, stop: Stop) -> Result:  # noqa: ARG002
        """Do it."""
        told = self._chore.do(self._stock(), ready.work, stop, lambda step: _tell(live, step))
        return Result(told)

    def discard(self, task: Task) -> None:
        """It leaves nothing behind."""


def _tell(live: Live, step: Step) -> None:
    live.tell(done=step.done, received=step.received, size=step.size, stage="working", note=step.note)
