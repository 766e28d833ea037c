"""What a caller sees of a task, and of bulk answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from modelyard.app import App
from modelyard.tasks.states import ACTIVE, State
from modelyard.tasks.task import Task
from modelyard.tasks.verbs import Answer


class TaskError(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong: a stable code, what happened, the next step, and whether trying again may help."""

    code: str
    message: str
    hint: str
    retryable: bool
    link: str | None = None
    facts: dict[str, Any] = {}


class TaskView(msgspec.Struct, frozen=True, kw_only=True):
    """One task. Times are seconds since 1970, sizes bytes, speed bytes per second.

    Attributes:
        options: What was said about it, see the body of `POST /tasks`.
        reason: Why it is in its state, in words.
        until: When a waiting task goes on.
        follows: Id of the task whose work it shares.
        attempts: Failed tries since a person asked last.
        result: What came of it: `files`, each with path, size, sha256 and whether it was verified.
        live: How far it is, while it runs: speed, eta, stage, note, connections, files.
    """

    id: int
    kind: str
    title: str
    address: str
    hub: str
    target: str
    options: dict[str, Any]
    priority: str
    position: float
    state: State
    reason: str
    until: float | None
    follows: int | None
    run: int
    attempts: int
    error: TaskError | None
    result: dict[str, Any] | None
    size: int | None
    done: int
    received: int
    seconds: float
    created: float
    started: float | None
    ended: float | None
    favourite: bool
    live: dict[str, Any] | None = None


class AnswerView(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one id: its task, or why nothing was changed."""

    id: int
    task: TaskView | None = None
    error: TaskError | None = None


_SAME = tuple(name for name in TaskView.__struct_fields__ if name in Task.__struct_fields__)


def view(task: Task, live: Mapping[int, dict[str, Any]] | None = None) -> TaskView:
    """A task as it is shown; a running one with the numbers of this moment."""
    told = {name: getattr(task, name) for name in _SAME}
    told["error"] = error_view(task.error) if task.error else None
    now = (live or {}).get(task.id) if task.state in ACTIVE else None
    if now:
        told |= {"done": now["done"], "size": now["size"] if now["size"] is not None else task.size}
        told["received"] = task.received + now["received"]
    told |= {"options": task.options, "priority": task.priority.word, "live": now}
    return TaskView(**told)


def error_view(error: Mapping[str, Any]) -> TaskError:
    """An error as it was kept, or as `YardError.as_dict` tells it."""
    return msgspec.convert(error, TaskError)


def live_of(app: App) -> dict[int, dict[str, Any]]:
    """How far every running task is, by id; nothing where no runner was started."""
    return {int(str(one["id"])): one for one in app.live()}


def answers(found: Iterable[Answer]) -> list[AnswerView]:
    """Bulk answers as they are shown."""
    return [
        AnswerView(one.id, view(one.task) if one.task else None, error_view(one.error) if one.error else None)
        for one in found
    ]
