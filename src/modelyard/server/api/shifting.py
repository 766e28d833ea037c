"""Removing models to the trash and putting them back, renaming them, moving them to other folders and disks."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from modelyard.catalogue.views import Details
from modelyard.errors import BadValue, Busy, DiskError, NoSuchModel, NoSuchRoot, NotInTrash
from modelyard.jobs.foreseeing import Foreseen
from modelyard.jobs.manifests import InTrash
from modelyard.jobs.moving import MOVE, MoveOptions, Outcome, each, foresee_move, foresee_rename, rename, target
from modelyard.jobs.trash import empty, foresee_trash, listed, put_away, put_back
from modelyard.server.api.library import Begun, begin
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Id, Routes
from modelyard.values.week import DAY

routes = Routes(tag="trash and moves")

Ids = Annotated[list[Id], msgspec.Meta(min_length=1, max_length=10_000)]
Entry = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Text = Annotated[str, msgspec.Meta(max_length=4096)]


class Chosen(Ask, frozen=True):
    """Which models."""

    ids: Ids


class Entries(Ask, frozen=True):
    """Which entries of the trash."""

    ids: Annotated[list[Entry], msgspec.Meta(min_length=1, max_length=10_000)]


class Emptying(Ask, frozen=True):
    """What is removed for ever.

    Attributes:
        ids: Entries; null is all, an empty list removes nothing.
        older_than_days: Only what lies there longer.
        dry_run: Say what it would be, and leave it.
    """

    ids: Annotated[list[Entry], msgspec.Meta(max_length=10_000)] | None = None
    older_than_days: Annotated[float, msgspec.Meta(ge=0, le=36500)] = 0
    dry_run: bool = False


class NewName(Ask, frozen=True):
    """A model's new name, with or without its ending, which stays."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class MoveBody(Ask, frozen=True):
    """Which models go where: to a root by its path, or by ComfyUI's name of a folder and its index.

    Attributes:
        sub: Folder below the root, with `/`; made when it is missing.
    """

    ids: Ids
    root: Text = ""
    folder: Annotated[str, msgspec.Meta(max_length=80)] = ""
    index: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    sub: Text = ""


class Results(msgspec.Struct, frozen=True):
    """What became of each."""

    results: list[Outcome]


class Forecast(msgspec.Struct, frozen=True):
    """What would become of each."""

    results: list[Foreseen]


class BackView(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of an entry of the trash: the path that it has again, or why not."""

    id: str
    path: str = ""
    error: dict[str, Any] | None = None


class TrashView(msgspec.Struct, frozen=True):
    """Models in the trash of every root, the latest first, and their bytes."""

    entries: list[InTrash]
    size: int


@routes.post("/models/trash", role=Role.OPERATOR, slow=True, example={"ids": [1, 2]})
def trash_models(here: Here, body: Chosen) -> Results:
    """Move models, with their sidecars and previews, into the trash of their root; each can be put back."""

    def one(number: int) -> Outcome:
        kept = put_away(here.app.stock, number)
        return Outcome(id=number, path=kept.path, trash=kept.id)

    return Results(each(tuple(body.ids), one))


@routes.post("/models/trash/dry-run", role=Role.OPERATOR, once=False, slow=True, example={"ids": [1, 2]})
def foresee_trashing(here: Here, body: Chosen) -> Forecast:
    """Which files would go to the trash, and what stands in the way; touches nothing."""
    return Forecast(foresee_trash(here.app.stock, body.ids))


@routes.get("/trash", role=Role.VIEWER)
def list_trash(here: Here) -> TrashView:
    """What lies in the trash, the latest first."""
    found = listed(here.app.stock)
    return TrashView(found, sum(one.size for one in found))


@routes.post("/trash/undo", role=Role.OPERATOR, slow=True, example={"ids": ["20261121-120000-0a1b2c3d"]})
def undo_trash(here: Here, body: Entries) -> list[BackView]:
    """Put models back where they lay; one whose place is taken stays in the trash."""
    told = []
    for entry in dict.fromkeys(body.ids):
        try:
            told.append(BackView(entry, put_back(here.app.stock, entry)))
        except (NotInTrash, DiskError, Busy) as error:
            told.append(BackView(entry, error=error.as_dict()))
    return told


@routes.post("/trash/empty", role=Role.ADMIN, slow=True, raises=(NotInTrash, DiskError), example={"dry_run": True})
def empty_trash(here: Here, body: Emptying) -> TrashView:
    """Remove models in the trash for ever; says which."""
    found = empty(here.app.stock, body.ids, body.older_than_days * DAY, dry_run=body.dry_run)
    return TrashView(found, sum(one.size for one in found))


@routes.post(
    "/models/{id}/rename",
    role=Role.OPERATOR,
    slow=True,
    raises=(NoSuchModel, DiskError, Busy),
    example={"name": "Nicer name"},
)
def rename_model(here: Here, id: Id, body: NewName) -> Details:
    """Give a model another name in its folder, with all that belongs to it; never over another file."""
    rename(here.app.stock, id, body.name)
    return here.app.stock.catalogue.details(id)


@routes.post("/models/{id}/rename/dry-run", role=Role.OPERATOR, once=False, slow=True, example={"name": "Nicer name"})
def foresee_renaming(here: Here, id: Id, body: NewName) -> Forecast:
    """Which files would get which names, and what stands in the way; touches nothing."""
    return Forecast(foresee_rename(here.app.stock, id, body.name))


@routes.post(
    "/models/move/dry-run",
    role=Role.OPERATOR,
    once=False,
    slow=True,
    raises=(NoSuchRoot, BadValue),
    example={"ids": [1, 2], "folder": "loras", "index": 0, "sub": "style"},
)
def foresee_moving(here: Here, body: MoveBody) -> Forecast:
    """Which files would go where, by a rename or a copy, and what stands in the way; touches nothing."""
    options = _move_options(body)
    return Forecast(foresee_move(here.app.stock, options.ids, target(here.app.stock, options), options.sub))


@routes.post(
    "/models/move",
    role=Role.OPERATOR,
    status=202,
    raises=(NoSuchRoot, BadValue),
    noted=False,
    example={"ids": [1, 2], "folder": "loras", "index": 0, "sub": "style"},
)
def begin_move(here: Here, body: MoveBody) -> Begun:
    """Take models to a folder of a root, on another disk by proven copies; the task's result tells each."""
    options = _move_options(body)
    target(here.app.stock, options)
    return begin(here, MOVE, options)


def _move_options(body: MoveBody) -> MoveOptions:
    return MoveOptions(ids=tuple(body.ids), root=body.root, folder=body.folder, index=body.index, sub=body.sub)
