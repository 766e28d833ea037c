"""The library routes of ComfyUI-Model-Manager: models by type, index and name; refresh, previews, maintenance.

Where the ancestor refreshes with a GET we want a POST, see docs/adr/0005.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from modelyard.catalogue.asking import Asking
from modelyard.catalogue.model import Model
from modelyard.errors import BadValue, PreviewRefused, WrongMethod, YardError
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.owning import Change, change_own
from modelyard.jobs.refresh import RefreshOptions, refresh
from modelyard.jobs.trash import put_away
from modelyard.server.api.ancestor import for_its_page, in_its_words
from modelyard.server.api.ancestor_library import (
    described,
    every,
    folders,
    issues,
    listed,
    model_at,
    model_of_path,
    model_of_preview,
    take_to,
)
from modelyard.server.api.ancestor_shapes import Told
from modelyard.server.forms import ANY, Form
from modelyard.server.messages import Answer
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Routes

routes = Routes(tag="comfyui-model-manager", prefix="/model-manager")

_WITH_PREVIEW = 32 * 2**20
_FORMS = {"webp": "image/webp", "png": "image/png", "jpeg": "image/jpeg", "jpg": "image/jpeg"}
_NOTHING = b"undefined"
_MOST = 1000
_REFRESH = "/metadata/refresh"

Word = Annotated[str, msgspec.Meta(max_length=100)]


class Data(Told, frozen=True):
    """An answer with what was asked for."""

    data: Any = msgspec.UNSET


class NewWords(Form, frozen=True):
    """What a model shall have. Fields that are left out stay.

    Attributes:
        preview_file: A picture; `undefined` takes the preview away.
        description: Kept as its owner's notes, which no hub overwrites.
        fullname: Where it shall lie, together with `type` and `pathIndex`.
    """

    preview_file: bytes | None = None
    description: str | None = None
    type: str | None = None
    path_index: int | str | None = None
    fullname: str | None = None


class Chosen(Form, frozen=True):
    """Models by their whole paths.

    Attributes:
        force: Complete ones, too.
    """

    models: list[str] = []
    force: bool = False


_CHOSEN = {"models": ["/models/loras/ink.safetensors"]}


class ScanQuery(Ask, frozen=True):
    """Which models are looked at."""

    type: Word = ""
    include_previews: Word = "true"


class SizeQuery(Ask, frozen=True):
    """How a preview is shown; what only keeps browsers from their cache is passed over."""

    width: Word = ""
    height: Word = ""
    format: Word = ""
    v: Word = ""
    t: Word = ""
    timestamp: Word = ""


@routes.get("/models", role=Role.VIEWER)
@in_its_words
def ancestor_folders(here: Here) -> Data:
    """Folders of models by type."""
    return Data(data=folders(here.app.stock))


@routes.get("/base-folders", role=Role.VIEWER)
def ancestor_base_folders(here: Here) -> Data:
    """The same under its older name."""
    return ancestor_folders(here)


@routes.get("/models/{type}", role=Role.VIEWER)
@in_its_words
def ancestor_models_of(here: Here, type: str) -> Data:
    """Models and folders of one type."""
    return Data(data=listed(here.app.stock, type))


@routes.get("/model/{type}/{index}/{filename*}", role=Role.VIEWER)
@in_its_words
def ancestor_model(here: Here, type: str, index: str, filename: str) -> Data:
    """What is known of a model."""
    if filename.endswith(_REFRESH):
        raise WrongMethod("No GET changes anything here.", hint="Send the same as POST, to refresh.")
    model = model_at(here.app.stock, type, index, filename)
    return Data(data=described(here.app.stock.catalogue.details(model.id)))


@routes.put(
    "/model/{type}/{index}/{filename*}",
    role=Role.OPERATOR,
    most=_WITH_PREVIEW,
    takes=ANY,
    slow=True,
    example={"description": "Strong lines."},
)
@in_its_words
def ancestor_change_model(here: Here, type: str, index: str, filename: str, body: NewWords) -> Told:
    """Give a model a preview, a description, another name or another folder; what belongs to it goes along."""
    stock = here.app.stock
    model = model_at(stock, type, index, filename)
    if body.preview_file == _NOTHING:
        if model.preview:
            stock.pictures.remove(model)
    elif body.preview_file:
        stock.pictures.give(model, body.preview_file)
    shown = described(stock.catalogue.details(model.id))["description"]
    if body.description is not None and body.description != shown:
        change_own(stock, model.id, msgspec.convert({"notes": body.description}, Change))
    if body.fullname is not None:
        take_to(
            stock, model, body.type or type, str(index if body.path_index is None else body.path_index), body.fullname
        )
    return Told()


@routes.delete("/model/{type}/{index}/{filename*}", role=Role.OPERATOR, takes=ANY, slow=True)
@in_its_words
def ancestor_remove_model(here: Here, type: str, index: str, filename: str) -> Told:
    """Move a model, with all that belongs to it, into the trash of its root; `modelyard trash` puts it back."""
    put_away(here.app.stock, model_at(here.app.stock, type, index, filename).id)
    return Told()


@routes.post(f"/model/{{type}}/{{index}}/{{filename*}}{_REFRESH}", role=Role.OPERATOR, takes=ANY, slow=True)
@in_its_words
def ancestor_refresh(here: Here, type: str, index: str, filename: str) -> Data:
    """Ask hubs about a model."""
    model = model_at(here.app.stock, type, index, filename)
    (told,) = _refreshed(here, [model], force=True)
    return Data(data=told)


@routes.post("/batch/metadata/refresh", role=Role.OPERATOR, takes=ANY, slow=True, example=_CHOSEN)
@in_its_words
def ancestor_refresh_many(here: Here, body: Chosen) -> Data:
    """Ask hubs about models."""
    chosen, details = _models(here, body)
    details += _refreshed(here, chosen, force=body.force)
    return Data(data=_counted(details, ("updated", "already_complete", "not_found")))


@routes.get("/maintenance/scan", role=Role.VIEWER)
@in_its_words
def ancestor_maintenance(here: Here, query: ScanQuery) -> Data:
    """Models of which something is missing."""
    stock = here.app.stock
    previews = query.include_previews.lower() == "true"
    known = {str(root.path): root for root in stock.roots().all if query.type in ("", root.folder)}
    if query.type:
        stock.roots().get(query.type, 0)
    models = [one for one in every(stock, Asking(root=tuple(known))) if one.root in known]
    lacking = [one for one in models if one.completeness != "complete" or (previews and not one.preview)]
    told = [
        {
            "path": one.path,
            "filename": one.place.rpartition("/")[2],
            "type": known[one.root].folder,
            "pathIndex": known[one.root].index,
            "completeness": one.completeness,
            "has_preview": bool(one.preview),
            "size": one.size,
            "issues": issues(stock.catalogue.details(one.id)),
        }
        for one in lacking[:_MOST]
    ]
    kinds = list(dict.fromkeys(root.folder for root in known.values()))
    return Data(data={"total_incomplete": len(lacking), "models": told, "scanned_types": kinds})


@routes.post("/preview/regenerate", role=Role.OPERATOR, takes=ANY, slow=True, example=_CHOSEN)
@in_its_words
def ancestor_regenerate(here: Here, body: Chosen) -> Data:
    """Fetch previews of models that have none."""
    chosen, details = _models(here, body)
    details += [_regenerated(here, one) for one in chosen]
    return Data(data=_counted(details, ("generated", "already_exists", "no_source")))


@routes.get(
    "/preview/{type}/{index}/{filename*}",
    role=Role.VIEWER,
    media_type="image/webp",
    also=("image/png", "image/jpeg", "application/json"),
)
@in_its_words
def ancestor_preview(here: Here, type: str, index: str, filename: str, query: SizeQuery) -> Answer:
    """A model's picture, small, in the form that is asked for or that its name ends in."""
    stock = here.app.stock
    form = (query.format or filename.rpartition(".")[2]).lower()
    form = {"jpg": "jpeg"}.get(form, form) if form in _FORMS else "webp"
    data = stock.pictures.small(model_of_preview(stock, type, index, filename), _width(query), form)
    return Answer(data, headers={"Cache-Control": "private, no-cache"}, media_type=_FORMS[form])


def _width(query: SizeQuery) -> int:
    text = query.width or query.height or "512"
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 4096):
        raise BadValue(f"{text[:20]!r} is no width.", hint="Widths go from 1 to 4096.")
    return min(1024, max(16, int(text[:6])))


def _models(here: Here, body: Chosen) -> tuple[list[Model], list[dict[str, Any]]]:
    """The models that are there, and what to say of the others."""
    if not body.models:
        raise BadValue("No models were named.", hint="Send {'models': [paths]}.")
    if len(body.models) > _MOST:
        raise BadValue(f"{len(body.models)} models are too many at once.", hint=f"Send {_MOST} at most.")
    found: dict[int, Model] = {}
    refused: list[dict[str, Any]] = []
    for path in body.models:
        try:
            model = model_of_path(here.app.stock, path)
            found[model.id] = model
        except YardError as error:
            refused.append({"path": path, "status": "error", "error": error.message})
    return list(found.values()), refused


def _refreshed(here: Here, models: list[Model], *, force: bool) -> list[dict[str, Any]]:
    """Ask hubs, after the hashes that are missing were measured."""
    stock, stop = here.app.stock, here.app.stop
    asked = [one for one in models if force or one.completeness != "complete"]
    if unmeasured := tuple(one.id for one in asked if not one.sha256):
        measure_models(stock, MeasureOptions(ids=unmeasured), stop, lambda _: None)
    if asked:
        refresh(stock, RefreshOptions(ids=tuple(one.id for one in asked), force=True), stop, lambda _: None)
    chosen = {one.id for one in asked}
    return [_outcome(here, one) if one.id in chosen else _complete(one) for one in models]


def _complete(model: Model) -> dict[str, Any]:
    return {"status": "already_complete", "path": model.path, "completeness": model.completeness}


def _outcome(here: Here, before: Model) -> dict[str, Any]:
    found = here.app.stock.catalogue.details(before.id)
    known = bool(found.about.hub) and not found.about.gone and found.model.asked > before.asked
    return {
        "status": "updated" if known else "not_found",
        "path": before.path,
        "hash": found.model.sha256,
        "old_completeness": before.completeness,
        "new_completeness": found.model.completeness,
        "found_info": known,
    }


def _regenerated(here: Here, model: Model) -> dict[str, Any]:
    if model.preview:
        return {"path": model.path, "status": "already_exists"}
    stock = here.app.stock
    try:
        stock.pictures.regenerate(model, stock.catalogue.details(model.id).about, here.app.stop)
    except PreviewRefused:
        return {"path": model.path, "status": "no_source"}
    except YardError as error:
        return {"path": model.path, "status": "error", "error": error.message}
    return {"path": model.path, "status": "generated"}


def _counted(details: list[dict[str, Any]], words: tuple[str, ...]) -> dict[str, Any]:
    said = [one["status"] for one in details]
    counts = {word: said.count(word) for word in words}
    return {"processed": len(details), **counts, "errors": said.count("error"), "details": details}


routes.all.extend([for_its_page(route) for route in routes.all])
