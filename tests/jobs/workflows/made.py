"""Plans for tests: rows in, rows out, on a library and a practice hub of the test's own."""

from __future__ import annotations

from typing import Any

from modelyard.app import App
from modelyard.jobs.workflows.building import resolver
from modelyard.jobs.workflows.places import Places
from modelyard.jobs.workflows.plan import Plan, PlannedModel
from modelyard.testing.workflows import HOME


def told(name: str | None, directory: str | None = "loras", **more: Any) -> dict[str, Any]:
    """A row as readers give it."""
    return {"name": name, "directory": directory, "used_by": [], **more}


def at(repo: str, path: str) -> str:
    """The address of a file as workflows name it."""
    return f"{HOME}/{repo}/resolve/main/{path}"


def quietly(_path: object) -> None:
    """Tells nobody what is read."""


def planned(app: App, *rows: dict[str, Any], search: bool = True, **how: Any) -> Plan:
    """The plan of some rows, on the registered roots."""
    made = resolver(app.yard, Places(app.stock.roots()), app.stock.catalogue, app.stop, search=search, **how)
    return made.plan(rows)


def one(app: App, row: dict[str, Any], **how: Any) -> PlannedModel:
    """The only row of a plan."""
    (model,) = planned(app, row, **how).models
    return model
