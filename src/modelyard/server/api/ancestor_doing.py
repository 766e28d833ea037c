"""From what ComfyUI-Model-Manager's callers say to what the queue does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy.engine import Connection

from modelyard.errors import BadValue, NoSuchTask
from modelyard.library.names import safe_component, safe_relative
from modelyard.library.roots.comfy import folder_name
from modelyard.server.api.ancestor_shapes import VERBS, Download, NewModel, Told, shown
from modelyard.server.api.fence import retry
from modelyard.server.api.views import live_of
from modelyard.server.routes import Here
from modelyard.tasks.listing import Filter, queue_page
from modelyard.tasks.states import State
from modelyard.tasks.verbs import Answer

_MOST = 1000
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_HASHES = msgspec.json.Decoder(dict[str, Any])


def all_downloads(here: Here, words: Mapping[State, str]) -> list[Download]:
    """Its list: the newest first."""
    with here.app.queue.database.reading() as db:
        page = queue_page(db, Filter(kind=here.app.downloads.name, listed=True), None, _MOST)
    live = live_of(here.app)
    roots = here.app.stock.roots()
    return [shown(here.app, roots, task, live, words) for task in sorted(page.tasks, key=lambda task: -task.id)]


def number_of(text: str) -> int:
    """Our number of a task of its.

    Raises:
        NoSuchTask: It cannot be one.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise NoSuchTask(f"There is no task {text[:80]!r}.")
    return int(text)


def act(here: Here, number: int, word: str) -> None:
    """Do what a word asks for; resuming what failed tries it again.

    Raises:
        NoSuchTask, BadValue: There is none, or it cannot.
    """
    verb = VERBS.get(word.lower())
    if verb is None:
        raise BadValue(f"{word[:80]!r} is no status.", hint="Known: pause, resume, cancel.")
    task = here.app.queue.get(number)
    if task.kind != here.app.downloads.name:
        raise NoSuchTask(f"There is no download {number}.")  # its lists show no other tasks
    state = task.state
    if verb == "resume" and state in {State.QUEUED, State.RUNNING, State.VERIFYING}:
        return  # it goes already

    def keep(db: Connection, found: list[Answer]) -> None:
        if not any(one.error for one in found):
            here.keep(db, Told())

    again = verb == "resume" and state in {State.FAILED, State.CANCELLED}
    (done,) = retry(here, [number], keep) if again else getattr(here.app.queue, verb)([number], keep)
    if done.error:
        raise BadValue(done.error["message"], hint=done.error["hint"])


def target_of(here: Here, body: NewModel) -> str:
    """Where a model goes: into the root of its type and index, as `base-folders` tells them; else where downloads go.

    Raises:
        BadValue, NoSuchRoot, UnsafePath: It names another place.
    """
    kind, name = safe_component(body.type or ""), safe_relative(body.fullname or body.filename or "")
    index = str(body.path_index or 0)
    roots = here.app.stock.roots()
    if index.isascii() and index.isdigit() and roots.by_folder().get(folder_name(kind)):
        return str(roots.get(kind, int(index[:9])).path / name)
    if index != "0":
        raise BadValue(f"pathIndex {body.path_index!r} is unknown.", hint="There is one folder for downloads here: 0.")
    return here.app.target(f"{kind}/{name}")


def sha256_of(body: NewModel) -> str | None:
    """The SHA-256 that came along, wherever it stands; other hashes are the hub's to claim."""
    for given in (body.hash, body.hashes):
        found = given if isinstance(given, str) and _SHA256.fullmatch(given) else _inside(given)
        if found and _SHA256.fullmatch(found):
            return found
    return None


def _inside(given: str | dict[str, Any] | None) -> str:
    try:
        held = _HASHES.decode(given) if isinstance(given, str) else given or {}
    except msgspec.MsgspecError:
        return ""
    return next((str(value) for name, value in held.items() if name.lower() == "sha256"), "")
