"""What comes again and again over the route and the command: downloads, and the library's own work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard.app import App
from modelyard.jobs.household import CHORES
from modelyard.server.inside import call
from modelyard.server.roles import Role
from modelyard.tasks.periodic import add_due
from running import modelyard
from server.asking import ask

DAY = 86400.0
WORK: list[tuple[str, dict[str, Any]]] = [
    ("scan", {"gentle": True}),
    ("refresh", {"most": 50}),
    ("verify", {"most": 20, "mend": True}),
    ("versions", {"any_base": True}),
]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with App({**os.environ, "MODELYARD_HOME": str(tmp_path / "yard")}) as app:
        yield app


def keep(app: App, name: str, body: dict[str, Any], status: int = 200) -> Any:
    code, told = call(app, "PUT", f"/api/v1/schedule/{name}", {"cron": "30 4 * * *"} | body)
    assert code == status, told
    return told


@pytest.mark.parametrize(("name", "options"), WORK)
def test_work_on_the_library_becomes_a_task_when_its_time_comes(app: App, name: str, options: dict[str, Any]) -> None:
    told = keep(app, "nightly", {name: options})
    assert (told["kind"], told["address"], told["options"]) == (name, "", options)
    assert add_due(app.queue) == []
    now = app.clock.wall()
    app.queue.wall = lambda: now + DAY
    (number,) = add_due(app.queue)
    task = app.queue.get(number)
    assert (task.kind, task.payload) == (name, options)
    CHORES[name].read(task.payload)  # what its own kind reads when it runs
    assert add_due(app.queue) == []


def test_a_scan_that_a_person_began_is_not_doubled(app: App) -> None:
    keep(app, "nightly", {"scan": {}})
    first = call(app, "POST", "/api/v1/library/scan", {})[1]["id"]
    now = app.clock.wall()
    app.queue.wall = lambda: now + DAY
    (second,) = add_due(app.queue)
    assert app.queue.get(second).follows == first


def test_a_scheduled_scan_runs_to_its_end(app: App) -> None:
    keep(app, "nightly", {"scan": {}})
    now = app.clock.wall()
    app.queue.wall = lambda: now + DAY
    (number,) = add_due(app.queue)
    app.runner.start()
    while app.queue.get(number).ended is None:
        newest = app.events.newest
        app.events.wait(newest, 0.2)
    assert app.queue.get(number).state == "done" and app.queue.get(number).result


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"scan": {}, "verify": {}},
        {"scan": {}, "item": {"address": "hf:a/b"}},
        {"scan": {"most": 3}},
        {"verify": {"most": -1}},
        {"refresh": {"ids": [0]}},
        {"move": {}},
        {"link": {}},
        {"import": {}},
    ],
)
def test_what_makes_no_sense_or_moves_files_is_refused_and_nothing_is_kept(app: App, body: dict[str, Any]) -> None:
    assert keep(app, "nightly", body, 400)["hint"]
    assert call(app, "GET", "/api/v1/schedule")[1] == []


def test_a_viewer_may_look_and_not_change(app: App) -> None:
    body = {"cron": "30 4 * * *", "scan": {}}
    assert ask(app, Role.VIEWER, "PUT", "/api/v1/schedule/a", body)[0] == 403
    assert ask(app, Role.OPERATOR, "PUT", "/api/v1/schedule/a", body)[0] == 200
    assert ask(app, Role.VIEWER, "GET", "/api/v1/schedule")[1][0]["kind"] == "scan"


def test_the_command_says_what_comes_when(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELYARD_HOME", str(tmp_path / "yard"))
    added = modelyard("schedule", "add", "weekly", "30 4 * * sun", "--verify", "--most", "9")
    assert added.code == 0 and "verify" in added.out, added.err
    both = modelyard("schedule", "add", "other", "30 4 * * sun", "hf:owner/repo", "--scan")
    assert both.code == 2 and "--scan" in both.err
    listed = modelyard("schedule", "--json").out
    assert '"options":{"most":9,"gentle":true}' in listed and "other" not in listed
