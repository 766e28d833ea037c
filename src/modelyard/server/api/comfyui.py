"""For our extension inside ComfyUI, and for the page that sends models to it. The rights are in `server/rights.py`."""

from __future__ import annotations

import base64
import contextlib
import functools
import zlib
from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from modelyard.errors import BadValue, NoSuchModel, NoSuchTask, YardError
from modelyard.jobs.ensuring import Ensured, Want
from modelyard.jobs.queued import KIND as DOWNLOAD
from modelyard.library.roots.comfy import OLD_NAMES
from modelyard.server.api.ensuring import ensure_for, near_of
from modelyard.server.api.fence import check_source, check_target, retry
from modelyard.server.api.views import AnswerView, answers
from modelyard.server.roles import COMFYUI, Role
from modelyard.server.routes import Ask, Here, Id, Routes
from modelyard.tasks.verbs import Answer

routes = Routes(tag="comfyui")

_MOST = 100
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
_ELSEWHERE = "It is here, but where this ComfyUI does not look: {}. Share it with `modelyard link`."
_LONGEST = 6000
"""Letters of a batch's name: it must fit into a request line."""


class TaskAction(Ask, frozen=True):
    """What becomes of tasks. Nothing that had arrived is removed."""

    do: Literal["pause", "resume", "cancel", "retry"]
    ids: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=1000)]


class Wanted(Ask, frozen=True):
    """A model as ComfyUI's front end asks for it."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    url: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    directory: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class NewDownloads(Ask, frozen=True):
    """Models that a workflow misses."""

    models: Annotated[list[Wanted], msgspec.Meta(min_length=1, max_length=_MOST)]


class Download(msgspec.Struct, frozen=True):
    """How far one of them is."""

    name: str
    directory: str
    status: Literal["queued", "running", "completed", "failed"]
    bytes_downloaded: int = 0
    bytes_total: int | None = None
    error: str | None = None


class Downloads(msgspec.Struct, frozen=True):
    """A batch of them, in the order of the request."""

    batch_id: str
    models: list[Download]


class Inputs(Ask, frozen=True):
    """What the nodes of a ComfyUI list: node, widget, its place among the node's values, folder."""

    rows: Annotated[
        list[tuple[_Word, _Word, Annotated[int, msgspec.Meta(ge=0, le=10_000)], _Word]], msgspec.Meta(max_length=5000)
    ]


class Inserting(Ask, frozen=True):
    """A model of the library."""

    id: Id


class Inserted(msgspec.Struct, frozen=True):
    """How many open pages of ComfyUI were told."""

    pages: int


class Listening(msgspec.Struct, frozen=True):
    """How many open pages of ComfyUI hear us by our extension."""

    pages: int


@routes.get("/comfyui", role=Role.VIEWER)
def show_comfyui(here: Here) -> Listening:
    """Whether a ComfyUI with our extension is open, so that models can be put into its workflow."""
    return Listening(here.service.listeners_of(COMFYUI.name))


@routes.post("/comfyui/tasks", role=Role.OPERATOR, raises=(NoSuchTask,), example={"do": "pause", "ids": [1]})
def act_from_comfyui(here: Here, body: TaskAction) -> list[AnswerView]:
    """Pause, resume, cancel or retry tasks; one that cannot does not stop the others."""
    ours = [number for number in body.ids if _is_download(here, number)]
    error = NoSuchTask("There is no download of that number.").as_dict()
    others = [Answer(number, error=error) for number in body.ids if number not in ours]

    def keep(db: Connection, found: list[Answer]) -> None:
        here.keep(db, answers([*found, *others]))

    found = retry(here, ours, keep) if body.do == "retry" else getattr(here.app.queue, body.do)(ours, keep)
    return answers([*found, *others])


@routes.post(
    "/comfyui/downloads",
    role=Role.OPERATOR,
    slow=True,
    raises=(BadValue,),
    noted=False,
    example={
        "models": [
            {"name": "ae.safetensors", "url": "https://example.org/ae.safetensors", "directory": "vae"},
        ]
    },
)
def begin_downloads(here: Here, body: NewDownloads) -> Downloads:
    """Fetch models into the folders where ComfyUI lists them, as its own front end asks for it."""
    batch = _packed(body.models)
    return Downloads(batch, [_begun(here, one) for one in body.models])


@routes.get("/comfyui/downloads/{batch}", role=Role.VIEWER, raises=(NoSuchTask,))
def show_downloads(here: Here, batch: Annotated[str, msgspec.Meta(max_length=_LONGEST)]) -> Downloads:
    """How far the models of a batch are. Its name says which they are, so it outlives every restart."""
    ensure = ensure_for(here, told=True)
    return Downloads(batch, [_shown(one, ensure.look(_want(one), fetch=False)) for one in _unpacked(batch)])


@routes.put(
    "/comfyui/inputs",
    role=Role.OPERATOR,
    example={"rows": [["IPAdapterModelLoader", "ipadapter_file", 0, "ipadapter"]]},
)
def keep_inputs(here: Here, body: Inputs) -> None:
    """Remember which folders the inputs of this ComfyUI's nodes list, as long as the service runs: plans go by that."""
    here.app.stock.inputs.keep(near_of(here), body.rows)


@routes.post("/comfyui/insert", role=Role.OPERATOR, raises=(NoSuchModel,), example={"id": 1})
def insert_into_comfyui(here: Here, body: Inserting) -> Inserted:
    """Put the loader of a model into the workflow that is open in ComfyUI."""
    model = here.app.stock.catalogue.get(body.id)
    told = {"id": model.id, "folder": model.folder, "name": model.place, "title": model.title}
    here.app.events.publish("comfyui.insert", told)
    return Inserted(here.service.listeners_of(COMFYUI.name))


def _begun(here: Here, one: Wanted) -> Download:
    """One model on its way; what refuses it is told with it."""
    ensure, want = replace(ensure_for(here, told=True), fence=functools.partial(check_target, here)), _want(one)
    try:
        check_source(here, want.address)
        return _shown(one, ensure.look(want, again=True))
    except YardError as error:
        return Download(one.name, one.directory, "failed", error=here.app.redactor.text(error.message))


def _is_download(here: Here, number: int) -> bool:
    """Care of the library is its owner's, not that of whoever writes scripts for a ComfyUI."""
    with contextlib.suppress(NoSuchTask):
        return here.app.queue.get(number).kind == DOWNLOAD
    return False


def _want(one: Wanted) -> Want:
    return Want(address=one.url, folder=OLD_NAMES.get(one.directory, one.directory), name=one.name)


def _shown(one: Wanted, found: Ensured) -> Download:
    if found.state == "ready" and not found.name:
        return Download(one.name, one.directory, "failed", error=_ELSEWHERE.format(found.path))
    if found.state == "ready":
        return Download(one.name, one.directory, "completed")
    if found.state == "missing":
        return Download(one.name, one.directory, "failed", error=found.reason)
    status: Literal["queued", "running"] = "running" if found.done else "queued"
    return Download(one.name, one.directory, status, found.done, found.size)


def _packed(models: list[Wanted]) -> str:
    """A name that says which models are meant.

    Raises:
        BadValue: It would be too long.
    """
    held = zlib.compress(msgspec.json.encode([(one.name, one.url, one.directory) for one in models]), 9)
    name = base64.urlsafe_b64encode(held).decode().rstrip("=")
    if len(name) > _LONGEST:
        raise BadValue(f"{len(models)} models are too many at once.", hint="Ask for half of them first.")
    return name


def _unpacked(batch: str) -> list[Wanted]:
    """The models of a batch's name.

    Raises:
        NoSuchTask: It is none of ours.
    """
    try:
        held = base64.urlsafe_b64decode(batch + "=" * (-len(batch) % 4))
        plain = zlib.decompressobj().decompress(held, 2**20)
        rows = msgspec.json.decode(plain, type=list[tuple[str, str, str]])
        return msgspec.convert([Wanted(*row) for row in rows[:_MOST]], list[Wanted])
    except (ValueError, zlib.error) as error:  # msgspec's errors are ValueErrors, too
        raise NoSuchTask("There is no such batch.") from error
