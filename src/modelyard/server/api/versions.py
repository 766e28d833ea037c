"""Versions: what is here of a hub's model, what is newer, what nobody wants to hear of."""

from __future__ import annotations

from typing import Annotated

import msgspec

from modelyard.catalogue.versions import Newer
from modelyard.errors import NoSuchModel, NotFound
from modelyard.jobs.revisions import versions_there
from modelyard.jobs.versions import VERSIONS, VersionsOptions, versions_of
from modelyard.server.api.library import Begun, begin
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Id, Routes
from modelyard.values.about import Version

routes = Routes(tag="versions")


class VersionsBody(Ask, frozen=True):
    """Which models are looked at.

    Attributes:
        ids: Empty is all that came from a hub.
        any_base: Also versions for another base model.
    """

    ids: Annotated[list[Id], msgspec.Meta(max_length=10_000)] = []
    any_base: bool = False


class NewerQuery(Ask, frozen=True):
    """Whether ignored versions are told, too."""

    ignored: bool = False


class Ignoring(Ask, frozen=True):
    """Which version to hear no more of; `*` is every one that is known now.

    Attributes:
        on: False hears of it again.
    """

    version: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = "*"
    on: bool = True


class VersionView(msgspec.Struct, frozen=True):
    """One version of a model at its hub, and the models of ours that are this version."""

    version: Version
    here: list[int]


@routes.post("/library/versions", role=Role.OPERATOR, status=202, example={})
def begin_versions(here: Here, body: VersionsBody) -> Begun:
    """Ask hubs whether there are newer versions of what is here."""
    return begin(here, VERSIONS, VersionsOptions(ids=tuple(body.ids), any_base=body.any_base))


@routes.get("/newer", role=Role.VIEWER)
def list_newer(here: Here, query: NewerQuery) -> list[Newer]:
    """Newer versions that were found of what is here."""
    return here.app.stock.catalogue.newer(ignored=query.ignored)


@routes.get("/models/{id}/versions", role=Role.VIEWER, slow=True, raises=(NoSuchModel, NotFound))
def list_versions(here: Here, id: Id) -> list[VersionView]:
    """Every version of a model at its hub, the newest first, with those that are here.

    Of a repository: what stands in the places of its files now, and what is here where that is another.
    """
    stock = here.app.stock
    model = stock.catalogue.get(id)
    if there := list(versions_there(stock, id)):
        ours = tuple(file.sha256 for file in stock.catalogue.files(id) if file.sha256)
        return [VersionView(one, [id] if _same_bytes(one, ours) else []) for one in there]
    if not (model.hub and model.hub_model):
        return []
    known = next(iter(stock.catalogue.installed((id,)).values()), [])
    return [
        VersionView(one, [each.id for each in known if each.version == one.id or _same_bytes(one, each.sha256)])
        for one in versions_of(stock, model.hub, model.hub_model)
    ]


@routes.post("/models/{id}/versions/ignore", role=Role.OPERATOR, raises=(NoSuchModel,), example={"version": "*"})
def ignore_versions(here: Here, id: Id, body: Ignoring) -> None:
    """Hear no more of a newer version, or of one again."""
    here.app.stock.catalogue.get(id)
    here.app.stock.catalogue.ignore_version(id, body.version, on=body.on)


def _same_bytes(version: Version, digests: tuple[str, ...]) -> bool:
    return any(file.claimed.get("sha256") in digests for file in version.files)
