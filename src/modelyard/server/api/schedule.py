"""What comes again and again: periodic downloads; and the hooks, to look at, try and remove.

Hooks are added on the command line only: one of them may be a command, and no caller of the API shall be
able to make this machine run one.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from modelyard.errors import BadAddress, BadValue, NoSuchTask
from modelyard.server.api.adding import Item, draft_of
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Routes
from modelyard.tasks.periodic import Entry, entries, keep, remove

routes = Routes(tag="schedule")

Cron = Annotated[str, msgspec.Meta(max_length=120, description="Five fields: minute hour day month weekday.")]


class PeriodicView(msgspec.Struct, frozen=True):
    """A periodic download. Times are seconds since 1970."""

    name: str
    cron: str
    address: str
    options: dict[str, Any]
    last: float | None
    next: float | None


class NewPeriodic(Ask, frozen=True):
    """When, and what."""

    cron: Cron
    item: Item


class HookView(msgspec.Struct, frozen=True):
    """A hook: on which events, and what is done; secrets masked."""

    name: str
    on: list[str]
    way: str
    what: str


class Tried(Ask, frozen=True):
    """Which event the hook shall be shown; its first one when empty."""

    event: Annotated[str, msgspec.Meta(max_length=80)] = ""


@routes.get("/schedule", role=Role.VIEWER)
def list_schedule(here: Here) -> list[PeriodicView]:
    """Every periodic download, with its next time."""
    return [_view(entry) for entry in entries(here.app.queue)]


@routes.put(
    "/schedule/{name}",
    role=Role.OPERATOR,
    raises=(BadAddress, BadValue),
    example={"cron": "30 4 * * sun", "item": {"address": "hf:owner/repo", "to": "/models/repo/"}},
)
def keep_periodic(here: Here, name: Annotated[str, msgspec.Meta(max_length=80)], body: NewPeriodic) -> PeriodicView:
    """Fetch something again and again; what is here already costs one question to the hub."""
    return _view(keep(here.app.queue, name, body.cron, draft_of(here, body.item)))


@routes.delete("/schedule/{name}", role=Role.OPERATOR, raises=(NoSuchTask,))
def remove_periodic(here: Here, name: str) -> None:
    """Fetch it no more."""
    remove(here.app.queue, name)


@routes.get("/hooks", role=Role.ADMIN)
def list_hooks(here: Here) -> list[HookView]:
    """The hooks. They are added with `modelyard hooks add`, on this machine."""
    shown = [hook.shown() for hook in here.app.hooks.file.list()]
    return [HookView(one["name"], list(one["on"]), one["way"], _words(one["what"])) for one in shown]


@routes.post("/hooks/{name}/test", role=Role.ADMIN, slow=True, raises=(BadValue,))
def try_hook(here: Here, name: str, body: Tried) -> dict[str, Any]:
    """Run a hook now with a made-up task; tells what it answered."""
    return here.app.hooks.test(name, body.event)


@routes.delete("/hooks/{name}", role=Role.ADMIN, raises=(BadValue,))
def remove_hook(here: Here, name: str) -> None:
    """Remove a hook."""
    here.app.hooks.file.remove(name)


def _view(entry: Entry) -> PeriodicView:
    options = {name: value for name, value in entry.draft.payload.items() if not name.startswith("_")}
    return PeriodicView(entry.name, entry.cron, entry.draft.address, options, entry.last, entry.next)


def _words(what: Any) -> str:
    return " ".join(what) if isinstance(what, list | tuple) else str(what)
