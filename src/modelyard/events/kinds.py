"""What each kind of event tells: one Struct for the `data` of every kind that this program publishes.

`KINDS` is the whole list; the API's description and the table in docs/service.md follow it. Fields are only added.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what an event tells."""


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """An error, as docs/errors.md lists them.

    Attributes:
        code: Stable and kebab-case: what programs compare.
        hint: The next step a person can take.
        link: A page where that step is taken.
        facts: Further details, other ones for each code.
    """

    code: str
    message: str
    hint: str
    retryable: bool
    link: str | None = None
    facts: dict[str, Any] | None = None


# --- the queue -----------------------------------------------------------------------------------


class TaskAdded(Told, frozen=True):
    """Tasks came into the queue; many come in several events of at most 1,000."""

    ids: list[int]


class TaskMoved(Told, frozen=True):
    """A task went from one state to another; it is on disk by now.

    Attributes:
        kind: Who runs it: ``download``, ``scan``, …
        options: What it was asked to do beside its address.
        origin: The state before. Called `from`.
        to: The state now.
        reason: Why, in words; empty where the states say it.
        until: Seconds since 1970: a waiting task goes on then.
        error: Of the last failure.
        result: What came of it, once it is done: for a download `files`, each with its `path`.
    """

    id: int
    kind: str
    title: str
    hub: str
    options: dict[str, Any]
    origin: str = msgspec.field(name="from")
    to: str
    reason: str
    until: float | None
    error: Trouble | None
    result: dict[str, Any] | None


class TaskChanged(Told, frozen=True):
    """Tasks changed in something that is no state.

    Attributes:
        changed: Fields of a task and their new values; `position` is null: ask for the order.
    """

    ids: list[int]
    changed: dict[str, Any]


class FileProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far one file of a task is; fields as in a task's.

    Attributes:
        kept: Bytes that were there before this run.
        retries: Tries after the first one.
        pieces: How full equal pieces of the file are, a digit each from 0 to 9; empty when nobody counts.
    """

    name: str
    size: int | None
    done: int
    kept: int
    speed: int
    eta: float | None
    retries: int
    connections: int
    stage: str
    note: str
    received: int
    pieces: str


class TaskProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far one running task is.

    Attributes:
        done: Bytes that are here; for work on the library: steps.
        received: Bytes that came over the wire in this run.
        size: In all, null while unknown.
        speed: Bytes per second.
        eta: Seconds still to go, null while unknown.
        stage: ``waiting``, ``transferring``, ``proving``, ``landing`` or ``working``.
        note: What is going on, in words, when it is not plain progress.
        connections: In use.
        files: The first 20 that move.
    """

    id: int
    done: int
    received: int
    size: int | None
    speed: int
    eta: float | None
    stage: str
    note: str
    connections: int
    files: list[FileProgress]


class Progress(Told, frozen=True):
    """How far all running tasks are, four times a second at most. Only the newest is kept for who asks later."""

    tasks: list[TaskProgress]


class QueueCleared(Told, frozen=True):
    """Ended tasks of these states were taken off the list; history keeps them."""

    states: list[str]
    count: int


class QueueKept(Told, frozen=True):
    """Downloads that a command made by itself came into history and statistics."""

    count: int


class RunnerTrouble(Told, Trouble, frozen=True):
    """The queue met an error of its own, and tries again in a moment."""


# --- the library ---------------------------------------------------------------------------------


class ModelAdded(Told, frozen=True):
    """Models are new in the library."""

    ids: list[int]


class ModelChanged(Told, frozen=True):
    """Models changed: their files, what is known of them, or what their owner wrote."""

    ids: list[int]


class ModelGone(Told, frozen=True):
    """The files of models are not there any more."""

    ids: list[int]


class Lack(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the library lacks; `GET /api/v1/maintenance` tells how it is mended."""

    code: str
    count: int
    message: str


class LibraryUpkeep(Told, frozen=True):
    """A round of upkeep is over.

    Attributes:
        refreshed: How many models hubs were asked about, and what they said, by what it was.
        advice: What is left to do.
        notice: What a round sends to whom; in the first round of a library only.
    """

    refreshed: dict[str, Any]
    advice: list[Lack]
    notice: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one model; `message` says it."""

    id: int
    path: str
    state: str
    message: str


class LibraryDamaged(Told, frozen=True):
    """The health monitor found models that are not as they should be; the first 100 of a round."""

    findings: list[Finding]


# --- the rest ------------------------------------------------------------------------------------


class SettingsChanged(Told, frozen=True):
    """A setting was changed over the API; `limits` when it was several speed limits."""

    name: str


class HookRan(Told, frozen=True):
    """A hook ran.

    Attributes:
        event: The name that it listens to: ``task-done``, …
        seconds: How long it took.
        output: Its first 2,000 letters.
    """

    hook: str
    event: str
    seconds: float
    output: str


class HookFailed(Told, frozen=True):
    """A hook failed; without a name it is the file of hooks that cannot be read."""

    hook: str
    event: str
    error: Trouble


class HooksDropped(Told, frozen=True):
    """So many calls of hooks were left out: events came faster than hooks end."""

    count: int


class ComfyInsert(Told, frozen=True):
    """ComfyUI's pages shall put the loader of this model into the open workflow.

    Attributes:
        folder: Kind of model, as ComfyUI names its folders.
        name: As ComfyUI lists it: its path below that folder.
    """

    id: int
    folder: str
    name: str
    title: str


class ServiceStopping(Told, frozen=True):
    """The service stops: connect again in a while."""


KINDS: Mapping[str, type[Told]] = {
    "task.added": TaskAdded,
    "task.moved": TaskMoved,
    "task.changed": TaskChanged,
    "progress": Progress,
    "queue.cleared": QueueCleared,
    "queue.kept": QueueKept,
    "runner.trouble": RunnerTrouble,
    "model.added": ModelAdded,
    "model.changed": ModelChanged,
    "model.gone": ModelGone,
    "library.upkeep": LibraryUpkeep,
    "library.damaged": LibraryDamaged,
    "settings.changed": SettingsChanged,
    "hook.ran": HookRan,
    "hook.failed": HookFailed,
    "hooks.dropped": HooksDropped,
    "comfyui.insert": ComfyInsert,
    "service.stopping": ServiceStopping,
}
"""Every kind of event that is published, and what it tells."""
