"""An example of every answer, for the API's description: by its type where one says it all, else by its route.

Tests read every one of them into its type; the examples of bodies stand at their routes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args, get_origin

from modelyard.server.api.answers.ancestor import ANCESTOR, ANCESTOR_BY_ROUTE
from modelyard.server.api.answers.files import FILES
from modelyard.server.api.answers.hubs import HUBS
from modelyard.server.api.answers.models import MODELS, MODELS_BY_ROUTE
from modelyard.server.api.answers.programs import PROGRAMS, PROGRAMS_BY_ROUTE
from modelyard.server.api.answers.queue import EXPORTED, QUEUE, QUEUE_BY_ROUTE
from modelyard.server.api.answers.service import PROBLEM, SERVICE, SERVICE_BY_ROUTE
from modelyard.server.routes import Route

__all__ = ["ANSWERS", "BY_ROUTE", "IN_JSON", "PROBLEM", "example_of", "json_of"]

ANSWERS: Mapping[Any, Any] = {**SERVICE, **QUEUE, **HUBS, **FILES, **MODELS, **PROGRAMS, **ANCESTOR}
"""By the type of an answer."""

BY_ROUTE: Mapping[str, Any] = {
    **SERVICE_BY_ROUTE,
    **QUEUE_BY_ROUTE,
    **MODELS_BY_ROUTE,
    **PROGRAMS_BY_ROUTE,
    **ANCESTOR_BY_ROUTE,
}
"""By the name of a route, where the type alone does not say what is in it."""

IN_JSON: Mapping[str, Any] = {
    "export_history": EXPORTED,
    "ancestor_preview": {"success": False, "error": "There is no such model.", "code": "no-such-model"},
}
"""By the name of a route that gives something else, or JSON where that was asked for."""


def example_of(route: Route) -> Any:
    """An answer of a route, or None where it is no JSON; of a list one with one element."""
    name = _name(route)
    if name in BY_ROUTE:
        return BY_ROUTE[name]
    if get_origin(route.gives) is list:
        one = ANSWERS.get(get_args(route.gives)[0])
        return None if one is None else [one]
    return ANSWERS.get(route.gives)


def json_of(route: Route) -> Any:
    """What a route that gives something else tells in JSON."""
    return IN_JSON[_name(route)]


def _name(route: Route) -> str:
    return route.name.removesuffix("_by_page")
