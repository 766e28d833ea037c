"""From what ComfyUI-Model-Manager's callers say of models to the models of the catalogue, and back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from modelyard.catalogue.asking import Asking
from modelyard.catalogue.model import Model
from modelyard.catalogue.order import Order
from modelyard.catalogue.views import Details
from modelyard.errors import BadValue, NoSuchModel, TargetExists, UnsafePath
from modelyard.jobs.moving import move, rename
from modelyard.jobs.stock import Stock
from modelyard.library.previews.finding import VIDEOS
from modelyard.library.roots.roots import Root
from modelyard.library.sidecars.belonging import stem_of

_PAGE = 1000
_LONGEST_INDEX = 6


def folders(stock: Stock) -> dict[str, list[str]]:
    """ComfyUI's names of folders with the paths of each, in the order of their indices."""
    return {name: [str(root.path) for root in roots] for name, roots in stock.roots().by_folder().items() if name}


def place_of(stock: Stock, kind: str, index: str, filename: str) -> Path:
    """The path that a type, an index and a name mean: below that root, whatever they hold.

    Raises:
        BadValue: The index is no number.
        NoSuchRoot: There is no such folder.
        UnsafePath: The name leads out of it.
    """
    if not (index.isascii() and index.isdigit() and len(index) <= _LONGEST_INDEX):
        raise BadValue(f"pathIndex {index[:40]!r} is no number of a folder.", hint="The first folder of a type is 0.")
    root = stock.roots().get(kind, int(index))
    parts = filename.split("/")
    if "\0" in filename or any(part in ("", ".", "..") for part in parts):
        raise UnsafePath(f"{filename[:200]!r} is no name of a file below a folder.")
    path = root.path.joinpath(*parts)
    if not path.is_relative_to(root.path):  # a drive letter on Windows
        raise UnsafePath(f"{filename[:200]!r} is no name of a file below a folder.")
    _check(stock, path)
    return path


def model_at(stock: Stock, kind: str, index: str, filename: str) -> Model:
    """The model there.

    Raises:
        NoSuchModel: There is none.
        YardError: See `place_of`.
    """
    return stock.catalogue.at(str(place_of(stock, kind, index, filename)))


def model_of_path(stock: Stock, path: str) -> Model:
    """The model at a path that a caller names whole.

    Raises:
        UnsafePath: It lies in no root.
        NoSuchModel: There is none.
    """
    if "\0" in path or not Path(path).is_absolute():
        raise UnsafePath(f"{path[:200]!r} is no whole path.")
    normal = Path(os.path.normpath(path))
    _check(stock, normal)
    return stock.catalogue.at(str(normal))


def model_of_preview(stock: Stock, kind: str, index: str, filename: str) -> Model:
    """The model whose preview has this name, in any form: the name of the model with another ending.

    Raises:
        NoSuchModel: There is none.
        YardError: See `place_of`.
    """
    path = place_of(stock, kind, index, filename)
    stem = stem_of(path.name).removesuffix(".preview")
    for known, file in stock.catalogue.stamps_of(str(path.parent)).files.items():
        if not file.gone and stem_of(os.path.basename(known)) == stem:
            return stock.catalogue.get(file.model)
    raise NoSuchModel(f"There is no model for the preview {path.name[:200]!r}.")


def take_to(stock: Stock, model: Model, kind: str, index: str, fullname: str) -> None:
    """Take a model to a type, an index and a name, where it does not lie there already; its ending stays.

    Raises:
        BadValue: The new name has another ending.
        TargetExists: A file of its name stands there; nothing was changed.
        YardError: See `place_of`, `jobs.moving.move` and `jobs.moving.rename`.
    """
    target, path = place_of(stock, kind, index, fullname), Path(model.path)
    if target == path:
        return
    if target.suffix != path.suffix:
        raise BadValue(f"{target.name[:200]!r} does not end in {path.suffix!r}.", hint="The ending of a model stays.")
    if os.path.lexists(target):
        raise TargetExists(f"{fullname[:200]!r} is there already.")
    root = stock.roots().get(kind, int(index))
    if target.parent != path.parent:
        move(stock, model.id, root, fullname.rpartition("/")[0])
    if target.name != path.name:
        rename(stock, model.id, target.name)


def _check(stock: Stock, path: Path) -> None:
    stock.roots().inside(path)
    stock.roots().inside(Path(os.path.realpath(path)))


def every(stock: Stock, asking: Asking) -> list[Model]:
    """All models that fit."""
    found: list[Model] = []
    after = ""
    while True:
        page = stock.catalogue.page(asking, Order("title", False, after, _PAGE))
        found += page.models
        if not page.next:
            return found
        after = page.next


def listed(stock: Stock, kind: str) -> list[dict[str, Any]]:
    """The models and the folders of one type, as its page wants them."""
    roots = stock.roots()
    roots.get(kind, 0)
    known = {str(root.path): root for root in roots.by_folder().get(kind, ())}
    models = [one for one in every(stock, Asking(root=tuple(known))) if one.root in known]
    shown = [_shown(one, kind, known[one.root]) for one in models]
    return [*_folders(models, kind, known), *shown]


def _shown(model: Model, kind: str, root: Root) -> dict[str, Any]:
    below, _, name = model.place.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    basename = stem if dot else name
    video = model.preview.lower().endswith(VIDEOS)
    inside = f"{below}/{basename}" if below else basename
    return {
        "type": kind,
        "subFolder": below,
        "isFolder": False,
        "basename": basename,
        "extension": f".{extension}" if dot else "",
        "pathIndex": root.index,
        "sizeBytes": model.size,
        "preview": f"/model-manager/preview/{kind}/{root.index}/{inside}.webp",
        "previewType": "video" if video else "image",
        "createdAt": round(model.added * 1000),
        "updatedAt": round(model.modified * 1000),
    }


def _folders(models: Sequence[Model], kind: str, known: dict[str, Root]) -> Iterable[dict[str, Any]]:
    held = {(one.root, above) for one in models for above in _above(one.place)}
    for root, place in sorted(held):
        below, _, name = place.rpartition("/")
        yield {
            "type": kind,
            "subFolder": below,
            "isFolder": True,
            "basename": name,
            "extension": "",
            "pathIndex": known[root].index,
            "sizeBytes": 0,
            "preview": None,
            "previewType": "image",
            "createdAt": 0,
            "updatedAt": 0,
        }


def _above(place: str) -> list[str]:
    parts = place.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def described(found: Details) -> dict[str, Any]:
    """What is known of one, as its page shows it: its owner's words first, never HTML that does anything."""
    about, identity, model = found.about, found.identity, found.model
    told = {
        "name": model.title,
        "website": about.hub,
        "modelPage": about.page,
        "id": about.version_id,
        "modelId": about.model_id,
        "author": about.author,
        "baseModel": model.base,
        "trainedWords": list(about.trained_words or identity.trained_words),
        "tags": [*found.tags, *found.own_tags],
        "license": about.licence,
        "downloadUrl": about.download_url,
        "hashes": {"SHA256": model.sha256.upper()} if model.sha256 else {},
        "completeness": model.completeness,
    }
    metadata = {name: value for name, value in told.items() if value}
    return {"metadata": metadata, "description": model.notes or about.description or None}


def issues(found: Details) -> list[str]:
    """What is missing, in the ancestor's words."""
    about = found.about
    lacks = {
        "missing_description": about.description,
        "missing_trigger_words": about.trained_words or found.identity.trained_words or found.model.kind != "lora",
        "missing_base_model": found.model.base,
        "missing_preview": found.model.preview,
    }
    return [name for name, value in lacks.items() if not value]
