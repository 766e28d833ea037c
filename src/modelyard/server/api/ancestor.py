"""The routes of ComfyUI-Model-Manager, for its page and the scripts of its users, translated to our queue.

Same doors, same tokens. Its front end asks under `/api/model-manager`, because ComfyUI's own page puts `/api`
before everything; its scripts ask under `/model-manager`. Both are here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

from modelyard.errors import UsageError, YardError
from modelyard.server.api.adding import Item, draft_of, places, queued
from modelyard.server.api.ancestor_doing import act, all_downloads, number_of, sha256_of, target_of
from modelyard.server.api.ancestor_shapes import (
    IN_SCRIPTS,
    WORDS,
    Counted,
    Downloads,
    NewModel,
    NewState,
    OneDownload,
    Told,
    shown,
)
from modelyard.server.api.views import live_of
from modelyard.server.forms import ANY
from modelyard.server.messages import Answer
from modelyard.server.roles import Role
from modelyard.server.routes import Here, Route, Routes
from modelyard.tasks.states import ENDED

routes = Routes(tag="comfyui-model-manager", prefix="/model-manager")

_WITH_PREVIEW = 32 * 2**20
_NEW = {"type": "loras", "pathIndex": 0, "fullname": "ink.safetensors", "downloadUrl": "https://example.org/ink"}

F = TypeVar("F", bound=Callable[..., Any])


def in_its_words(call: F) -> F:
    """A handler whose refusals are answered as the ancestor does: status 200, `success` false and a sentence."""

    @functools.wraps(call)
    def told(here: Here, **arguments: Any) -> Any:
        try:
            return call(here, **arguments)
        except YardError as error:
            why = here.app.redactor.text(f"{error.message} {error.hint}".strip())
            return Answer(Told(success=False, error=why, code=error.code), failed=True)

    return cast("F", told)


@routes.get("/download/task", role=Role.VIEWER)
@in_its_words
def ancestor_tasks(here: Here) -> Downloads:
    """Its list of downloads; a failed one is an `error`, as its scripts expect."""
    return Downloads(data=all_downloads(here, IN_SCRIPTS))


@routes.get("/download/status", role=Role.VIEWER)
@in_its_words
def ancestor_download_status(here: Here) -> Downloads:
    """The same for its page, to which a failed one is `failed`."""
    return Downloads(data=all_downloads(here, WORDS))


@routes.get("/tasks/status", role=Role.VIEWER)
@in_its_words
def ancestor_tasks_status(here: Here) -> Downloads:
    """The same under another name."""
    return Downloads(data=all_downloads(here, WORDS))


@routes.get("/download/status/{id}", role=Role.VIEWER)
@in_its_words
def ancestor_one_status(here: Here, id: str) -> OneDownload:
    """One download."""
    task = here.app.queue.get(number_of(id))
    return OneDownload(data=shown(here.app, here.app.stock.roots(), task, live_of(here.app)))


@routes.post("/download/task", role=Role.OPERATOR, most=_WITH_PREVIEW, takes=ANY, noted=False, example=_NEW)
@in_its_words
def ancestor_add_task(here: Here, body: NewModel) -> Counted:
    """Queue a download, as JSON or as a form. Previews and descriptions that come along are passed over."""
    url = body.download_url or body.url
    if not url:
        raise UsageError("No downloadUrl was sent.", hint="Name where the file comes from.")
    item = Item(address=url, to=target_of(here, body), sha256=sha256_of(body))
    return queued(here, [draft_of(here, item, places(here))], lambda ids: Counted(data={"taskId": str(ids[0])}))


@routes.post("/download", role=Role.OPERATOR, most=_WITH_PREVIEW, takes=ANY, noted=False, example=_NEW)
def ancestor_add_download(here: Here, body: NewModel) -> Counted:
    """The same under the name that its page uses."""
    return ancestor_add_task(here, body=body)


@routes.post("/model", role=Role.OPERATOR, most=_WITH_PREVIEW, takes=ANY, noted=False, example=_NEW)
def ancestor_add_model(here: Here, body: NewModel) -> Counted:
    """The same under the name that older pages and scripts use."""
    return ancestor_add_task(here, body=body)


@routes.put("/download/{id}", role=Role.OPERATOR, takes=ANY, example={"status": "pause"})
@in_its_words
def ancestor_change_download(here: Here, id: str, body: NewState) -> Told:
    """Pause, resume or cancel a download; resuming one that failed tries it again."""
    act(here, number_of(id), body.status or body.state or "")
    return Told()


@routes.post("/tasks/{id}/state", role=Role.OPERATOR, takes=ANY, example={"status": "pause"})
def ancestor_change_state(here: Here, id: str, body: NewState) -> Told:
    """The same under another name."""
    return ancestor_change_download(here, id=id, body=body)


@routes.post("/task/{id}/cancel", role=Role.OPERATOR, takes=ANY)
@in_its_words
def ancestor_cancel(here: Here, id: str) -> Told:
    """Cancel a download."""
    act(here, number_of(id), "cancel")
    return Told()


@routes.delete("/download/{id}", role=Role.OPERATOR, slow=True, takes=ANY)
@in_its_words
def ancestor_remove_download(here: Here, id: str) -> Told:
    """Cancel a download, remove what had arrived of it, and take it off the list. A finished file stays."""
    here.app.remove_task(number_of(id))
    return Told()


@routes.delete("/tasks/{id}", role=Role.OPERATOR, slow=True, takes=ANY)
def ancestor_remove_task(here: Here, id: str) -> Told:
    """The same under another name."""
    return ancestor_remove_download(here, id=id)


@routes.post("/tasks/cleanup", role=Role.OPERATOR, takes=ANY, noted=False)
@in_its_words
def ancestor_cleanup(here: Here) -> Counted:
    """Take everything that has ended off the list; history keeps it. What is stuck is noticed without being asked."""
    return _removed(here.app.queue.clear(ENDED, lambda db, count: here.keep(db, _removed(count))))


def _removed(count: int) -> Counted:
    return Counted(data={"removed": count})


@routes.get("/websocket/status", role=Role.VIEWER)
@in_its_words
def ancestor_websocket_status(here: Here) -> Counted:
    """How many WebSocket clients there are."""
    count = here.service.listeners()
    return Counted(data={"server_clients": 0, "plugin_clients": count, "total_clients": count})


@routes.get("/websocket/messages", role=Role.VIEWER)
@in_its_words
def ancestor_websocket_messages(here: Here) -> Counted:
    """Whether anybody listens; the ancestor keeps no messages either."""
    count = here.service.listeners()
    return Counted(data={"connected": count > 0, "server_clients": 0, "plugin_clients": count})


@routes.post("/websocket/reconnect", role=Role.OPERATOR, takes=ANY)
@in_its_words
def ancestor_websocket_reconnect(here: Here) -> Told:
    """Hang up on every WebSocket client; each connects again and is told what it missed."""
    here.service.hang_up()
    return Told()


def for_its_page(route: Route) -> Route:
    """The same route where ComfyUI's page asks for it."""

    @functools.wraps(route.call)
    def call(here: Here, **arguments: Any) -> Any:
        return route.call(here, **arguments)

    call.__name__ = f"{route.name}_by_page"
    return replace(route, path=f"/api{route.path}", call=call)


routes.all.extend([for_its_page(route) for route in routes.all])
