"""The server: ComfyUI's routes twice, once below `/api`, its guard, its events, its extensions."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from modelyard.testing.comfyui.answers import STATIC
from modelyard.testing.comfyui.folders import folder_paths
from modelyard.testing.comfyui.loaders import loaders, told
from modelyard.testing.comfyui.running import Interrupted, PromptQueue

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PromptServer:
    """What extensions find as `PromptServer.instance`."""

    instance: PromptServer

    def __init__(self, app: web.Application) -> None:
        PromptServer.instance = self
        self.app, self.routes = app, web.RouteTableDef()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.sockets: dict[str, web.WebSocketResponse] = {}
        self.on_prompt_handlers: list[Callable[[Any], Any]] = []
        self.prompt_queue: PromptQueue

    def add_on_prompt_handler(self, handler: Callable[[Any], Any]) -> None:
        """Tell somebody about prompts."""
        self.on_prompt_handlers.append(handler)

    def send_sync(self, event: str, data: Any, sid: str | None = None) -> None:
        """Tell pages something, from any thread."""
        if self.loop is not None:
            self.loop.call_soon_threadsafe(lambda: asyncio.ensure_future(self._send(event, data, sid)))

    async def _send(self, event: str, data: Any, sid: str | None) -> None:
        for name, socket in list(self.sockets.items()):
            if sid in (None, name) and not socket.closed:
                await socket.send_json({"type": event, "data": data})


class Host:
    """A ComfyUI at a place.

    Args:
        base: Its folder, with `models` and `custom_nodes`.
        front_end: The `static` folder of a front end.
        cors: `--enable-cors-header`: its own guard is off then.
        csp: `--disable-api-nodes`: pages may connect to this origin only.
    """

    def __init__(self, base: Path, front_end: Path | None, *, cors: bool = False, csp: bool = False) -> None:
        self.app = web.Application(client_max_size=2**20, middlewares=[_open if cors else _guard])
        self._base, self._front_end, self._csp = base, front_end, csp
        self.server = PromptServer(self.app)
        self.folders: Any = folder_paths(base)
        self.nodes: dict[str, Any] = loaders(self.folders)
        self.titles: dict[str, str] = {}
        self.server.prompt_queue = PromptQueue(self.nodes, self.server.send_sync)
        self._pages: list[str] = []
        self._put_modules()
        for folder in sorted((base / "custom_nodes").iterdir()):
            if folder.is_dir() and not folder.name.endswith(".disabled"):
                self._extend(folder)
        self._route()
        self.app.on_startup.append(self._began)

    def _put_modules(self) -> None:
        host: Any = ModuleType("server")
        host.PromptServer = PromptServer
        comfy: Any = ModuleType("comfy")
        utils: Any = ModuleType("comfy.utils")
        management: Any = ModuleType("comfy.model_management")
        server = self.server

        class ProgressBar:
            def __init__(self, total: int, node_id: str | None = None) -> None:
                self.node = node_id

            def update_absolute(self, value: int, total: int | None = None) -> None:
                server.send_sync("progress", {"value": value, "max": total, "node": self.node})

        def throw_exception_if_processing_interrupted() -> None:
            if server.prompt_queue.interrupted.is_set():
                raise Interrupted("interrupted")

        utils.ProgressBar = ProgressBar
        management.throw_exception_if_processing_interrupted = throw_exception_if_processing_interrupted
        known: Any = ModuleType("nodes")
        known.NODE_CLASS_MAPPINGS = self.nodes
        modules = {"server": host, "folder_paths": self.folders, "comfy": comfy, "nodes": known}
        sys.modules.update(modules | {"comfy.utils": utils, "comfy.model_management": management})

    def _extend(self, folder: Path) -> None:
        """Import an extension as ComfyUI does: by its place, under a name that is no package's."""
        name = str(folder).replace(".", "_x_")
        where = importlib.util.spec_from_file_location(name, folder / "__init__.py")
        assert where is not None
        assert where.loader is not None
        module: Any = importlib.util.module_from_spec(where)
        sys.modules[name] = module
        where.loader.exec_module(module)
        self.nodes.update(module.NODE_CLASS_MAPPINGS)
        self.titles.update(getattr(module, "NODE_DISPLAY_NAME_MAPPINGS", {}))
        web_folder = folder / getattr(module, "WEB_DIRECTORY", "web")
        self.app.router.add_static(f"/extensions/{folder.name}", web_folder)
        self._pages += [
            f"/extensions/{folder.name}/{file.relative_to(web_folder)}" for file in web_folder.rglob("*.js")
        ]

    def _route(self) -> None:
        routes = self.server.routes
        for path, answer in STATIC.items():
            routes.get(path)(_same(answer))
        routes.get("/extensions")(_computed(lambda: self._pages))
        routes.get("/object_info")(
            _computed(lambda: {name: told(name, node, self.titles.get(name, "")) for name, node in self.nodes.items()})
        )
        folders = self.folders.folder_names_and_paths
        routes.get("/models")(_computed(lambda: list(folders)))
        routes.get("/models/{folder}")(self._models)
        routes.get("/experiment/models")(
            _computed(lambda: [{"name": name, "folders": places} for name, (places, _) in folders.items()])
        )
        routes.get("/internal/folder_paths")(_computed(lambda: {name: row[0] for name, row in folders.items()}))
        routes.get("/ws")(self._listen)
        routes.post("/prompt")(self._prompt)
        routes.post("/interrupt")(self._interrupt)
        routes.get("/history")(_computed(self.server.prompt_queue.get_history))
        routes.post("/settings/{id}")(_same(None))
        below = web.RouteTableDef()
        for route in routes:
            assert isinstance(route, web.RouteDef)
            below.route(route.method, f"/api{route.path}")(route.handler)
        self.app.add_routes(below)
        self.app.add_routes(routes)
        if self._front_end is not None:
            self.app.router.add_get("/", self._index)
            self.app.router.add_static("/", self._front_end)

    async def _began(self, _app: web.Application) -> None:
        self.server.loop = asyncio.get_running_loop()

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        assert self._front_end is not None
        held = {"Content-Security-Policy": "connect-src 'self' data:; img-src 'self' data: blob:"} if self._csp else {}
        return web.FileResponse(self._front_end / "index.html", headers=held)

    async def _models(self, request: web.Request) -> web.StreamResponse:
        folder = request.match_info["folder"]
        if folder not in self.folders.folder_names_and_paths:
            return web.Response(status=404)
        return web.json_response(self.folders.get_filename_list(folder))

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        name = request.query.get("clientId") or uuid.uuid4().hex
        self.server.sockets[name] = socket
        status = {"status": {"exec_info": {"queue_remaining": 0}}, "sid": name}
        await socket.send_json({"type": "status", "data": status})
        async for _ in socket:
            pass
        self.server.sockets.pop(name, None)
        return socket

    async def _prompt(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        for handler in self.server.on_prompt_handlers:
            asked = handler(asked)
        wrong = self.server.prompt_queue.check(asked["prompt"])
        if wrong:
            error = {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation"}
            return web.json_response({"error": error, "node_errors": wrong}, status=400)
        number = str(asked.get("prompt_id") or uuid.uuid4().hex)
        self.server.prompt_queue.put(number, asked["prompt"])
        return web.json_response({"prompt_id": number, "number": 0, "node_errors": {}})

    async def _interrupt(self, _request: web.Request) -> web.StreamResponse:
        self.server.prompt_queue.interrupted.set()
        return web.Response()


def _same(answer: Any) -> Handler:
    return _computed(lambda: answer)


def _computed(make: Callable[[], Any]) -> Handler:
    async def handle(_request: web.Request) -> web.StreamResponse:
        return web.json_response(make(), dumps=lambda value: json.dumps(value, default=str))

    return handle


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """ComfyUI's own: foreign pages, as far as it sees them, are sent away."""
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return web.Response(status=403)
    host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
    if origin and host.startswith(("127.", "localhost")) and urlsplit(origin).netloc != host:
        return web.Response(status=403)
    return await handler(request)


@web.middleware
async def _open(request: web.Request, handler: Handler) -> web.StreamResponse:
    """With `--enable-cors-header`: everybody may."""
    answer = web.Response() if request.method == "OPTIONS" else await handler(request)
    if not answer.prepared:
        answer.headers.update({"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"})
    return answer
