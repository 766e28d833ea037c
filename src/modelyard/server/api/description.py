"""The description of the API."""

from __future__ import annotations

from typing import Any

from modelyard.server.messages import Answer
from modelyard.server.roles import Role
from modelyard.server.routes import Here, Routes

routes = Routes(tag="description")


@routes.get("/openapi.json", role=Role.VIEWER, gives=dict[str, Any])
def openapi(here: Here) -> Answer:
    """This description, as OpenAPI 3.1."""
    from modelyard.server.inside import router
    from modelyard.server.openapi import describe

    return Answer(describe(router().routes))
