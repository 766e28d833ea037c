"""The other programs of this machine: what they keep, importing it in place, and our extension in a ComfyUI."""

from __future__ import annotations

from typing import Annotated

import msgspec

from modelyard.errors import BadValue, DiskError, NoSuchProgram
from modelyard.jobs.extending import Extension, lay_in, take_out
from modelyard.jobs.finding import forget_place, found, keep_place, named
from modelyard.jobs.importing import IMPORT, ImportOptions
from modelyard.jobs.programs import Found, survey
from modelyard.jobs.taking import Taken, take_settings
from modelyard.library.roots.entries import Place
from modelyard.server.api.library import Begun, begin
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Routes

routes = Routes(tag="programs")

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class PlaceBody(Ask, frozen=True):
    """A folder where programs are."""

    path: Place


class Kept(msgspec.Struct, frozen=True):
    """The programs in a folder, by their ids."""

    programs: list[str]


class ImportBody(Ask, frozen=True):
    """Whose models are imported beside those of the path.

    Attributes:
        also: Further ids.
    """

    also: Annotated[list[Name], msgspec.Meta(max_length=100)] = []


class TakeBody(Ask, frozen=True):
    """Which settings are carried over.

    Attributes:
        keys: The hubs' keys that the program keeps; a hub that has one here keeps it.
        proxy: The proxy that its settings name.
    """

    keys: bool = False
    proxy: bool = False


class ExtensionBody(Ask, frozen=True):
    """How our extension is laid into a ComfyUI.

    Attributes:
        hosts: Further names under which browsers reach it, `gpu.example.org` or `gpu.example.org:8443`; those that
            were given before stay.
        roots: Register its folders of models, too; null: unless the extension is there already, in whatever version.
            `false` is for who takes a removal back: folders that were unregistered on purpose stay so.
    """

    hosts: Annotated[list[Name], msgspec.Meta(max_length=20)] = []
    roots: bool | None = None


@routes.get("/programs", role=Role.OPERATOR, slow=True, raises=(BadValue,))
def list_programs(here: Here) -> Found:
    """The other programs that are found, what they keep, what lies there twice, and how models can be lent to each."""
    return survey(here.app.stock)


@routes.put("/programs/places", role=Role.ADMIN, slow=True, raises=(BadValue,), example={"path": "/opt/tools"})
def keep_program_place(here: Here, body: PlaceBody) -> Kept:
    """Look for programs in a folder, now and later."""
    return Kept([one.id for one in keep_place(here.app.stock, body.path)])


@routes.delete("/programs/places", role=Role.ADMIN, raises=(BadValue, NoSuchProgram))
def forget_program_place(here: Here, query: PlaceBody) -> None:
    """Look there no more."""
    forget_place(here.app.stock, query.path)


@routes.post(
    "/programs/{id}/import",
    role=Role.ADMIN,
    status=202,
    slow=True,
    noted=False,
    raises=(BadValue, NoSuchProgram),
    example={},
)
def begin_import(here: Here, id: Name, body: ImportBody) -> Begun:  # the path's parameter
    """Register a program's folders and learn what it knows of its models; no byte moves.

    Folders whose files the program rewrites, prunes or indexes are registered as read-only.
    """
    stock = here.app.stock
    every = found(stock)
    chosen = tuple(dict.fromkeys(named(stock, one, every=every).id for one in (id, *body.also)))
    return begin(here, IMPORT, ImportOptions(programs=chosen))


@routes.post(
    "/programs/{id}/settings",
    role=Role.ADMIN,
    slow=True,
    raises=(BadValue, NoSuchProgram),
    example={"keys": True},
)
def take_program_settings(here: Here, id: Name, body: TakeBody) -> Taken:
    """Carry keys and the proxy of a program over, when asked to; keys are masked in the answer."""
    program = named(here.app.stock, id)
    return take_settings(program, here.app.keys, here.app.settings, keys=body.keys, proxy=body.proxy)


@routes.post(
    "/programs/{id}/extension",
    role=Role.ADMIN,
    slow=True,
    raises=(BadValue, NoSuchProgram, DiskError),
    example={"hosts": ["gpu.example.org"]},
)
def lay_extension_in(here: Here, id: Name, body: ExtensionBody) -> Extension:
    """Lay our extension into a ComfyUI, over an older one of ours; nothing is downloaded, and no pip runs.

    ComfyUI has it after its next start.
    """
    stock = here.app.stock
    laid = lay_in(stock, named(stock, id), body.hosts, roots=body.roots)
    if body.roots is not False and here.service.url:
        here.app.caretaker.roots_changed()
    return laid


@routes.delete("/programs/{id}/extension", role=Role.ADMIN, slow=True, raises=(BadValue, NoSuchProgram, DiskError))
def take_extension_out(here: Here, id: Name) -> Extension:
    """Take our extension out of a ComfyUI. Models, the queue and the registered folders stay."""
    stock = here.app.stock
    return take_out(stock, named(stock, id))
