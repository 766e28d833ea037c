"""What a workflow, a page script in ComfyUI or a viewer says is a stranger's word: it brings no key and shows none."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard.app import App
from modelyard.jobs.importing import IMPORT
from modelyard.jobs.lending.lend import LINK
from modelyard.jobs.scan import SCAN
from modelyard.library.roots.entries import Entry
from modelyard.server.api.comfyui import Wanted, _packed
from modelyard.server.roles import Role
from modelyard.tasks.states import State
from modelyard.tasks.task import Draft
from modelyard.testing import PracticeHub
from server.asking import ask

API = "/api/v1"
PLANTED = "ea1000000000000000000000000000ff"
ADDRESS = f"https://civitai.com/api/download/models/12345?type=Model&token={PLANTED}"


@pytest.fixture
def app(hub: PracticeHub, tmp_path: Path) -> Iterator[App]:
    (tmp_path / "loras").mkdir()
    home = {"MODELYARD_HOME": str(tmp_path / "yard"), "HOME": str(tmp_path)}
    with App({**os.environ, **hub.env(), **home}) as app:
        app.stock.entries.keep(Entry(path=str(tmp_path / "loras"), folder="loras"))
        yield app


def kept(app: App) -> bool:
    return any(PLANTED in secret for secret in app.keys.secrets())


WANT = {"address": ADDRESS, "folder": "loras", "name": "k.safetensors"}
DOWNLOAD = {"name": "k.safetensors", "url": ADDRESS, "directory": "loras"}


@pytest.mark.parametrize("role", [Role.COMFYUI, Role.OPERATOR])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/ensure", {"wants": [WANT]}),
        ("/comfyui/downloads", {"models": [DOWNLOAD]}),
    ],
)
def test_a_link_of_a_stranger_brings_no_key(app: App, role: Role, path: str, body: dict[str, Any]) -> None:
    ask(app, role, "POST", f"{API}{path}", body)
    assert not kept(app)


def test_looking_at_a_batch_brings_no_key_whoever_looks(app: App) -> None:
    batch = _packed([Wanted(**DOWNLOAD)])
    for role in (Role.VIEWER, Role.ADMIN):
        ask(app, role, "GET", f"{API}/comfyui/downloads/{batch}")
    ask(app, Role.ADMIN, "POST", f"{API}/comfyui/downloads", {"models": [DOWNLOAD]})
    assert not kept(app)


def test_an_owners_own_link_brings_its_key(app: App) -> None:
    ask(app, Role.ADMIN, "POST", f"{API}/ensure", {"wants": [WANT]})
    assert kept(app)


@pytest.mark.parametrize(
    ("path", "body"),
    [("/ensure", {"wants": [WANT]}), ("/comfyui/downloads", {"models": [DOWNLOAD]})],
)
def test_what_they_queue_must_still_lie_in_its_root_when_it_is_written(
    app: App, tmp_path: Path, path: str, body: dict[str, Any]
) -> None:
    ask(app, Role.OPERATOR, "POST", f"{API}{path}", body)
    assert app.queue.get(1).payload["_within"] == str(tmp_path / "loras")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.COMFYUI, Role.ADMIN])
def test_what_follows_the_question_mark_of_a_link_is_shown_to_nobody(app: App, hub: PracticeHub, role: Role) -> None:
    link = f"{hub.url}/files/x.safetensors?secret=S3CR3TVALUE&u=1"
    assert ask(app, Role.ADMIN, "POST", f"{API}/tasks", {"addresses": [link]})[0] == 201
    told = [ask(app, role, "GET", f"{API}/{path}")[1] for path in ("tasks", "tasks/1")]
    told += [ask(app, role, "POST", f"{API}/scripts", {"kind": "curl", "tasks": [1]})[1]]
    assert "S3CR3T" not in str(told)
    assert app.queue.get(1).payload["_address"] == link, "it is fetched as it was given"


@pytest.mark.parametrize(
    ("role", "path", "do"),
    [
        (Role.OPERATOR, "/tasks/actions", {"do": "retry"}),
        (Role.OPERATOR, "/history/again", {}),
        (Role.COMFYUI, "/comfyui/tasks", {"do": "retry"}),
    ],
)
def test_only_the_owner_repeats_what_may_lead_into_the_local_network(
    app: App, role: Role, path: str, do: dict[str, str]
) -> None:
    told = ask(app, Role.ADMIN, "POST", f"{API}/tasks", {"addresses": ["http://192.168.1.9/inner.safetensors"]})[1]
    app.queue.cancel(told["ids"])
    assert "role-too-low" in str(ask(app, role, "POST", f"{API}{path}", {"ids": told["ids"], **do})[1])
    assert app.queue.get(told["ids"][0]).state is State.CANCELLED and sum(app.queue.counts().values()) == 1


def test_an_operator_repeats_their_own_link_which_stays_a_strangers(app: App) -> None:
    told = ask(app, Role.OPERATOR, "POST", f"{API}/tasks", {"addresses": ["https://example.invalid/a.safetensors"]})[1]
    app.queue.cancel(told["ids"])
    retry = {"do": "retry", "ids": told["ids"]}
    assert "role-too-low" in str(ask(app, Role.COMFYUI, "POST", f"{API}/comfyui/tasks", retry)[1])
    assert ask(app, Role.OPERATOR, "POST", f"{API}/tasks/actions", retry)[1][0]["task"]["state"] == "queued"
    app.queue.cancel(told["ids"])
    assert ask(app, Role.OPERATOR, "POST", f"{API}/history/again", {"ids": told["ids"]})[0] == 201
    assert app.queue.get(2).payload["told"] is True


def test_an_operator_repeats_no_chore_that_only_the_owner_begins(app: App) -> None:
    numbers = app.queue.add([Draft(kind=kind, title=kind) for kind in (IMPORT.name, LINK.name, SCAN.name)])
    app.queue.cancel(numbers)
    told = ask(app, Role.OPERATOR, "POST", f"{API}/tasks/actions", {"do": "retry", "ids": numbers})[1]
    codes = {one["id"]: one.get("error", {}).get("code") for one in told}
    assert list(map(codes.get, numbers)) == ["role-too-low", "role-too-low", None]


@pytest.mark.parametrize(("role", "code"), [(Role.OPERATOR, "address-forbidden"), (Role.ADMIN, None)])
def test_only_the_owner_reaches_into_the_local_network(
    app: App, hub: PracticeHub, role: Role, code: str | None
) -> None:
    url = hub.add_file("inner.bin", 100)
    assert ask(app, role, "POST", f"{API}/tasks", {"addresses": [url]})[0] == 201
    app.runner.start()
    end = time.monotonic() + 20
    while (task := app.queue.get(1)).state.value not in ("done", "failed"):
        assert time.monotonic() < end, task
        app.events.wait(app.events.newest, 0.1)
    assert (task.error or {}).get("code") == code
    assert bool(hub.log.find("*/inner.bin")) is (code is None)
