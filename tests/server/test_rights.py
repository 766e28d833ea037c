"""What may be done from inside ComfyUI, and that nothing else may."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from jobs.library import model
from modelyard.app import App
from modelyard.server.inside import router
from modelyard.server.rights import COMFYUI_ROUTES
from modelyard.server.roles import Role
from modelyard.server.tokens import Tokens
from modelyard.testing import PracticeHub
from server.asking import ask
from server.serving import API, Served, served
from web.pages import until

URL = "https://example.invalid/file.safetensors"


@pytest.fixture
def app(hub: PracticeHub, tmp_path: Path) -> Iterator[App]:
    with App({**os.environ, **hub.env()}, flags={"folder": str(tmp_path / "models")}) as app:
        yield app


def test_every_right_is_one_to_a_route_that_there_is() -> None:
    assert {f"{route.method} {route.path}" for route in router().routes} >= COMFYUI_ROUTES


def test_no_right_removes_or_shows_a_secret_or_changes_a_place() -> None:
    words = ("DELETE", "PATCH", "/keys", "/tokens", "/roots", "/settings", "/trash", "/hooks", "/link", "POST /tasks")
    assert not [one for one in COMFYUI_ROUTES for word in words if one.replace("/api/v1", "").startswith(word)]
    assert not [one for one in COMFYUI_ROUTES if "/trash" in one or "refresh" in one or "/insert" in one]


def test_every_other_route_is_refused_before_its_handler_runs(app: App) -> None:
    for route in router().routes:
        if route.role is None or f"{route.method} {route.path}" in COMFYUI_ROUTES:
            continue
        path = route.path.replace("{id}", "1").replace("{index}", "0").replace("{filename*}", "a/b.safetensors")
        path = path.replace("{", "").replace("*", "").replace("}", "")
        assert ask(app, Role.COMFYUI, route.method, path, {})[1]["code"] == "role-too-low", route.path


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{API}/ensure", {"wants": [{"address": URL}]}),
        ("/model-manager/model", {"type": "loras", "fullname": "a.safetensors", "downloadUrl": URL}),
        ("/api/model-manager/download/task", {"type": "loras", "fullname": "a.safetensors", "downloadUrl": URL}),
        (f"{API}/comfyui/downloads", {"models": [{"name": "a.safetensors", "url": URL, "directory": "loras"}]}),
    ],
)
def test_no_address_outside_the_hubs_is_fetched(app: App, path: str, body: Any) -> None:
    told = ask(app, Role.COMFYUI, "POST", path, body)[1]
    assert "from known hubs only" in str(told)
    assert not sum(app.queue.counts().values())
    if "downloads" not in path:
        assert "code" in told and told["code"] == "role-too-low"


def test_no_address_outside_the_hubs_is_looked_at(app: App) -> None:
    for address in (URL, "http://127.0.0.1:1/x.meta4", "http://[::1]/a"):
        assert ask(app, Role.COMFYUI, "GET", f"{API}/hubs/model?address={address}")[1]["code"] == "role-too-low"


def test_an_ancestors_script_queues_from_a_hub(app: App, tmp_path: Path) -> None:
    body = {"type": "loras", "fullname": "m.safetensors", "downloadUrl": "hf:me/model/m.safetensors"}
    assert ask(app, Role.COMFYUI, "POST", "/model-manager/model", body)[1]["success"] is True
    (task,) = ask(app, Role.COMFYUI, "GET", f"{API}/tasks")[1]["tasks"]
    assert task["target"] == str(tmp_path / "models" / "loras" / "m.safetensors")
    body = {"do": "cancel", "ids": [task["id"]]}
    assert ask(app, Role.COMFYUI, "POST", f"{API}/comfyui/tasks", body)[1][0]["task"]["state"] == "cancelled"


def test_care_of_the_library_is_not_stopped_by_an_ancestors_script(app: App) -> None:
    number = ask(app, Role.ADMIN, "POST", f"{API}/library/scan", {})[1]["id"]
    for method, path in (("POST", f"task/{number}/cancel"), ("PUT", f"download/{number}")):
        told = ask(app, Role.COMFYUI, method, f"/model-manager/{path}", {"status": "cancel"})[1]
        assert told["success"] is False and "no download" in told["error"]
    told = ask(app, Role.COMFYUI, "POST", f"{API}/comfyui/tasks", {"do": "cancel", "ids": [number]})[1]
    assert told[0]["error"]["code"] == "no-such-task"
    assert ask(app, Role.ADMIN, "GET", f"{API}/tasks/{number}")[1]["state"] == "queued"


def test_its_token_is_made_with_the_service_and_is_only_its(tmp_path: Path) -> None:
    with served(tmp_path / "yard") as yard:
        token = (yard.folder / "comfyui.token").read_text().strip()
        assert (yard.folder / "comfyui.token").stat().st_mode & 0o777 == 0o600
        assert yard.ask("GET", f"{API}/tasks", token=token).status == 200
        assert yard.ask("GET", f"{API}/tokens", token=token).code == "role-too-low"
        assert yard.ask("POST", f"{API}/tokens", {"name": "comfyui"}).code == "bad-value"


def test_over_the_socket_a_token_makes_its_bearer_smaller_not_larger(tmp_path: Path) -> None:
    with served(tmp_path / "yard") as yard:
        token = (yard.folder / "comfyui.token").read_text().strip()
        mine, bad = f"Bearer {token}", "Bearer yard_nobody"
        assert yard.by_socket("GET", f"{API}/tokens").status == 200
        assert yard.by_socket("GET", f"{API}/tokens", Authorization=mine).code == "role-too-low"
        assert yard.by_socket("GET", f"{API}/tasks", Authorization=mine).status == 200
        assert yard.by_socket("GET", f"{API}/tasks", Authorization=bad).code == "token-needed"


def test_a_damaged_token_file_is_made_anew(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    tokens.comfyui()
    (tmp_path / "comfyui.token").write_text("short")
    again = Tokens(tmp_path)
    assert again.whose("short") is None
    caller = again.whose(again.comfyui())
    assert caller is not None and caller.role is Role.COMFYUI


def test_who_looks_in_the_services_own_page_is_counted_apart(service: Served, tmp_path: Path) -> None:
    model(tmp_path / "loras" / "a.safetensors", 1)
    service.ask("PUT", f"{API}/roots", {"path": str(tmp_path / "loras"), "folder": "loras"})
    service.ask("POST", f"{API}/library/scan", {})
    (known,) = until(lambda: service.ask("GET", f"{API}/models").json["models"])
    told = [asyncio.run(inserted(service, tokens, known["id"])) for tokens in pages_of(service)]
    assert told == [{"pages": 0}, {"pages": 1}]
    assert service.ask("GET", f"{API}/comfyui").json == {"pages": 0}
    assert service.ask("POST", f"{API}/comfyui/insert", {"id": 10**6}).code == "no-such-model"


def pages_of(service: Served) -> list[list[str]]:
    """The tokens of whoever listens: only the owner's page, and one of ComfyUI beside it."""
    return [[service.token], [service.token, (service.folder / "comfyui.token").read_text().strip()]]


async def inserted(service: Served, tokens: list[str], number: int) -> Any:
    """What is answered while they listen."""
    async with aiohttp.ClientSession() as session, contextlib.AsyncExitStack() as open_ones:
        for token in tokens:
            made = await open_ones.enter_async_context(session.ws_connect(f"{service.url}{API}/events/ws"))
            await made.send_json({"token": token})
            await made.receive_json(timeout=10)
        return (await asyncio.to_thread(service.ask, "POST", f"{API}/comfyui/insert", {"id": number})).json
