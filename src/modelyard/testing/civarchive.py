"""CivArchive: what it still has of models that left CivitAI (hubs.md 3.8).

Its models follow a body that one of its clients recorded; by hash it answers in the shapes that clients read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from modelyard.testing.cdn import Cdn
from modelyard.testing.civitai_data import Model, ModelFile, Version
from modelyard.testing.files import served
from modelyard.testing.wire import Answer, Request, as_json, redirect

PREFIX = "civarchive"
"""It has a path of its own, since `/api/models/` on the hub origin is Hugging Face's."""

Shape = Literal["plain", "data", "files"]
"""How it answers a hash: as a model, the same below ``data``, or files alone that name their model."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """Another place that has a file, or had it."""

    url: str
    source: str = "huggingface"
    deleted: bool = False
    gated: bool = False
    paid: bool = False


@dataclass
class Kept:
    """A model that the archive knows.

    Attributes:
        mirrors: Other places, by the number of a file.
        stored: Whether the archive has the bytes itself.
    """

    model: Model
    mirrors: dict[int, list[Mirror]] = field(default_factory=dict)
    stored: bool = True


class CivArchive:
    """The archive.

    Attributes:
        kept: By model number.
        shape: How it answers a hash.
    """

    def __init__(self, cdn: Cdn) -> None:
        self._cdn = cdn
        self.reset()

    def reset(self) -> None:
        """Keep nothing."""
        self.kept: dict[int, Kept] = {}
        self.shape: Shape = "plain"

    def keep(self, model: Model, *, stored: bool = True) -> Kept:
        """Know a model, and have its bytes unless told otherwise."""
        self.kept[model.id] = Kept(model, stored=stored)
        return self.kept[model.id]

    def answer(self, request: Request) -> Answer | None:
        """The answer when the path is one of the archive's."""
        parts = request.segments
        if parts[:2] != [PREFIX, "api"] or len(parts) < 4:
            return None
        routes: dict[str, Callable[[], Answer]] = {
            "models": lambda: self._model(request, parts[3]),
            "sha256": lambda: self._by_hash(request, parts[3]),
            "download": lambda: self._download(request, parts[-1]),
        }
        return routes.get(parts[2], _missing)()

    def _model(self, request: Request, number: str) -> Answer:
        kept = self.kept.get(int(number)) if number.isdigit() else None
        wanted = request.query.get("modelVersionId")
        version = next((one for one in kept.model.versions if wanted in (None, str(one.id))), None) if kept else None
        return as_json(200, _body(kept, version)) if kept and version else _missing()

    def _by_hash(self, request: Request, value: str) -> Answer:
        for kept in self.kept.values():
            for version in kept.model.versions:
                if any(value == file.content.sha256 for file in version.files):
                    body = _body(kept, version)
                    shapes = {"plain": body, "data": {"data": body}, "files": {"files": body["version"]["files"]}}
                    return as_json(200, shapes[self.shape])
        return _missing()

    def _download(self, request: Request, number: str) -> Answer:
        """A 307 to the archive's own store."""
        for kept in self.kept.values():
            for version in kept.model.versions:
                if str(version.id) == number and kept.stored:
                    file = version.files[0]
                    shown = served(file.content, f"{PREFIX}/{version.id}/{file.name}")
                    return redirect(307, self._cdn.open(request, f"/sha256/{file.content.sha256}", shown))
        return _missing()


def _missing() -> Answer:
    return as_json(404, {"error": "Not found"})


def _body(kept: Kept, version: Version) -> dict[str, Any]:
    model = kept.model
    pages = [{"id": one.id, "name": one.name, "href": _page(model, one)} for one in model.versions]
    files = [_file(kept, version, file) for file in version.files]
    return {
        "id": model.id,
        "name": model.name,
        "type": model.type,
        "tags": model.tags,
        "deletedAt": "2025-10-10T23:15:26.714Z",
        "creator_username": model.creator,
        "versions": pages,
        "version": {
            "id": version.id,
            "modelId": model.id,
            "name": version.name,
            "baseModel": version.base_model,
            "trigger": version.trained_words,
            "files": files,
            "download_url": f"/api/download/models/{version.id}",
            "href": _page(model, version),
        },
        "platform": "civitai",
    }


def _file(kept: Kept, version: Version, file: ModelFile) -> dict[str, Any]:
    """It calls no file the primary one, not even the only one."""
    lost = f"https://civitai.com/api/download/models/{version.id}"
    mirrors = [*kept.mirrors.get(file.id, []), Mirror(lost, "civitai", deleted=True)]
    return {
        "id": file.id,
        "name": file.name,
        "type": file.type,
        "sizeKB": file.content.size / 1024,
        "downloadUrl": lost,
        "modelId": kept.model.id,
        "modelVersionId": version.id,
        "sha256": file.content.sha256,
        "is_primary": False,
        "mirrors": [_mirror(file.name, one) for one in mirrors],
    }


def _mirror(name: str, one: Mirror) -> dict[str, Any]:
    deleted = "2025-10-10T23:15:26.714Z" if one.deleted else None
    told = {"filename": name, "url": one.url, "source": one.source, "deletedAt": deleted}
    return told | {"is_gated": one.gated, "is_paid": one.paid}


def _page(model: Model, version: Version) -> str:
    return f"/models/{model.id}?modelVersionId={version.id}"
