"""What may be done from inside ComfyUI: looking, fetching from known hubs, following what comes of it.

Every custom node and every page script there has the same rights as our extension. So whatever removes a file,
fetches any URL, changes roots or settings or shows a secret is done on the service's own page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from modelyard.errors import RoleTooLow
from modelyard.hubs.web.addresses import NAME as WEB
from modelyard.server.roles import Role

if TYPE_CHECKING:
    from modelyard.server.routes import Route

_OURS = {
    "GET /tasks",
    "GET /models",
    "GET /models/{id}/preview",
    "POST /models/used",
    "GET /hubs/search",
    "GET /hubs/model",
    "POST /ensure",
    "POST /workflows/plan",
    "POST /workflows/get",
    "PUT /comfyui/inputs",
    "POST /comfyui/tasks",
    "POST /comfyui/downloads",
    "GET /comfyui/downloads/{batch}",
}
_ANCESTORS = {
    "GET /download/task",
    "GET /download/status",
    "GET /download/status/{id}",
    "GET /tasks/status",
    "POST /download/task",
    "POST /download",
    "POST /model",
    "PUT /download/{id}",
    "POST /tasks/{id}/state",
    "POST /task/{id}/cancel",
    "GET /models",
    "GET /base-folders",
    "GET /models/{type}",
    "GET /model/{type}/{index}/{filename*}",
    "GET /preview/{type}/{index}/{filename*}",
    "GET /websocket/status",
    "GET /websocket/messages",
}


def _placed(names: set[str], *prefixes: str) -> set[str]:
    return {name.replace(" ", f" {prefix}", 1) for name in names for prefix in prefixes}


COMFYUI_ROUTES = frozenset(_placed(_OURS, "/api/v1") | _placed(_ANCESTORS, "/model-manager", "/api/model-manager"))
"""Method and path of every route that the role `comfyui` opens."""


def check_comfyui(route: Route) -> None:
    """Refuse what is not done from inside ComfyUI.

    Raises:
        RoleTooLow: The route is none of these.
    """
    if f"{route.method} {route.path}" not in COMFYUI_ROUTES:
        raise _own_page("This is not done from inside ComfyUI.", Role.VIEWER)


def check_hub(hub: str) -> None:
    """Refuse to fetch from any place on the web.

    Args:
        hub: Name of the hub that reads the address.

    Raises:
        RoleTooLow: It is no known one.
    """
    if hub == WEB:
        raise _own_page("From inside ComfyUI models come from known hubs only, not from any address.", Role.OPERATOR)


def _own_page(message: str, needed: Role) -> RoleTooLow:
    hint = "Do it on Modelyard's own page: `modelyard page` opens it."
    return RoleTooLow(message, hint=hint, needed=needed.value)
