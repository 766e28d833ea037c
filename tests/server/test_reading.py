"""Asking changes nothing: every GET of the API leaves database, files and events as they were."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from jobs.library import model
from modelyard.app import App
from modelyard.server.inside import call, router
from modelyard.server.messages import Asked
from modelyard.server.roles import OWNER, Role
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
ITS_OWN = "/model/{type}/{index}/{filename*}/metadata/refresh"
"""The ancestor's front end refreshes with a GET; it needs an operator's token, ComfyUI's face does not pass it on."""


@pytest.fixture
def app(hub: PracticeHub, tmp_path: Path) -> Iterator[App]:
    """A yard with something of everything."""
    hub.hf.add_repo("me/model", {"m.safetensors": SIZE})
    root = tmp_path / "loras"
    root.mkdir()
    model(root / "a.safetensors")
    (root / "a.txt").write_text("a note")
    (root / "a.preview.png").write_bytes(png(1))
    (root / "b.safetensors").write_bytes((root / "a.safetensors").read_bytes())
    environ = {**os.environ, **hub.env(), "MODELYARD_HOME": str(tmp_path / "yard")}
    with App(environ, flags={"retry.first": "0.05", "tasks.retries": "0", "folder": str(root)}) as app:
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


def test_no_get_changes_anything(app: App, tmp_path: Path) -> None:
    root, service = tmp_path / "loras", Service(app)
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
            changed[route.path] = [one for name in before for one in differing(name, before[name], after[name])]
        before = after
    own = {route.path: route.role for route in ROUTES if route.path.endswith(ITS_OWN)}
    assert set(own.values()) == {Role.OPERATOR}
    told = {path: what for path, what in changed.items() if path not in own}
    assert not told, "\n".join(f"{path}: {one}" for path, what in told.items() for one in what)
    assert set(changed) == set(own)  # the comparison sees a change where there is one
    poor = {path: status for path, status in answered.items() if status != 200}
    assert set(poor) == UNANSWERED, poor
