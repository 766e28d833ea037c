"""What takes the room and what is left: duplicates and giving their space back, sums, and what could go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from modelyard.engine.landing import free_bytes
from modelyard.errors import BadValue, UnsafePath
from modelyard.jobs.dedupe import DEDUPE, DedupeOptions, Duplicates, duplicates
from modelyard.jobs.space import UNUSED_DAYS, Action, Proposals, Space, proposals, space
from modelyard.server.api.fence import check_target
from modelyard.server.api.library import Begun, begin
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Routes

routes = Routes(tag="space")

Days = Annotated[int, msgspec.Meta(ge=0, le=36500)]


class DaysQuery(Ask, frozen=True):
    """From when on a model counts as unused."""

    days: Days = UNUSED_DAYS


class ProposalsQuery(DaysQuery, frozen=True):
    """Which proposals, and which page.

    Attributes:
        days: A model that was not used for so long is unused.
        action: Only these.
    """

    action: list[Action] = []
    after: Annotated[str, msgspec.Meta(max_length=50)] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


class DedupeBody(Ask, frozen=True):
    """Which duplicates give their space back.

    Attributes:
        sha256: Only these groups; empty is all.
    """

    sha256: Annotated[
        list[Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]], msgspec.Meta(max_length=10_000)
    ] = []


class RoomQuery(Ask, frozen=True):
    """Where a download goes, as its `to` says it; empty is where those go that do not say."""

    to: Annotated[str, msgspec.Meta(max_length=8192)] = ""


class Destination(msgspec.Struct, frozen=True):
    """What a download finds where it goes.

    Attributes:
        path: The place, absolute.
        free: Bytes that it may take there, without what always stays free; null when nobody knows.
    """

    path: str
    free: int | None


@routes.get("/models/duplicates", role=Role.VIEWER, slow=True)
def list_duplicates(here: Here) -> Duplicates:
    """Files with the same measured bytes, and what sharing their place on the disk would give back."""
    return duplicates(here.app.stock)


@routes.post("/library/dedupe", role=Role.OPERATOR, status=202, noted=False, example={})
def begin_dedupe(here: Here, body: DedupeBody) -> Begun:
    """Let equal files share one place on the disk, after both were read and compared; every name stays."""
    return begin(here, DEDUPE, DedupeOptions(sha256=tuple(body.sha256)))


@routes.get("/space", role=Role.VIEWER, slow=True)
def show_space(here: Here, query: DaysQuery) -> Space:
    """What takes the room: by kind, folder, root, program, hub and family, duplicates, the trash, what nobody uses."""
    return space(here.app.stock, query.days)


@routes.get("/room", role=Role.OPERATOR, slow=True, raises=(BadValue, UnsafePath))
def show_room(here: Here, query: RoomQuery) -> Destination:
    """Where a download would go, and the room that it has on the drive there."""
    target = here.app.target(query.to)
    check_target(here, target)
    free = free_bytes(Path(target))
    return Destination(target, None if free is None else free - here.app.yard.reserve(free))


@routes.get("/models/proposals", role=Role.VIEWER, raises=(BadValue,))
def list_proposals(here: Here, query: ProposalsQuery) -> Proposals:
    """What could be done with models that nobody used for long, with reasons; nothing is done by itself."""
    return proposals(here.app.stock, query.days, query.limit, query.after, tuple(query.action))
