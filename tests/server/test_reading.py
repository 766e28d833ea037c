"""Asking changes nothing: every GET of the API leaves database, files and events as they were.

So does every POST that only looks, and every other one that comes a second time under its Idempotency-Key.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from jobs.library import model
from modelyard.app import App
from modelyard.jobs.hooks.entries import Hook
from modelyard.server.inside import call, router
from modelyard.server.messages import Asked, Reply
from modelyard.server.once_kept import OnceKept
from modelyard.server.roles import OWNER
from modelyard.server.routes import Route
from modelyard.server.service import Service
from modelyard.store.schema import metadata
from modelyard.testing import PracticeHub
from modelyard.testing.pictures import png

SIZE = 50_000
UNANSWERED = {"/api/v1/comfyui/downloads/{batch}"}
"""Nobody began one."""
ROUTES = [route for route in router().routes if route.method == "GET"]
CACHES = {"cache", "thumbnails"}
"""Folders that may grow: hubs' answers, and previews made small."""
POSTS = [route for route in router().routes if route.method == "POST" and not route.name.endswith("_by_page")]
DOOR = {"open_session", "log_in", "log_out"}
"""A code works once by itself, a password opens one session after the other."""
LOOKS = {
    "check_lan_hub",
    "check_lock",
    "fix_workflow",
    "foresee_moving",
    "foresee_renaming",
    "foresee_trashing",
    "measure_quarantined",
    "plan_workflow",
    "write_script",
}
"""They say what would be, and take no key."""
REFUSED = {
    "add_lan_hub",
    "begin_import",
    "begin_link",
    "lay_extension_in",
    "make_link",
    "quarantine_model",
    "regenerate_preview",
    "release_quarantined",
    "take_program_settings",
}
"""Nothing here is what they want: no other program, no pickle, no hub of the local network, nobody who listens."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue("postgres").database() if request.param == "postgresql" else ""


@pytest.fixture(scope="module")
def folder(database: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("postgresql" if database else "sqlite")


@pytest.fixture(scope="module")
def app(database: str, folder: Path) -> Iterator[App]:
    """A yard with something of everything."""
    root = folder / "loras"
    root.mkdir()
    for name in "abcd":
        model(root / f"{name}.safetensors", ord(name) // 2)  # two pairs of the same bytes
    (root / "a.txt").write_text("a note")
    (root / "a.preview.png").write_bytes(png(1))
    with PracticeHub() as hub:
        hub.hf.add_repo("me/model", {"m.safetensors": SIZE})
        environ = {**os.environ, **hub.env(), "MODELYARD_HOME": str(folder / "yard")}
        flags = {"retry.first": "0.05", "tasks.retries": "0", "folder": str(root), "database": database}
        with App(environ, flags=flags) as app:
            fill(app, root)
            yield app


def fill(app: App, root: Path) -> None:
    """Put something behind every route."""
    for method, path, body in (
        ("PUT", "/roots", {"path": str(root), "folder": "loras"}),
        ("POST", "/tasks", {"addresses": ["hf:me/model/m.safetensors", "hf:me/model/none.safetensors"]}),
        ("POST", "/library/scan", {}),
        ("PUT", "/profiles/fast", {"limit": "5MB/s"}),
        ("PUT", "/schedule/nightly", {"cron": "30 4 * * *", "scan": {}}),
        ("POST", "/tokens", {"name": "desk", "role": "viewer", "days": 3}),
    ):
        status, told = call(app, method, f"/api/v1{path}", body)
        assert status < 300, (path, told)
    app.runner.start()
    while any(task["state"] in ("queued", "waiting", "running", "verifying") for task in tasks(app)):
        app.events.wait(app.events.newest, 0.1)
    app.runner.close()


def tasks(app: App) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call(app, "GET", "/api/v1/tasks")[1]["tasks"]
    return found


def target(app: App, route: Route, root: Path) -> str:
    """Path and query of a request that the route has a good answer for."""
    number = "1" if "/tasks" in route.path else str(call(app, "GET", "/api/v1/models")[1]["models"][0]["id"])
    fitting = {"id": number, "type": "loras", "index": "0", "filename": "a.safetensors", "name": "tasks.at-once"}
    path = route.path.replace("*}", "}")
    for name, text in fitting.items():
        path = path.replace(f"{{{name}}}", text)
    queries = {
        "/compare": f"first={number}&second={number}",
        "/by-hash": f"hash={'0' * 64}",
        "/with-hash": f"value={'0' * 64}",
        "/hubs/model": "address=hf:me/model",
        "/hubs/search": "text=model",
        "/models/at": f"path={quote(str(root / 'a.safetensors'))}",
        "/events": "since=0&wait=0",
    }
    query = next((query for end, query in queries.items() if path.endswith(end)), "")
    return f"{path}?{query}" if query else path


def state(app: App, folders: list[Path]) -> dict[str, Any]:
    """Every row of every table, the name, size and time of every file, and the number of the newest event.

    The caches are left out.
    """
    caches = {app.folder / name for name in CACHES}
    with app.queue.database.reading() as db:
        rows = {table.name: sorted(map(repr, db.execute(sa.select(table)))) for table in metadata.sorted_tables}
    files = {
        str(path): (stat.st_size, stat.st_mtime_ns, stat.st_mode)
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and ".db" not in path.name and caches.isdisjoint(path.parents)  # of a database the rows count
        for stat in [path.stat()]
    }
    return {**rows, "files": files, "events": app.events.newest}


def differing(name: str, before: Any, after: Any) -> list[tuple[str, Any]]:
    """What is told of a change."""
    if not isinstance(before, list | dict):
        return [(name, after)] if before != after else []
    old, new = ([*(one.items() if isinstance(one, dict) else one)] for one in (before, after))
    return [(name, one) for one in [*old, *new] if (one in old) != (one in new)]


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, Any]]:
    """What is told of two states."""
    return [one for name in before for one in differing(name, before[name], after[name])]


def test_no_get_changes_anything(app: App, folder: Path) -> None:
    root, service = folder / "loras", Service(app)
    folders = [root, app.folder]
    answered, changed = {}, {}
    before = state(app, folders)
    assert len(before["tasks"]) == 3 and len(before["periodic"]) == 1
    for route in ROUTES:
        path, _, query = target(app, route, root).partition("?")
        reply = asyncio.run(router().answer(service, Asked("GET", path, query, {}, b"", OWNER)))
        answered[route.path] = reply.status
        after = state(app, folders)
        if after != before:
            changed[route.path] = differences(before, after)
        before = after
    assert not changed, "\n".join(f"{path}: {one}" for path, what in changed.items() for one in what)
    poor = {path: status for path, status in answered.items() if status != 200}
    assert set(poor) == UNANSWERED, poor


def test_every_post_takes_a_key_but_at_the_door_and_where_it_only_looks() -> None:
    assert {route.name for route in POSTS if not route.once} == DOOR | LOOKS


class Poster:
    """Sends every POST with something that it has a good answer for."""

    def __init__(self, app: App, folder: Path) -> None:
        self.app = app
        self.root = folder / "loras"
        self.service = Service(app, once=OnceKept(app.queue.database, app.clock.wall))
        self.models = {one["name"]: one["id"] for one in call(app, "GET", "/api/v1/models")[1]["models"]}
        app.hooks.file.add(Hook(name="mine", on=("task-done",), run=("tee", "-a", str(self.root / "runs"))))
        self.tasks = call(app, "POST", "/api/v1/tasks", {"addresses": ["hf:me/x", "hf:me/y", "hf:me/z"]})[1]["ids"]

    def asked(self, route: Route, key: str = "") -> Asked:
        """The request."""
        path = f"/{route.path}".replace("//", "/").replace("*}", "}")
        fitting = {"id": self.models["a"], "type": "loras", "index": 0, "filename": "a.safetensors", "hub": "civitai"}
        fitting |= (
            {"filename": "c.safetensors"} if route.name == "ancestor_refresh" else {}
        )  # a has another name by then
        fitting |= {"id": self.tasks[0]} if "/task" in path else {}
        fitting |= {"id": "none"} if "/programs/" in path else {}
        for name, value in {**fitting, "name": "mine"}.items():
            path = path.replace(f"{{{name}}}", str(value))
        headers = {"idempotency-key": key} if key else {}
        body = self.body(route)
        sent = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return Asked("POST", path, "", headers, sent, OWNER)

    def send(self, asked: Asked) -> Reply:
        """The answer."""
        return asyncio.run(router().answer(self.service, asked))

    def body(self, route: Route) -> Any:
        """What it is sent."""
        ids, path = [self.models["a"], self.models["b"]], str(self.root / "a.safetensors")
        fitting: dict[str, Any] = {
            "ensure_models": {"wants": [{"address": "hf:me/w", "folder": "loras"}], "wait": 0},
            "try_hook": {},
            "act_on_tasks": {"do": "pause", "ids": self.tasks[:2]},
            "act_from_comfyui": {"do": "resume", "ids": self.tasks[:1]},
            "order_tasks": {"ids": self.tasks[2:], "to": "top"},
            "do_again": {"ids": [1]},
            "forget_tasks": {"ids": [1]},
            "tag_models": {"ids": ids, "add": ["style"]},
            "models_used": {"uses": [{"folder": "loras", "name": "a.safetensors"}]},
            "trash_models": {"ids": [self.models["d"]]},
            "empty_trash": {"dry_run": False},
            "undo_trash": {"ids": [one["id"] for one in call(self.app, "GET", "/api/v1/trash")[1]["entries"]]},
            "give_preview": png(5),
            "insert_into_comfyui": {"id": ids[0]},
            "write_script": {"kind": "curl", "ids": ids},
            "foresee_trashing": {"ids": ids},
            "foresee_moving": {"ids": ids, "folder": "loras", "index": 0, "sub": "style"},
            "measure_quarantined": {"path": path},
            "restore_backup": {"modelyard_backup": 1, "made": "2026-11-21T09:00:00Z", "models": []},
            "ancestor_refresh_many": {"models": [path]},
            "ancestor_regenerate": {"models": [path]},
        }
        return fitting.get(route.name, route.example)


@pytest.fixture
def poster(app: App, folder: Path) -> Poster:
    return Poster(app, folder)


def test_no_post_that_only_looks_changes_anything(poster: Poster, folder: Path) -> None:
    folders, answered = [folder / "loras", poster.app.folder], {}
    before = state(poster.app, folders)
    for route in POSTS:
        if route.name in LOOKS:
            answered[route.name] = poster.send(poster.asked(route)).status
            after = state(poster.app, folders)
            assert after == before, (route.name, differences(before, after))
    assert {name for name, status in answered.items() if status != 200} == {"check_lan_hub"}, answered


def test_no_post_is_done_twice_under_one_key(poster: Poster, folder: Path) -> None:
    folders, refused = [folder / "loras", poster.app.folder], set()
    for route in POSTS:
        if not route.once:
            continue
        before, asked = state(poster.app, folders), poster.asked(route, route.name)
        first = poster.send(asked)
        after = state(poster.app, folders)
        if first.status >= 400 or b'"success":false' in first.body:  # its key is free, and not even a note is left
            refused.add(route.name)
            assert after == before, (route.name, differences(before, after))
            continue
        assert after != before, route.name  # its answer, at least
        again = poster.send(asked)
        assert again.headers.get("Idempotent-Replay") == "true", route.name
        assert (again.status, again.body) == (first.status, first.body), route.name
        now = state(poster.app, folders)
        assert now == after, (route.name, differences(after, now))
    assert refused == REFUSED
