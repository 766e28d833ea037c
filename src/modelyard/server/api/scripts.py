"""Selections as scripts that fetch them elsewhere."""

from __future__ import annotations

from typing import Annotated

import msgspec

from modelyard.errors import BadValue, NoSuchModel, NoSuchTask
from modelyard.jobs.lockfile import Lock
from modelyard.jobs.scripting import Row, of_lock, of_models, of_rows, of_tasks
from modelyard.programs.scripts.writing import Kind, write
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Id, Routes

routes = Routes(tag="scripts")

Ids = Annotated[list[Id], msgspec.Meta(max_length=10_000)]


class ScriptBody(Ask, frozen=True):
    """What the script fetches; all of it together.

    Attributes:
        ids: Models that are here.
        tasks: Downloads of the queue, waiting or done.
        rows: Models of a plan, as `POST /workflows/plan` tells them.
        lock: A lockfile, as `GET /lockfile` gives it.
        to: The folder that the files go below.
    """

    kind: Kind
    ids: Ids = []
    tasks: Ids = []
    rows: Annotated[list[Row], msgspec.Meta(max_length=10_000)] = []
    lock: Lock | None = None
    to: Annotated[str, msgspec.Meta(max_length=1000)] = "models"


class LeftOut(msgspec.Struct, frozen=True):
    """A file that the script cannot fetch, and why."""

    target: str
    why: str


class ScriptView(msgspec.Struct, frozen=True):
    """A script.

    Attributes:
        name: A name for its file.
        files: How many it fetches.
    """

    name: str
    text: str
    files: int
    left: list[LeftOut]


@routes.post(
    "/scripts",
    role=Role.VIEWER,
    once=False,
    raises=(BadValue, NoSuchModel, NoSuchTask),
    example={"kind": "curl", "ids": [1]},
)
def write_script(here: Here, body: ScriptBody) -> ScriptView:
    """Models, tasks or a plan as a script: `modelyard` lines, Python, curl, a list for aria2, lines of a Dockerfile.

    With hashes, those measured here before those that somebody claims; never with a key or a signed link.
    """
    app = here.app
    items = of_models(app.stock, body.ids)
    items += of_tasks(app.stock, [app.queue.get(number) for number in body.tasks]) if body.tasks else []
    items += of_rows(app.stock, body.rows, owner=here.caller.role is Role.ADMIN)
    items += of_lock(body.lock, app.hubs) if body.lock is not None else []
    if not items:
        raise BadValue("Nothing was chosen.", hint="Name models, tasks or rows of a plan.")
    found = write(body.kind, items, body.to)
    return ScriptView(found.name, found.text, len(items) - len(found.left), [LeftOut(*one) for one in found.left])
