"""What comes again and again: downloads, scans, refreshes, verifications; and the hooks, to look at, try and remove.

Hooks are added on the command line only: one of them may be a command, and no caller of the API shall be
able to make this machine run one.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from modelyard.errors import BadValue, HookFailed, NoSuchTask, NotSupported, UnsafePath, UsageError
from modelyard.jobs.household import PERIODIC
from modelyard.server.api.adding import Item, draft_of, places
from modelyard.server.api.library import ScanBody, VerifyBody
from modelyard.server.api.refresh import RefreshBody
from modelyard.server.api.versions import VersionsBody
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Routes
from modelyard.tasks.periodic import Entry, entries, keep, remove
from modelyard.tasks.task import Draft

routes = Routes(tag="schedule")

Cron = Annotated[str, msgspec.Meta(max_length=120, description="Five fields: minute hour day month weekday.")]


class PeriodicView(msgspec.Struct, frozen=True):
    """Something periodic. Times are seconds since 1970.

    Attributes:
        kind: `download`, or the chore's.
        address: Of a download.
    """

    name: str
    cron: str
    kind: str
    address: str
    options: dict[str, Any]
    last: float | None
    next: float | None


class NewPeriodic(Ask, frozen=True):
    """When, and what: exactly one of a download and the library's work, said as its own route takes it."""

    cron: Cron
    item: Item | None = None
    scan: ScanBody | None = None
    refresh: RefreshBody | None = None
    verify: VerifyBody | None = None
    versions: VersionsBody | None = None


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
    """Everything periodic, with its next time."""
    return [_view(entry) for entry in entries(here.app.queue)]


@routes.put(
    "/schedule/{name}",
    role=Role.OPERATOR,
    raises=(UsageError, UnsafePath),
    example={"cron": "30 4 * * sun", "scan": {"gentle": True}},
)
def keep_periodic(here: Here, name: Annotated[str, msgspec.Meta(max_length=80)], body: NewPeriodic) -> PeriodicView:
    """Fetch something, or work on the library, again and again; what is here already costs one question to the hub."""
    draft = _draft(here, body)
    return _view(keep(here.app.queue, name, body.cron, draft, draft.key))


@routes.delete("/schedule/{name}", role=Role.OPERATOR, raises=(NoSuchTask,))
def remove_periodic(here: Here, name: str) -> None:
    """Do it no more."""
    remove(here.app.queue, name)


@routes.get("/hooks", role=Role.ADMIN)
def list_hooks(here: Here) -> list[HookView]:
    """The hooks. They are added with `modelyard hooks add`, on this machine."""
    shown = [hook.shown() for hook in here.app.hooks.file.list()]
    return [HookView(one["name"], list(one["on"]), one["way"], _words(one["what"])) for one in shown]


@routes.post(
    "/hooks/{name}/test",
    role=Role.ADMIN,
    slow=True,
    raises=(BadValue, HookFailed, NotSupported),
    example={"event": "task-done"},
)
def try_hook(here: Here, name: str, body: Tried) -> dict[str, Any]:
    """Run a hook now with a made-up task; tells what it answered."""
    return here.app.hooks.test(name, body.event)


@routes.delete("/hooks/{name}", role=Role.ADMIN, raises=(BadValue,))
def remove_hook(here: Here, name: str) -> None:
    """Remove a hook."""
    here.app.hooks.file.remove(name)


def _draft(here: Here, body: NewPeriodic) -> Draft:
    said = {name: getattr(body, name) for name in PERIODIC if getattr(body, name) is not None}
    if len(said) + (body.item is not None) != 1:
        hint = 'Send {"cron": "30 4 * * *", "scan": {}}.'
        raise UsageError("Say exactly one: item, scan, refresh, verify or versions.", hint=hint)
    if body.item is not None:
        made = draft_of(here, body.item, places(here))
        return msgspec.structs.replace(made, key=None)  # whatever else fetches it, this runs again
    ((name, work),) = said.items()
    options = {key: value for key, value in msgspec.to_builtins(work).items() if value is not None}
    return PERIODIC[name].draft(PERIODIC[name].read(options))


def _view(entry: Entry) -> PeriodicView:
    options = {name: value for name, value in entry.draft.payload.items() if not name.startswith("_")}
    told = (entry.draft.kind, entry.draft.address, options)
    return PeriodicView(entry.name, entry.cron, *told, entry.last, entry.next)


def _words(what: Any) -> str:
    return " ".join(what) if isinstance(what, list | tuple) else str(what)
