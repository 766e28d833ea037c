"""Where an operator may fetch to: below the folder for downloads, whatever text or link says otherwise."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.library.roots.entries import Entry
from modelyard.server.roles import Role
from modelyard.tasks.states import State
from modelyard.tasks.task import Task
from modelyard.testing import PracticeHub
from server.asking import ask

API = "/api/v1"
ADDRESS = "hf:me/model/m.safetensors"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder for downloads, with a link inside that leads out of it."""
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (folder / "out").symlink_to(tmp_path / "elsewhere")
    return folder


@pytest.fixture
def app(hub: PracticeHub, folder: Path) -> Iterator[App]:
    """An App that downloads to that folder."""
    with App({**os.environ, **hub.env()}, flags={"folder": str(folder)}) as app:
        yield app


def queue(app: App, role: Role, to: str) -> tuple[int, dict[str, object]]:
    return ask(app, role, "POST", f"{API}/tasks", {"items": [{"address": ADDRESS, "to": to}]})


@pytest.mark.parametrize("to", ["", ".", "./", "loras", "loras/", "loras/../x/", "loras/m.safetensors"])
def test_an_operator_fetches_to_places_below_the_folder(app: App, to: str) -> None:
    assert queue(app, Role.OPERATOR, to)[0] == 201


def test_an_operator_names_places_below_the_folder_as_a_whole(app: App, folder: Path) -> None:
    assert queue(app, Role.OPERATOR, f"{folder}/loras/")[0] == 201
    assert queue(app, Role.OPERATOR, f"{folder}-other/loras/")[1]["code"] == "unsafe-path"


def test_the_room_is_that_of_the_place_where_it_goes(app: App, folder: Path) -> None:
    left = shutil.disk_usage(folder).free
    for to, place in (("", f"{folder}/"), ("loras/", f"{folder}/loras/")):
        status, told = ask(app, Role.OPERATOR, "GET", f"{API}/room?to={to}")
        assert (status, told["path"]) == (200, place)
        assert 0 < told["free"] < left * 1.01  # what always stays free is not among it
    assert ask(app, Role.OPERATOR, "GET", f"{API}/room?to=/etc/")[1]["code"] == "unsafe-path"
    assert ask(app, Role.VIEWER, "GET", f"{API}/room")[1]["code"] == "role-too-low"


@pytest.mark.parametrize(
    "to",
    ["..", "/etc/", "out/", "out/m.safetensors", "out/new/folder/", "loras/../../elsewhere/"]
    + [".hidden/", "loras/.bashrc", "run.sh", "loras/x.py", "custom_nodes/", "custom_nodes/x.safetensors"]
    + [f"loras/x{end}" for end in (".pyd", ".html", ".SVG", ".AppImage", ".service", ".url")],
)
def test_an_operator_fetches_to_no_other_place(app: App, to: str) -> None:
    status, told = queue(app, Role.OPERATOR, to)
    assert (status, told["code"]) == (ask_status(app), "unsafe-path")
    body = {"cron": "0 4 * * *", "item": {"address": ADDRESS, "to": to}}
    assert ask(app, Role.OPERATOR, "PUT", f"{API}/schedule/x", body)[1]["code"] == "unsafe-path"
    told = ask(app, Role.OPERATOR, "POST", f"{API}/tasks/batch", {"text": ADDRESS, "shared": {"to": to}})[1]
    assert told["ids"] == [] and told["entries"][0]["error"]["code"] == "unsafe-path"


def ask_status(app: App) -> int:
    """The status that an unsafe path has."""
    return queue(app, Role.OPERATOR, "/etc/")[0]


def test_the_owner_fetches_elsewhere_but_not_to_where_programs_run_code_from(app: App, tmp_path: Path) -> None:
    assert queue(app, Role.ADMIN, f"{tmp_path}/elsewhere/")[0] == 201
    assert queue(app, Role.ADMIN, f"{tmp_path}/.cache/")[0] == 201
    assert queue(app, Role.ADMIN, "custom_nodes/")[1]["code"] == "unsafe-path"


@pytest.mark.parametrize(
    "to",
    ["{home}/.ssh/authorized_keys", "{home}/.bashrc", "{home}/.config/autostart/", "{home}/bin/run.sh"]
    + ["/etc/cron.d/job", "/usr/local/bin/", "loras/.hidden", "loras/x.py", "{home}/link/authorized_keys"],
)
def test_not_even_the_owners_page_fetches_to_where_systems_and_programs_look_by_themselves(
    app: App, tmp_path: Path, to: str
) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / ".ssh")
    assert queue(app, Role.ADMIN, to.format(home=tmp_path))[1]["code"] == "unsafe-path"


def test_a_hidden_folder_that_its_owner_registered_takes_models(app: App, tmp_path: Path) -> None:
    (tmp_path / ".lmstudio" / "models").mkdir(parents=True)
    assert queue(app, Role.ADMIN, f"{tmp_path}/.lmstudio/models/")[1]["code"] == "unsafe-path"
    app.stock.entries.keep(Entry(path=str(tmp_path / ".lmstudio" / "models"), folder=""))
    assert queue(app, Role.ADMIN, f"{tmp_path}/.lmstudio/models/")[0] == 201


def test_an_operator_fetches_no_program_that_lies_in_a_models_repository(
    app: App, hub: PracticeHub, folder: Path
) -> None:
    hub.hf.add_repo("me/model", {"m.safetensors": b"model", "evil.py": b"import os", "run.sh": b"#!/bin/sh"})
    app.runner.start()
    for address, state in (("hf:me/model/evil.py", State.FAILED), ("hf:me/model", State.DONE)):
        body = {"items": [{"address": address, "to": f"{folder}/loras/"}]}
        number = ask(app, Role.OPERATOR, "POST", f"{API}/tasks", body)[1]["ids"][0]  # type: ignore[index]
        until(app, number, state)
    assert sorted(path.name for path in (folder / "loras").iterdir()) == ["m.safetensors"]


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_the_home_of_nobody_is_a_typed_problem(app: App, role: Role) -> None:
    status, told = queue(app, role, "~nosuchuser/x")
    assert (status, told["code"]) == (400, "bad-value")


def test_an_operator_does_not_repeat_what_the_owner_fetched_elsewhere(app: App, tmp_path: Path) -> None:
    numbers = [queue(app, Role.ADMIN, to)[1]["ids"][0] for to in (f"{tmp_path}/elsewhere/", "loras/")]  # type: ignore[index]
    app.queue.cancel(numbers)
    status, told = ask(app, Role.OPERATOR, "POST", f"{API}/history/again", {"ids": numbers})
    assert status >= 400 and told["code"] == "unsafe-path"
    assert ask(app, Role.OPERATOR, "POST", f"{API}/history/again", {"ids": numbers[1:]})[0] == 201
    told = ask(app, Role.OPERATOR, "POST", f"{API}/tasks/actions", {"do": "retry", "ids": numbers})[1]
    codes = {one["id"]: one.get("error", {}).get("code") for one in told}
    assert codes == {numbers[0]: "unsafe-path", numbers[1]: None}
    state = {"status": "resume"}
    assert ask(app, Role.OPERATOR, "PUT", f"/model-manager/download/{numbers[0]}", state)[1]["success"] is False
    assert ask(app, Role.ADMIN, "POST", f"{API}/tasks/actions", {"do": "retry", "ids": numbers[:1]})[1][0].get("task")


NAMED = {"address": f"https://civitai.com/api/download/models/7?token={'0123456789abcdef' * 2}", "told": True}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/tasks", {"items": [NAMED]}),
        ("POST", "/tasks", {"addresses": [NAMED["address"]], "shared": {"told": True}}),
        ("POST", "/tasks/batch", {"text": NAMED["address"], "shared": {"told": True}}),
        ("PUT", "/schedule/m", {"cron": "0 4 * * *", "item": NAMED}),
    ],
)
def test_what_a_workflow_named_is_not_the_owners_own_when_they_ask_for_it_again(
    app: App, method: str, path: str, body: dict[str, object]
) -> None:
    code, told = ask(app, Role.ADMIN, method, API + path, body)
    assert code in (200, 201), told
    options = told["options"] if path.startswith("/schedule") else app.queue.get(told["ids"][0]).options
    assert options["told"] is True
    assert ask(app, Role.ADMIN, "GET", f"{API}/keys")[1] == []


def test_a_link_into_a_read_only_root_is_no_way_into_it(app: App, tmp_path: Path) -> None:
    for name in ("loras", "fixed"):
        (tmp_path / name).mkdir()
    (tmp_path / "loras" / "way").symlink_to(tmp_path / "fixed")
    app.stock.entries.keep(Entry(path=str(tmp_path / "loras"), folder="loras"))
    app.stock.entries.keep(Entry(path=str(tmp_path / "fixed"), folder="vae", read_only=True))
    assert queue(app, Role.OPERATOR, f"{tmp_path}/loras/a.safetensors")[0] < 300
    for place in ("loras/way", "fixed"):
        assert queue(app, Role.OPERATOR, f"{tmp_path}/{place}/b.safetensors")[0] == 400, place


def until(app: App, number: int, *states: State) -> Task:
    end = time.monotonic() + 20
    while (task := app.queue.get(number)).state not in states:
        assert time.monotonic() < end, (task, app.queue.steps(number))
        app.events.wait(app.events.newest, 0.1)
    return task


def test_a_folder_that_became_a_link_after_it_was_checked_gets_nothing(
    app: App, hub: PracticeHub, folder: Path, tmp_path: Path
) -> None:
    hub.hf.add_repo("me/model", {"m.safetensors": 5000})
    (folder / "loras").mkdir()
    number = queue(app, Role.OPERATOR, "loras/")[1]["ids"][0]  # type: ignore[index]
    (folder / "loras").rmdir()
    (folder / "loras").symlink_to(tmp_path / "elsewhere")
    app.runner.start()
    error = until(app, number, State.FAILED).error
    assert error is not None and error["code"] == "unsafe-path"
    assert list((tmp_path / "elsewhere").iterdir()) == []
    allowed = queue(app, Role.ADMIN, f"{folder}/loras/")[1]["ids"][0]  # type: ignore[index]
    until(app, allowed, State.DONE)
    assert (tmp_path / "elsewhere" / "m.safetensors").stat().st_size == 5000, "the owner links wherever he likes"


def test_a_folder_that_becomes_a_link_while_bytes_arrive_moves_none_of_them(
    app: App, hub: PracticeHub, folder: Path, tmp_path: Path
) -> None:
    data = os.urandom(12 * 2**20)
    hub.hf.add_repo("me/model", {"m.safetensors": data})
    item = {"address": ADDRESS, "to": "loras/", "limit": "6MB/s"}
    number = ask(app, Role.OPERATOR, "POST", f"{API}/tasks", {"items": [item]})[1]["ids"][0]
    app.runner.start()
    end = time.monotonic() + 20
    while not any(part.stat().st_size for part in (folder / "loras").glob(".*.part")):
        assert time.monotonic() < end
        app.events.wait(app.events.newest, 0.05)
    (folder / "loras").rename(tmp_path / "moved")
    (folder / "loras").symlink_to(tmp_path / "elsewhere")
    error = until(app, number, State.FAILED).error
    assert error is not None and error["code"] == "unsafe-path"
    assert list((tmp_path / "elsewhere").iterdir()) == []
    (folder / "loras").unlink()
    (tmp_path / "moved").rename(folder / "loras")
    ask(app, Role.OPERATOR, "POST", f"{API}/tasks/actions", {"do": "retry", "ids": [number]})
    task = until(app, number, State.DONE)
    assert (folder / "loras" / "m.safetensors").read_bytes() == data
    assert task.received < 1.2 * len(data), "what had arrived was not asked for again"
