"""Hubs of the local network that others than the owner may reach, too."""

from __future__ import annotations

from typing import Annotated

import msgspec

from modelyard.errors import BadValue, NotFound
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Routes

routes = Routes(tag="hubs")

Origin = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class LanHub(Ask, frozen=True):
    """Where a hub is: scheme, host and port, `http://nas.local:8080`."""

    origin: Origin


class LanHubList(msgspec.Struct, frozen=True):
    """Every registered hub, the oldest first."""

    origins: list[str]


@routes.get("/lan-hubs", role=Role.ADMIN, raises=(BadValue,))
def list_lan_hubs(here: Here) -> LanHubList:
    """Private addresses that every caller may reach; all other ones are for the owner's own downloads."""
    return LanHubList(list(here.app.lan_hubs.list()))


@routes.post("/lan-hubs", role=Role.ADMIN, status=201, raises=(BadValue,), example={"origin": "http://nas.local:8080"})
def add_lan_hub(here: Here, body: LanHub) -> LanHub:
    """Register a hub; holds at once. One that is known already stays as it is."""
    return LanHub(here.app.lan_hubs.add(body.origin))


@routes.delete("/lan-hubs", role=Role.ADMIN, raises=(BadValue, NotFound))
def remove_lan_hub(here: Here, query: LanHub) -> None:
    """Forget a hub; holds for every new connection."""
    if not here.app.lan_hubs.remove(query.origin):
        raise NotFound(f"{query.origin} is not registered.", hint="See which are: `modelyard lan list`.")
