"""Versions: what is here of a hub's model, what is newer, what nobody wants to hear of."""

from __future__ import annotations

from typing import Annotated

import msgspec

from modelyard.catalogue.versions import Newer
from modelyard.errors import NoSuchModel, NotFound
from modelyard.jobs.versions import VERSIONS, VersionsOptions
from modelyard.jobs.versions_here import VersionView, versions_here
from modelyard.server.api.library import Begun, begin
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Id, Routes

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


@routes.post("/library/versions", role=Role.OPERATOR, status=202, noted=False, example={})
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
    return versions_here(here.app.stock, id)


@routes.post("/models/{id}/versions/ignore", role=Role.OPERATOR, raises=(NoSuchModel,), example={"version": "*"})
def ignore_versions(here: Here, id: Id, body: Ignoring) -> None:
    """Hear no more of a newer version, or of one again."""
    here.app.stock.catalogue.get(id)
    here.app.stock.catalogue.ignore_version(id, body.version, on=body.on)
