"""Profiles: named sets of options."""

from __future__ import annotations

from modelyard.errors import BadValue
from modelyard.jobs.profiles import Profile
from modelyard.server.roles import Role
from modelyard.server.routes import Here, Routes

routes = Routes(tag="profiles")


@routes.get("/profiles", role=Role.VIEWER)
def list_profiles(here: Here) -> dict[str, Profile]:
    """Every profile by name."""
    return here.app.profiles.list()


@routes.put("/profiles/{name}", role=Role.ADMIN, raises=(BadValue,), example={"to": "/models/loras/", "limit": "5MB/s"})
def keep_profile(here: Here, name: str, body: Profile) -> Profile:
    """Keep a profile; tasks name it as `profile` and say only what differs."""
    return here.app.profiles.keep(name, body)


@routes.delete("/profiles/{name}", role=Role.ADMIN, raises=(BadValue,))
def remove_profile(here: Here, name: str) -> None:
    """Forget a profile; tasks that were added with it keep their options."""
    here.app.profiles.remove(name)
