"""Backup and restore over the routes, dispatched in this process and by a service: for admins alone, and bounded."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from jobs.library import library, model, scanned
from modelyard.app import App
from modelyard.jobs.backup.form import LARGEST
from modelyard.jobs.owning import Change, change_own
from modelyard.server.inside import router
from modelyard.server.messages import Asked, Reply
from modelyard.server.roles import Caller, Role
from modelyard.server.service import Service


def ask(app: App, role: Role, method: str, target: str, body: bytes = b"") -> Reply:
    path, _, query = target.partition("?")
    asked = Asked(method, f"/api/v1{path}", query, {}, body, Caller(role.value, role))
    return asyncio.run(router().answer(Service(app), asked))


def test_what_was_lost_comes_back_over_the_routes(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        model(root / "a.safetensors")
        scanned(app)
        (number,) = (one.id for one in app.stock.catalogue.spots())
        change_own(app.stock, number, Change(notes="mine"))
        app.settings.set("tasks.at-once", "6")
        told = ask(app, Role.ADMIN, "GET", "/backup")
        assert (told.status, told.media_type) == (200, "application/octet-stream")
        assert "attachment" in told.headers["Content-Disposition"]
        assert told.file is not None
        with told.file:
            backup = told.file.read()
        assert len(backup.splitlines()) == 3, "a line for each model"
        (root / "a.info").unlink()
        app.stock.catalogue.forget([number])
        app.settings.reset()
        scanned(app)
        tried = json.loads(ask(app, Role.ADMIN, "POST", "/backup/restore?dry_run=true", backup).body)
        assert (tried["dry_run"], tried["words"], tried["settings"]) == (True, 1, ["tasks.at-once"])
        assert app.settings["tasks.at-once"] == 4
        seen = app.events.newest
        done = json.loads(ask(app, Role.ADMIN, "POST", "/backup/restore", backup).body)
        assert (done["words"], app.settings["tasks.at-once"]) == (1, 6)
        names = {event.kind for event in app.events.since(seen).events}
        assert {"settings.changed", "model.changed"} <= names


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.COMFYUI])
def test_nobody_but_an_admin_writes_or_takes_one(tmp_path: Path, role: Role) -> None:
    with library(tmp_path) as (app, _):
        assert ask(app, role, "GET", "/backup").status == 403
        assert ask(app, role, "POST", "/backup/restore", b"{}").status == 403


def test_what_is_no_backup_is_an_error_with_a_code_and_changes_nothing(tmp_path: Path) -> None:
    with library(tmp_path) as (app, _):
        for body in (b"", b"{}", b"[", b'{"modelyard_backup":9}'):
            told = ask(app, Role.ADMIN, "POST", "/backup/restore", body)
            assert (told.status, json.loads(told.body)["code"]) == (400, "bad-value")
        (route,) = (one for one in router().routes if one.name == "restore_backup")
        assert route.most == LARGEST
