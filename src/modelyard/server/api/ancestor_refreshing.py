"""The routes of ComfyUI-Model-Manager that ask hubs: what is lacking, refreshed for one or many, previews fetched.

Where the ancestor refreshes with a GET we want a POST, see docs/adr/0005.
"""

from __future__ import annotations

from typing import Any

from modelyard.catalogue.asking import Asking
from modelyard.catalogue.model import Model
from modelyard.errors import BadValue, PreviewRefused, YardError
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.refresh import RefreshOptions, refresh
from modelyard.library.roots.roots import Root
from modelyard.server.api.ancestor import for_its_page, in_its_words
from modelyard.server.api.ancestor_library import every, issues, model_at, model_of_path
from modelyard.server.api.ancestor_shapes import Data, Word
from modelyard.server.forms import ANY, Form
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Routes

routes = Routes(tag="comfyui-model-manager", prefix="/model-manager")

REFRESH = "/metadata/refresh"
_MOST = 1000


class ChosenPaths(Form, frozen=True):
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


@routes.post(f"/model/{{type}}/{{index}}/{{filename*}}{REFRESH}", role=Role.OPERATOR, takes=ANY, slow=True)
@in_its_words
def ancestor_refresh(here: Here, type: str, index: str, filename: str) -> Data:
    """Ask hubs about a model."""
    model = model_at(here.app.stock, type, index, filename)
    (told,) = _refreshed(here, [model], force=True)
    return Data(data=told)


@routes.post("/batch/metadata/refresh", role=Role.OPERATOR, takes=ANY, slow=True, example=_CHOSEN)
@in_its_words
def ancestor_refresh_many(here: Here, body: ChosenPaths) -> Data:
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
    told = [_lacking(here, one, known[one.root]) for one in lacking[:_MOST]]
    kinds = list(dict.fromkeys(root.folder for root in known.values()))
    return Data(data={"total_incomplete": len(lacking), "models": told, "scanned_types": kinds})


@routes.post("/preview/regenerate", role=Role.OPERATOR, takes=ANY, slow=True, example=_CHOSEN)
@in_its_words
def ancestor_regenerate(here: Here, body: ChosenPaths) -> Data:
    """Fetch previews of models that have none."""
    chosen, details = _models(here, body)
    details += [_regenerated(here, one) for one in chosen]
    return Data(data=_counted(details, ("generated", "already_exists", "no_source")))


def _lacking(here: Here, model: Model, root: Root) -> dict[str, Any]:
    return {
        "path": model.path,
        "filename": model.place.rpartition("/")[2],
        "type": root.folder,
        "pathIndex": root.index,
        "completeness": model.completeness,
        "has_preview": bool(model.preview),
        "size": model.size,
        "issues": issues(here.app.stock.catalogue.details(model.id)),
    }


def _models(here: Here, body: ChosenPaths) -> tuple[list[Model], list[dict[str, Any]]]:
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
