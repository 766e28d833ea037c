"""Asking hubs about models."""

from __future__ import annotations

from typing import Annotated

import msgspec

from modelyard.errors import NoSuchModel
from modelyard.jobs.refresh import REFRESH, RefreshOptions
from modelyard.server.api.library import Begun, begin
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Id, Routes

routes = Routes(tag="maintenance")

Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class RefreshBody(Ask, frozen=True):
    """Which models hubs are asked about.

    Attributes:
        ids: Only these; empty is all that lack something.
        every: Complete ones, too.
        force: Those that were asked about within a day, too.
        most: At most so many; 0 is all.
    """

    ids: Annotated[list[Id], msgspec.Meta(max_length=10_000)] = []
    every: bool = False
    force: bool = False
    most: Count = 0


@routes.post("/models/refresh", role=Role.OPERATOR, status=202, noted=False, example={"ids": [1, 2], "force": True})
def refresh_models(here: Here, body: RefreshBody) -> Begun:
    """Ask hubs about models: by hash in bulk, then where they come from. Nothing that is known is wiped."""
    options = RefreshOptions(ids=tuple(sorted(body.ids)), every=body.every, force=body.force, most=body.most)
    return begin(here, REFRESH, options)


@routes.post("/models/{id}/refresh", role=Role.OPERATOR, status=202, noted=False, raises=(NoSuchModel,))
def refresh_model(here: Here, id: Id) -> Begun:
    """Ask hubs about one model now, whenever it was asked about last."""
    here.app.stock.catalogue.get(id)
    return begin(here, REFRESH, RefreshOptions(ids=(id,), force=True))
