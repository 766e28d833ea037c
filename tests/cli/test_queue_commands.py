"""The queue's commands with a real service, killed on the way, and without one."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard.server.client import Client, running
from modelyard.testing import PracticeHub
from running import Ran, modelyard

SIZE = 48 * 2**20


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder; whatever service it ends with is stopped."""
    folder = tmp_path / "yard"
    monkeypatch.setenv("MODELYARD_HOME", str(folder))
    monkeypatch.setenv("MODELYARD_SERVER_PORT", "0")
    yield folder
    note = running(folder)
    if note:
        os.kill(note.pid, signal.SIGKILL)


def until(what: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Ask until the answer is one."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, what
    return found


def task(folder: Path, number: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = Client(folder).ask("GET", f"/api/v1/tasks/{number}")[1]
    return found


def rows(ran: Ran) -> list[dict[str, Any]]:
    assert ran.code == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def test_a_detached_download_survives_kill_9_and_every_face_tells_the_same(
    folder: Path, hub: PracticeHub, tmp_path: Path
) -> None:
    data = os.urandom(SIZE)
    url = hub.add_file("big.safetensors", data)
    ran = modelyard("get", "--detach", url, "--to", f"{tmp_path}/", "--limit", "24MB/s", env=hub.env())
    assert ran.code == 0 and "Queued as 1" in ran.out, ran.err
    until(lambda: task(folder)["done"] > SIZE // 3)
    note = running(folder)
    assert note
    heard = Client(folder).ask("GET", "/api/v1/events")[1]["newest"]
    os.kill(note.pid, signal.SIGKILL)
    assert not (tmp_path / "big.safetensors").exists()

    killed = time.time()
    modelyard("get", "--detach", hub.add_file("small.bin", b"small"), "--to", f"{tmp_path}/", env=hub.env())
    by_polling = polled(folder, heard)
    assert seconds_until_it_ran(folder, killed) < 5
    assert (tmp_path / "big.safetensors").read_bytes() == data
    assert task(folder)["result"]["files"][0]["sha256"] == hashlib.sha256(data).hexdigest()
    assert "restart" in str(Client(folder).ask("GET", "/api/v1/tasks/1/steps")[1])

    by_rest = task(folder)
    by_list = Client(folder).ask("GET", "/api/v1/tasks")[1]["tasks"]
    by_cli = rows(modelyard("queue", "--json"))
    by_socket = snapshot(folder)["tasks"]
    assert by_list == by_cli == by_socket
    assert by_list[0] == by_rest
    assert by_polling == by_rest["result"]
    assert by_rest in rows(modelyard("history", "--json"))


def polled(folder: Path, number: int) -> Any:
    """The result of the first task, as somebody hears of it who polled before the kill and goes on polling."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        told = Client(folder).ask("GET", f"/api/v1/events?since={number}&wait=5")[1]
        moved = [event["data"] for event in told["events"] if event["kind"] == "task.moved"]
        done = [data["result"] for data in moved if data["id"] == 1 and data["to"] == "done"]
        if told["gap"] and (now := task(folder))["state"] == "done":  # what was missed is asked for
            done = [now["result"]]
        if done:
            return done[0]
        number = told["newest"]
    raise AssertionError("nobody heard that it is done")


def seconds_until_it_ran(folder: Path, killed: float) -> float:
    """From the moment that the new service can be asked, however long a busy machine took to start it."""
    begun = (folder / "service.json").stat().st_mtime
    assert begun > killed
    steps = Client(folder).ask("GET", "/api/v1/tasks/1/steps")[1]
    again = [step["at"] for step in steps if step["after"] == "running" and step["at"] > killed]
    return float(again[0]) - begun


def snapshot(folder: Path) -> dict[str, Any]:
    """What a WebSocket is told that is opened late."""
    import asyncio

    import aiohttp

    async def ask() -> dict[str, Any]:
        note = running(folder)
        assert note
        token = (folder / "service.token").read_text().strip()
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{note.url.rstrip('/')}/api/v1/events/ws") as socket,
        ):
            await socket.send_json({"token": token})
            frame: dict[str, Any] = {}
            while "snapshot" not in frame:
                frame = await socket.receive_json(timeout=10)
            found: dict[str, Any] = frame["snapshot"]
            return found

    return asyncio.run(ask())


def test_the_commands_say_the_same_with_and_without_a_service(folder: Path, hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("a.bin", b"a" * 1000)
    modelyard("get", "-d", url, "--to", f"{tmp_path}/", env=hub.env())
    until(lambda: task(folder)["state"] == "done")
    commands = [["queue"], ["history"], ["stats"], ["limit"], ["queue", "show", "1"]]
    with_service = [modelyard(*command, "--json").out for command in commands]
    note = running(folder)
    assert note
    os.kill(note.pid, signal.SIGTERM)
    until(lambda: running(folder) is None and not (folder / "service.json").exists())
    assert [modelyard(*command, "--json").out for command in commands] == with_service


def test_all_that_failed_is_tried_again_by_one_word(folder: Path, hub: PracticeHub, tmp_path: Path) -> None:
    modelyard("get", "-d", f"{hub.url}/files/none.bin", "--to", f"{tmp_path}/", env=hub.env())
    until(lambda: task(folder)["state"] == "failed")
    (told,) = rows(modelyard("queue", "retry", "--json"))
    assert (told["task"]["id"], told["task"]["state"]) == (task(folder)["id"], "queued")
    until(lambda: task(folder)["state"] == "failed")


def test_without_a_service_the_queue_can_be_changed_too(folder: Path, hub: PracticeHub, tmp_path: Path) -> None:
    hub.faults.use("s500forever", "*")
    modelyard("get", "-d", hub.add_file("a.bin", b"a"), "--to", f"{tmp_path}/", env=hub.env())
    note = running(folder)
    assert note
    os.kill(note.pid, signal.SIGKILL)
    until(lambda: running(folder) is None)
    assert rows(modelyard("queue", "pause", "1", "--json"))[0]["task"]["state"] == "paused"
    assert rows(modelyard("queue", "resume", "1", "--json"))[0]["task"]["state"] == "queued"
    assert modelyard("queue", "move", "1", "--priority", "high").code == 0
    assert rows(modelyard("queue", "--json"))[0]["priority"] == "high"
    assert rows(modelyard("queue", "cancel", "--all", "--json"))[0]["task"]["state"] == "cancelled"
    assert modelyard("queue", "clear").code == 0
    assert modelyard("queue").out == ""
    assert modelyard("history", "favourite", "1").code == 0
    target = tmp_path / "history.csv"
    assert modelyard("history", "export", str(target)).code == 0
    assert target.read_text().startswith("id,")
    assert "Queued as 2" in modelyard("history", "again", "1").out


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["queue", "pause"], 2),
        (["queue", "pause", "0"], 2),
        (["queue", "pause", "7"], 1),
        (["queue", "show", "7"], 3),
        (["queue", "move", "1"], 2),
        (["limit", "--", "-5"], 2),
        (["limit", "NaN"], 2),
        (["limit", "5MB/s", "--hub", "nowhere"], 2),
        (["history", "again", "9"], 3),
        (["get", "--detach", "--dry-run", "hf:a/b"], 2),
    ],
)
def test_bad_input_is_one_clear_error(folder: Path, command: list[str], code: int) -> None:
    ran = modelyard(*command)
    assert ran.code == code, (ran.out, ran.err)
    assert ran.err.strip() and "Traceback" not in ran.err


def test_top_shows_one_picture_where_nobody_watches(folder: Path) -> None:
    assert "nothing queued" in modelyard("top").out


def test_every_line_of_a_batch_is_answered(folder: Path, tmp_path: Path) -> None:
    text = "see https://huggingface.co/me/model and\nhf:me/model\ncivitai:notanumber\n"
    tried = modelyard("queue", "add", "--dry-run", "--json", stdin=text)
    assert [one["became"] for one in tried.events] == ["address", "duplicate", "refused"] and tried.code == 2
    assert rows(modelyard("queue", "--json")) == []
    (tmp_path / "list.txt").write_text(text)
    assert "queued as 1" in modelyard("queue", "add", str(tmp_path / "list.txt"), "--to", f"{tmp_path}/").out
    assert rows(modelyard("queue", "--json"))[0]["address"] == "hf:me/model"
