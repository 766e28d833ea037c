"""Two models side by side."""

from __future__ import annotations

from modelyard.errors import NoSuchModel
from modelyard.jobs.comparing import Comparison, compare
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Id, Routes

routes = Routes(tag="models")


class CompareQuery(Ask, frozen=True):
    """Two models."""

    first: Id
    second: Id


@routes.get("/compare", role=Role.VIEWER, slow=True, raises=(NoSuchModel,))
def compare_models(here: Here, query: CompareQuery) -> Comparison:
    """Two models side by side: facts, metadata, tensors."""
    return compare(here.app.stock, query.first, query.second)
