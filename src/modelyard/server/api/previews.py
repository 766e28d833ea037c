"""Pictures of models: small ones for lists, the file itself, and giving a model another one.

What goes out is a picture or a video by its own first bytes, with a type of ours; never SVG, never HTML.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from modelyard.errors import NoSuchFile, NoSuchModel, PreviewRefused, ReadOnlyDisk, UnsafePath
from modelyard.jobs.pictures import LARGEST, TYPES
from modelyard.server.messages import Answer
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Id, Routes

routes = Routes(tag="previews")

_FRESH = "private, no-cache"
_FOR_EVER = "private, max-age=31536000, immutable"
_FORMS = {"webp": "image/webp", "png": "image/png", "jpeg": "image/jpeg"}
_WRITING = (NoSuchModel, NoSuchFile, PreviewRefused, ReadOnlyDisk, UnsafePath)


class SmallQuery(Ask, frozen=True):
    """How it is shown.

    Attributes:
        width: In pixels, rounded up to one of a few.
        v: Anything that changes with the picture, as its `ETag` does; such an answer may be kept for ever.
    """

    width: Annotated[int, msgspec.Meta(ge=16, le=1024)] = 320
    form: Literal["webp", "png", "jpeg"] = "webp"
    v: Annotated[str, msgspec.Meta(max_length=200)] = ""


class PreviewView(msgspec.Struct, frozen=True):
    """Where a model's preview lies now, empty when it has none."""

    preview: str


@routes.get(
    "/models/{id}/preview",
    role=Role.VIEWER,
    raises=(NoSuchModel, PreviewRefused),
    media_type="image/webp",
    also=("image/png", "image/jpeg"),
)
def small_preview(here: Here, id: Id, query: SmallQuery) -> Answer:
    """A model's picture, small: its preview's, a still of its video, the one in its header, or a drawn one."""
    stock = here.app.stock
    data = stock.pictures.small(stock.catalogue.get(id), query.width, query.form)
    return Answer(data, headers={"Cache-Control": _FOR_EVER if query.v else _FRESH}, media_type=_FORMS[query.form])


@routes.get(
    "/models/{id}/preview/original",
    role=Role.VIEWER,
    raises=(NoSuchModel, NoSuchFile, PreviewRefused, UnsafePath),
    media_type="image/png",
    also=tuple(kind for kind in TYPES.values() if kind != "image/png"),
)
def whole_preview(here: Here, id: Id) -> Answer:
    """A model's preview as it lies on the disk, picture or video."""
    stock = here.app.stock
    data, kind = stock.pictures.whole(stock.catalogue.get(id))
    return Answer(data, headers={"Cache-Control": _FRESH}, media_type=kind)


@routes.post(
    "/models/{id}/preview",
    role=Role.OPERATOR,
    raises=_WRITING,
    most=LARGEST,
    takes=tuple(kind for kind in TYPES.values() if kind != TYPES["jxl"]),
)
def give_preview(here: Here, id: Id, body: bytes) -> PreviewView:
    """Give a model another preview: the body is the picture or video. It is decoded and written anew."""
    stock = here.app.stock
    return PreviewView(str(stock.pictures.give(stock.catalogue.get(id), body)))


@routes.delete("/models/{id}/preview", role=Role.OPERATOR, raises=_WRITING)
def remove_preview(here: Here, id: Id) -> PreviewView:
    """Take a model's preview away; `restore` puts it back."""
    stock = here.app.stock
    stock.pictures.remove(stock.catalogue.get(id))
    return PreviewView(stock.catalogue.get(id).preview)


@routes.post("/models/{id}/preview/restore", role=Role.OPERATOR, raises=_WRITING)
def restore_preview(here: Here, id: Id) -> PreviewView:
    """Put the former preview back; the present one becomes the former."""
    stock = here.app.stock
    return PreviewView(str(stock.pictures.restore(stock.catalogue.get(id))))


@routes.post("/models/{id}/preview/regenerate", role=Role.OPERATOR, raises=_WRITING, slow=True)
def regenerate_preview(here: Here, id: Id) -> PreviewView:
    """Make a preview anew: fetched from the hub, else taken from the model's own header."""
    stock = here.app.stock
    found = stock.catalogue.details(id)
    return PreviewView(str(stock.pictures.regenerate(found.model, found.about, here.app.stop)))
