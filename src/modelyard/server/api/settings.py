"""Settings and speed limits, changed while everything runs."""

from __future__ import annotations

from typing import Annotated

import msgspec

from modelyard.errors import BadValue
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Routes
from modelyard.settings.kept import Row
from modelyard.settings.table import setting

routes = Routes(tag="settings")

Text = Annotated[str, msgspec.Meta(max_length=4096)]
_LIMIT = "limit."


class NewValue(Ask, frozen=True):
    """A value as a person writes it: `4`, `on`, `50MB/s`."""

    value: Text


class Limits(msgspec.Struct, frozen=True):
    """Speed limits as they were set: over everything (`total`), by the hour (`schedule`), and for each hub."""

    limits: dict[str, str]


class NewLimits(Ask, frozen=True):
    """Limits to change, by name; `off` takes one away. All are checked before any is changed."""

    limits: dict[str, Text]


@routes.get("/settings", role=Role.VIEWER)
def list_settings(here: Here) -> list[Row]:
    """Every setting: its value, where it comes from, what it means, whether it needs a restart."""
    return here.app.settings.describe()


@routes.get("/settings/{name}", role=Role.VIEWER, raises=(BadValue,))
def one_setting(here: Here, name: str) -> Row:
    """One setting."""
    return here.app.settings.describe(name)[0]


@routes.put("/settings/{name}", role=Role.ADMIN, raises=(BadValue,), example={"value": "6"})
def change_setting(here: Here, name: str, body: NewValue) -> Row:
    """Change a setting for good. A variable or a flag above it still wins; the answer tells which."""
    row = here.app.settings.change(name, body.value)
    here.app.events.publish("settings.changed", {"name": name})
    return row


@routes.delete("/settings/{name}", role=Role.ADMIN, raises=(BadValue,))
def reset_setting(here: Here, name: str) -> Row:
    """Take a setting back to its default."""
    here.app.settings.reset(name)
    here.app.events.publish("settings.changed", {"name": name})
    return here.app.settings.describe(name)[0]


@routes.get("/limits", role=Role.VIEWER)
def list_limits(here: Here) -> Limits:
    """The speed limits."""
    rows = (row for row in here.app.settings.describe() if row.name.startswith(_LIMIT))
    return Limits({row.name.removeprefix(_LIMIT): str(row.value or "") for row in rows})


@routes.put("/limits", role=Role.OPERATOR, raises=(BadValue,), example={"limits": {"total": "20MB/s"}})
def change_limits(here: Here, body: NewLimits) -> Limits:
    """Change speed limits; running transfers feel it at once."""
    for name, value in body.limits.items():
        setting(_LIMIT + name).read(value)
    for name, value in body.limits.items():
        here.app.settings.change(_LIMIT + name, value)
    here.app.events.publish("settings.changed", {"name": "limits"})
    return list_limits(here)
