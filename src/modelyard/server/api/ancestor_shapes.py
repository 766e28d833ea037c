"""What ComfyUI-Model-Manager sends and expects: its bodies, its answers, its words for states."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from modelyard.app import App
from modelyard.library.roots.roots import Roots
from modelyard.server.forms import Form
from modelyard.tasks.states import State
from modelyard.tasks.task import Task

WORDS = {
    State.QUEUED: "waiting",
    State.WAITING: "waiting",
    State.RUNNING: "doing",
    State.VERIFYING: "doing",
    State.PAUSED: "pause",
    State.DONE: "completed",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
}
"""Its page's words."""
IN_SCRIPTS = WORDS | {State.FAILED: "error"}
"""Those of its older list, which scripts read."""

VERBS = {
    "pause": "pause",
    "paused": "pause",
    "resume": "resume",
    "doing": "resume",
    "running": "resume",
    "waiting": "resume",
    "pending": "resume",
    "cancel": "cancel",
    "cancelled": "cancel",
}
"""What it may say to a task, and what we do then."""


Word = Annotated[str, msgspec.Meta(max_length=100)]
"""A field behind a question mark."""


class NewModel(Form, frozen=True):
    """A model that is asked for. Previews, descriptions and everything else are passed over.

    Attributes:
        type: Folder below the folder for downloads: `checkpoints`, `loras`, …
        path_index: Which of ComfyUI's folders of that type; there is one here, 0.
        fullname: Where it goes below that: `sub/name.safetensors`; `filename` is the same.
        download_url: Where it comes from; `url` is the same.
        hash: Its SHA-256, or JSON with a field of that name; `hashes` is the same.
    """

    type: str | None = None
    path_index: int | str | None = None
    fullname: str | None = None
    filename: str | None = None
    download_url: str | None = None
    url: str | None = None
    hash: str | None = None
    hashes: str | dict[str, Any] | None = None


class NewState(Form, frozen=True):
    """What a task shall do: `pause`, `resume` or `cancel`."""

    status: str | None = None
    state: str | None = None


class Download(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A task as its page (`taskId`) and its scripts (`id`) read it.

    Attributes:
        progress: Percent.
        bps: Bytes per second.
    """

    id: str
    task_id: str
    type: str
    fullname: str
    preview: None = None
    status: str
    platform: str
    downloaded_size: int
    total_size: int
    progress: float
    bps: float
    error: str | None
    created_at: str
    updated_at: str
    params: dict[str, Any]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Every answer: whether it was done, and if not, why; status 200 either way."""

    success: bool = True
    error: str | msgspec.UnsetType = msgspec.UNSET
    code: str | msgspec.UnsetType = msgspec.UNSET


class Downloads(Told, frozen=True):
    """Tasks, the newest first."""

    data: list[Download] | msgspec.UnsetType = msgspec.UNSET


class OneDownload(Told, frozen=True):
    """A task."""

    data: Download | msgspec.UnsetType = msgspec.UNSET


class Counted(Told, frozen=True):
    """Numbers, or texts, by name."""

    data: dict[str, bool | int | str] | msgspec.UnsetType = msgspec.UNSET


class Data(Told, frozen=True):
    """An answer with what was asked for."""

    data: Any = msgspec.UNSET


def shown(
    app: App, roots: Roots, task: Task, live: Mapping[int, Mapping[str, Any]], words: Mapping[State, str] = WORDS
) -> Download:
    """A task in its shape."""
    now = live.get(task.id, {})
    done, size = int(now.get("done") or task.done), int(now.get("size") or task.size or 0)
    kind, index, name = _place(app, roots, task)
    return Download(
        id=str(task.id),
        task_id=str(task.id),
        type=kind,
        fullname=name,
        status=words[task.state],
        platform=task.hub,
        downloaded_size=done,
        total_size=size,
        progress=100.0 if task.state is State.DONE else round(100 * done / size, 2) if size else 0.0,
        bps=float(now.get("speed") or 0),
        error=str(task.error["message"]) if task.error and task.state is not State.DONE else None,
        created_at=_when(task.created),
        updated_at=_when(task.ended or task.started or task.created),
        params={"downloadUrl": task.address, "type": kind, "pathIndex": index, "filename": name},
    )


def _place(app: App, roots: Roots, task: Task) -> tuple[str, int, str]:
    """Type, path index and name of a task's target; its page cannot show a task without a name."""
    root = roots.holding(Path(task.target)) if task.target else None
    if root is not None and root.folder and not task.target.endswith(os.sep):
        return root.folder, root.index, Path(os.path.relpath(task.target, root.path)).as_posix()
    base = app.target("")
    inside = task.target.removeprefix(base).replace(os.sep, "/") if task.target.startswith(base) else ""
    kind, _, name = inside.partition("/")
    return (kind, 0, name) if name else ("", 0, task.title or task.address)


def _when(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")
