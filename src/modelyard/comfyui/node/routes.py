"""The routes under ComfyUI's port: the same few as `server/rights.py` of the service opens to its token."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import folder_paths
from aiohttp import web

from server import PromptServer

from . import doors
from .here import YARD
from .inputs import rows, tell
from .loaders import loaders
from .problems import Refused
from .proxy import JSON, Proxy, Way, aside, guarded
from .usage import Usage
from .yard import Yard

_NUMBER = r"{id:\d{1,16}}"
_LARGE = 32 * 1024 * 1024
_GRAPH = (JSON, "application/octet-stream")

_OURS = [
    ("GET", "/tasks"),
    ("GET", "/models"),
    ("GET", "/models/{id}/preview"),
    ("GET", "/hubs/search"),
    ("GET", "/hubs/model"),
    ("POST", "/ensure"),
]
_ANCESTORS = [
    ("GET", "/download/task"),
    ("GET", "/download/status"),
    ("GET", "/download/status/{id}"),
    ("GET", "/tasks/status"),
    ("POST", "/download/task"),
    ("POST", "/download"),
    ("POST", "/model"),
    ("PUT", "/download/{id}"),
    ("POST", "/tasks/{id}/state"),
    ("POST", "/task/{id}/cancel"),
    ("GET", "/models"),
    ("GET", "/base-folders"),
    ("GET", "/models/{type}"),
    ("GET", "/model/{type}/{index}/{filename}"),
    ("GET", "/preview/{type}/{index}/{filename}"),
    ("GET", "/websocket/status"),
    ("GET", "/websocket/messages"),
]


def ways() -> list[Way]:
    """Every route that is passed on."""
    found = [Way(method, f"/modelyard{_here(path)}", f"/api/v1{path}") for method, path in _OURS]
    found += [
        Way("POST", "/modelyard/tasks/actions", "/api/v1/comfyui/tasks"),
        Way("POST", "/modelyard/workflows/plan", "/api/v1/workflows/plan", _LARGE, takes=_GRAPH),
        Way("POST", "/modelyard/workflows/get", "/api/v1/workflows/get", _LARGE, takes=_GRAPH),
        Way("POST", "/models/download", "/api/v1/comfyui/downloads"),
        Way("GET", r"/models/download/{batch:[\w-]{1,6000}}", "/api/v1/comfyui/downloads/{batch}"),
    ]
    if not _ancestor_is_here():
        found += [
            Way(method, f"/model-manager{_here(path)}", f"/model-manager{path}", _LARGE, forms=True)
            for method, path in _ANCESTORS
        ]
    return found


def register() -> None:
    """Add the routes to the host; nothing else of it is touched."""
    host: Any = PromptServer.instance
    proxy = Proxy(YARD, tell)
    for way in ways():
        host.routes.route(way.method, way.here)(proxy.handler(way))
    host.routes.get("/modelyard/live")(guarded(proxy.listen))
    host.routes.post("/modelyard/start")(_local(YARD, _start))
    host.routes.get("/modelyard/loaders")(_local(YARD, _loaders))
    host.routes.get("/modelyard/inputs")(_local(YARD, _inputs, alone=True))
    host.routes.get("/modelyard/page")(_local(YARD, _page))
    host.app.on_cleanup.append(proxy.close)
    Usage(YARD, host).follow()


def _local(yard: Yard, answer: Any, *, alone: bool = False) -> Any:
    """A route that needs no service."""

    async def handle(request: web.Request) -> web.StreamResponse:
        doors.check(request, yard.hosts)
        doors.check_write(request, (JSON,), forms=False)
        return web.json_response(await aside(partial(answer, yard), alone=alone))

    return guarded(handle)


def _start(yard: Yard) -> dict[str, Any]:
    try:
        yard.place(start=True)
    except Refused as error:
        return {"running": False, "problem": error.as_dict()}
    return {"running": True}


def _loaders(yard: Yard) -> list[dict[str, Any]]:
    return loaders(yard.home)


def _inputs(_yard: Yard) -> dict[str, Any]:
    """What nodes list, for a `modelyard workflow --comfyui` that asks this ComfyUI."""
    return {"rows": rows()}


def _page(yard: Yard) -> dict[str, Any]:
    """Where the service's own page is; it asks for a login itself."""
    found = yard.find()
    return {"url": found.url if found else ""}


def _here(path: str) -> str:
    path = path.replace("{type}", "{type:[^/]+}").replace("{index}", r"{index:\d{1,4}}")
    return path.replace("{id}", _NUMBER).replace("{filename}", "{filename:.+}")


def _ancestor_is_here() -> bool:
    """Whether ComfyUI-Model-Manager itself is installed: then its routes are its own."""
    places = folder_paths.get_folder_paths("custom_nodes")
    names = [name.lower() for place in places if Path(place).is_dir() for name in os.listdir(place)]
    return any("model-manager" in name and not name.endswith(".disabled") for name in names)
