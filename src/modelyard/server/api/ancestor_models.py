"""The library routes of ComfyUI-Model-Manager: models by type, index and name, and their previews."""

from __future__ import annotations

import msgspec

from modelyard.errors import BadValue, WrongMethod
from modelyard.jobs.owning import Change, change_own
from modelyard.jobs.trash import put_away
from modelyard.server.api.ancestor import for_its_page, in_its_words
from modelyard.server.api.ancestor_library import (
    described,
    folders,
    listed,
    model_at,
    model_of_preview,
    take_to,
)
from modelyard.server.api.ancestor_refreshing import REFRESH
from modelyard.server.api.ancestor_shapes import Data, Told, Word
from modelyard.server.forms import ANY, Form
from modelyard.server.messages import Answer
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Routes

routes = Routes(tag="comfyui-model-manager", prefix="/model-manager")

_WITH_PREVIEW = 32 * 2**20
_FORMS = {"webp": "image/webp", "png": "image/png", "jpeg": "image/jpeg", "jpg": "image/jpeg"}
_NOTHING = b"undefined"


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
    if filename.endswith(REFRESH):
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


routes.all.extend([for_its_page(route) for route in routes.all])
