"""What could be better in a library, and a round of mending it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from modelyard.jobs.upkeep import UPKEEP, Advice, UpkeepOptions, advice
from modelyard.server.api.library import Begun, begin
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Routes

routes = Routes(tag="maintenance")


class UpkeepBody(Ask, frozen=True):
    """How much one round does."""

    most: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 300


@routes.get("/maintenance", role=Role.VIEWER)
def maintenance(here: Here) -> list[Advice]:
    """What could be better in the library, the gravest first, and what mends it."""
    return advice(here.app.stock)


@routes.post("/library/upkeep", role=Role.OPERATOR, status=202, noted=False, example={})
def begin_upkeep(here: Here, body: UpkeepBody) -> Begun:
    """One round of upkeep: what is used most, was never tried or came lately is asked about first."""
    return begin(here, UPKEEP, UpkeepOptions(most=body.most))
