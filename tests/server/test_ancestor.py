"""ComfyUI-Model-Manager's routes on the real service, by requests as its own pages and scripts make them.

`old` is the page of hayden-fr's version, `new` the page of ChrisFab16's fork, `script` a user's program.
ComfyUI's page puts `/api` before the path and its user into a header; a program in between adds the token.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from modelyard.testing import PracticeHub
from server.serving import API, Got, Served, served

PAGE = "/api/model-manager"
SCRIPT = "/model-manager"
BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
DATA = os.urandom(300_000)


def form(fields: dict[str, Any], preview: bytes | None = None) -> bytes:
    """A FormData as Chromium writes it."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    if preview is not None:
        head = 'Content-Disposition: form-data; name="previewFile"; filename="a.webp"\r\nContent-Type: image/webp'
        parts.insert(1, f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + preview + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


class Caller:
    """Makes requests as one of them does."""

    def __init__(self, yard: Served) -> None:
        self.yard = yard

    def old(self, method: str, path: str, body: Any = None) -> Any:
        kind = None
        if isinstance(body, bytes):
            kind = f"multipart/form-data; boundary={BOUNDARY}"
        elif body is not None:
            kind, body = "text/plain;charset=UTF-8", json.dumps(body).encode()
        return self.good(self.yard.ask(method, PAGE + path, body, Content_Type=kind, Comfy_User="default"))

    def new(self, method: str, path: str, body: Any = None) -> Any:
        kind = "multipart/form-data" if isinstance(body, bytes) else "application/json"  # it forgets the boundary
        sent = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        return self.good(self.yard.ask(method, PAGE + path, sent, Content_Type=kind, Comfy_User="default"))

    def script(self, method: str, path: str, body: Any = None) -> Any:
        kind = None if body is None else "application/json"
        told = self.yard.ask(
            method, SCRIPT + path, body, Content_Type=kind, User_Agent="python-requests/2.32", Accept="*/*"
        )
        return self.good(told)

    def good(self, got: Got) -> Any:
        assert got.status == 200, got
        assert got.json["success"] is True, got.json
        return got.json.get("data")

    def until(self, number: str, status: str) -> Any:
        end = time.monotonic() + 20
        while True:
            (one,) = [one for one in self.script("GET", "/download/task") if one["id"] == number]
            if one["status"] == status:
                return one
            assert time.monotonic() < end, one
            self.yard.ask("GET", f"{API}/events?since=0&wait=1")


@pytest.fixture
def caller(tmp_path: Path, hub: PracticeHub) -> Iterator[Caller]:
    env = {**hub.env(), "MODELYARD_FOLDER": str(tmp_path / "models"), "MODELYARD_RETRY_FIRST": "0.05"}
    with served(tmp_path / "yard", env=env) as yard:
        yield Caller(yard)


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """One for all requests that queue nothing."""
    with served(tmp_path_factory.mktemp("yard")) as yard:
        yield Caller(yard)


def test_the_old_page_queues_a_model_with_its_preview(caller: Caller, hub: PracticeHub, tmp_path: Path) -> None:
    fields = {
        "id": "17",
        "basename": "big",
        "extension": ".safetensors",
        "sizeBytes": "300000",
        "type": "loras",
        "subFolder": "style",
        "pathIndex": "0",
        "isFolder": "false",
        "description": "---\nauthor: ich\r\n---\n\nÄ model.",
        "metadata": "{}",
        "downloadPlatform": "civitai",
        "downloadUrl": hub.add_file("big.safetensors", DATA),
        "hashes": json.dumps({"AutoV2": "abc", "SHA256": hashlib.sha256(DATA).hexdigest().upper()}),
        "files": "null",
        "fullname": "style/big.safetensors",
    }
    number = caller.old("POST", "/model", form(fields, b"RIFF\r\n--\x00\xff" + os.urandom(100_000)))["taskId"]
    done = caller.until(number, "completed")
    assert (tmp_path / "models/loras/style/big.safetensors").read_bytes() == DATA
    assert list((tmp_path / "models/loras/style").iterdir()) == [tmp_path / "models/loras/style/big.safetensors"]
    assert done["taskId"] == number and done["error"] is None
    assert (done["type"], done["fullname"], done["progress"]) == ("loras", "style/big.safetensors", 100)
    assert (done["downloadedSize"], done["totalSize"]) == (len(DATA), len(DATA))
    task = caller.yard.ask("GET", f"{API}/tasks/{number}").json
    assert task["result"]["files"][0]["verified"] and task["options"]["sha256"]


def test_the_new_page_queues_by_a_form_without_a_boundary(caller: Caller, hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("a.bin", DATA)
    sent = form({"type": "vae", "pathIndex": "0", "fullname": "a.bin", "url": url})
    number = caller.new("POST", "/download", sent)["taskId"]
    caller.until(number, "completed")
    assert (tmp_path / "models/vae/a.bin").read_bytes() == DATA
    (one,) = caller.new("GET", "/download/status")
    assert {"taskId", "type", "fullname", "status", "progress", "downloadedSize", "totalSize", "bps"} <= one.keys()


def test_a_script_queues_and_reads_the_list_until_it_is_done(caller: Caller, hub: PracticeHub, tmp_path: Path) -> None:
    asked = {
        "downloadUrl": hub.add_file("a.safetensors", DATA),
        "type": "loras",
        "pathIndex": 0,
        "filename": "a.safetensors",
        "downloadPlatform": "civitai",
        "sizeKb": 292,
        "description": "",
        "hash": hashlib.sha256(DATA).hexdigest(),
        "preview": ["https://example.org/a.png"],
        "images": [],
    }
    for path, name in (("/model", "a"), ("/download/task", "b")):
        number = caller.script("POST", path, asked | {"filename": f"{name}.safetensors"})["taskId"]
        caller.until(number, "completed")
        assert (tmp_path / f"models/loras/{name}.safetensors").read_bytes() == DATA
    assert caller.script("GET", f"/download/status/{number}")["status"] == "completed"


def test_both_pages_pause_resume_cancel_and_delete(caller: Caller, hub: PracticeHub, tmp_path: Path) -> None:
    hub.faults.use("s500forever", "*")
    asked = {"downloadUrl": hub.add_file("a.bin", DATA), "type": "vae", "fullname": "a.bin"}
    number = caller.script("POST", "/model", asked)["taskId"]
    waiting = {"waiting", "doing"}

    def status() -> str:
        (one,) = caller.new("GET", "/tasks/status")
        return str(one["status"])

    for say in (caller.old, caller.new):
        say("PUT", f"/download/{number}", {"status": "pause"})
        assert status() == "pause"
        say("PUT", f"/download/{number}", {"status": "resume"})
        assert status() in waiting
    caller.new("POST", f"/tasks/{number}/state", {"state": "paused"})
    assert status() == "pause"
    caller.new("PUT", f"/download/{number}", {"status": "cancel"})
    assert status() == "cancelled"
    caller.old("PUT", f"/download/{number}", {"status": "resume"})
    assert status() in waiting
    caller.script("POST", f"/task/{number}/cancel")
    assert status() == "cancelled"
    caller.old("DELETE", f"/download/{number}")
    assert caller.old("GET", "/download/task") == []
    other = caller.script("POST", "/model", asked)["taskId"]
    caller.new("DELETE", f"/tasks/{other}")
    assert caller.new("GET", "/download/status") == []


def test_a_failed_one_is_told_to_pages_and_scripts_in_their_words(caller: Caller, hub: PracticeHub) -> None:
    gone = hub.add_file("a.bin", DATA) + "-gone"
    number = caller.script("POST", "/model", {"downloadUrl": gone, "type": "vae", "fullname": "a.bin"})["taskId"]
    assert caller.until(number, "error")["error"]
    assert [one["status"] for one in caller.new("GET", "/download/status")] == ["failed"]
    assert caller.new("POST", "/tasks/cleanup") == {"removed": 1}
    assert caller.new("GET", "/download/status") == []
    assert [one["id"] for one in caller.yard.ask("GET", f"{API}/history").json["tasks"]] == [int(number)]


@pytest.mark.parametrize(
    "more",
    [
        {"type": ".."},
        {"type": ""},
        {"type": None},
        {"fullname": "../../a.bin"},
        {"fullname": "/etc/a.bin"},
        {"fullname": "C:/a.bin"},
        {"fullname": ""},
        {"pathIndex": 3},
        {"pathIndex": "x"},
        {"downloadUrl": ""},
        {"downloadUrl": "file:///etc/passwd"},
    ],
)
def test_what_cannot_be_queued_is_told_as_the_ancestor_tells_it(refused: Caller, more: dict[str, Any]) -> None:
    asked = {"downloadUrl": "https://example.org/a.bin", "type": "vae", "fullname": "a.bin"} | more
    told = refused.yard.ask("POST", f"{SCRIPT}/model", asked)
    assert told.status == 200 and told.json["success"] is False
    assert told.json["error"] and told.json["code"]
    assert refused.new("GET", "/download/status") == []


def test_unknown_tasks_and_words_are_told_as_the_ancestor_tells_it(refused: Caller) -> None:
    for method, path, body in (
        ("PUT", "/download/7", {"status": "pause"}),
        ("PUT", "/download/ca0b01a4-ccf2-4286-a40c-0a67670ec428", {"status": "pause"}),
        ("DELETE", "/download/7", None),
        ("POST", "/tasks/7/state", {"state": "explode"}),
        ("GET", "/download/status/7", None),
    ):
        told = refused.yard.ask(method, PAGE + path, body)
        assert told.status == 200 and told.json["success"] is False and told.json["error"], path


def test_a_form_that_is_none_is_a_typed_problem(refused: Caller) -> None:
    for sent in (
        b"",
        b"null",
        b"[1]",
        b"nonsense",
        form({"type": "vae"})[:-30],
        b'{"type": 7}',
        form({"a": "a"} | {str(n): n for n in range(300)}),
    ):
        assert refused.yard.ask("POST", f"{PAGE}/model", sent).code == "bad-request", sent[:80]


def test_forms_are_taken_with_the_token_only_and_nowhere_else(refused: Caller) -> None:
    sent, kind = form({"type": "vae", "fullname": "a.bin", "url": "https://example.org/a.bin"}), "multipart/form-data"
    yard = refused.yard
    assert yard.ask("POST", f"{PAGE}/download", sent, token=None, Content_Type=kind).code == "token-needed"
    cookie = f"token={yard.token}"
    assert yard.ask("POST", f"{PAGE}/download", sent, token=None, Content_Type=kind, Cookie=cookie).status == 401
    for header in ({"Origin": "http://127.0.0.1:8188"}, {"Sec_Fetch_Site": "same-site"}, {"Origin": "null"}):
        assert yard.ask("POST", f"{PAGE}/download", sent, Content_Type=kind, **header).code == "cross-site"
    for header in ({"Content_Encoding": "gzip"}, {"Content_Type": "text/html"}):
        assert yard.ask("POST", f"{PAGE}/download", sent, **{"Content_Type": kind, **header}).status == 415
    assert yard.ask("POST", f"{API}/tasks", sent, Content_Type=kind).code == "wrong-media-type"
    asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization"}
    preflight = yard.ask("OPTIONS", f"{PAGE}/download", token=None, Origin="http://127.0.0.1:8188", **asked)
    assert preflight.status == 403 and "access-control-allow-origin" not in preflight.headers
    assert refused.new("GET", "/download/status") == []


def test_no_get_of_it_changes_anything_and_viewers_only_read(caller: Caller, hub: PracticeHub) -> None:
    yard = caller.yard
    viewer = yard.ask("POST", f"{API}/tokens", {"name": "v", "role": "viewer"}).json["token"]
    asked = {"downloadUrl": hub.add_file("a.bin", DATA), "type": "vae", "fullname": "a.bin"}
    assert yard.ask("POST", f"{PAGE}/model", asked, token=viewer).code == "role-too-low"
    before = yard.ask("GET", f"{API}/events").json
    for path in ("/download/task", "/download/status", "/tasks/status", "/websocket/status", "/websocket/messages"):
        assert yard.ask("GET", PAGE + path, token=viewer).status == 200
    for path in ("/tasks/cleanup", "/websocket/reconnect", "/model"):
        assert yard.ask("GET", PAGE + path).code == "wrong-method"
    assert yard.ask("GET", f"{API}/events").json == before


def test_websockets_are_counted_and_hung_up_on(caller: Caller) -> None:
    asyncio.run(_listen(caller))


async def _listen(caller: Caller) -> None:
    yard = caller.yard
    assert caller.new("GET", "/websocket/status") == {"server_clients": 0, "plugin_clients": 0, "total_clients": 0}
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(f"{yard.url}{API}/events/ws") as socket:
            await socket.send_json({"token": yard.token})
            await socket.receive_json(timeout=10)
            assert caller.new("GET", "/websocket/status")["total_clients"] == 1
            told = caller.new("GET", "/websocket/messages")
            assert told == {"connected": True, "server_clients": 0, "plugin_clients": 1}
            assert caller.new("POST", "/websocket/reconnect") is None
            while (message := await socket.receive(timeout=10)).type is aiohttp.WSMsgType.TEXT:
                pass
            assert socket.close_code == 1012, message
        async with session.ws_connect(f"{yard.url}{API}/events/ws") as socket:
            await socket.send_json({"token": yard.token})
            assert "hello" in await socket.receive_json(timeout=10)


def test_a_model_goes_into_the_root_that_base_folders_names(caller: Caller, hub: PracticeHub, tmp_path: Path) -> None:
    places = [tmp_path / "comfy/loras", tmp_path / "disk/loras"]
    for place in places:
        place.mkdir(parents=True)
        assert caller.yard.ask("PUT", f"{API}/roots", {"path": str(place), "folder": "loras"}).status == 200
    folders = caller.new("GET", "/base-folders")["loras"]
    assert folders == [str(place) for place in places]
    for index, place in enumerate(places):
        url = hub.add_file(f"{index}.safetensors", DATA)
        sent = {"type": "loras", "pathIndex": index, "fullname": f"sub/{index}.safetensors", "downloadUrl": url}
        done = caller.until(caller.new("POST", "/model", sent)["taskId"], "completed")
        assert (place / f"sub/{index}.safetensors").read_bytes() == DATA
        assert (done["type"], done["fullname"]) == ("loras", f"sub/{index}.safetensors")
        assert done["params"]["pathIndex"] == index
    refused = caller.yard.ask("POST", f"{SCRIPT}/model", sent | {"pathIndex": 2}).json
    assert refused["code"] == "no-such-root"


def test_what_it_refused_may_be_asked_again_with_the_same_key(refused: Caller) -> None:
    for _ in range(2):
        got = refused.yard.ask("POST", f"{SCRIPT}/tasks/999/state", b'{"status": "pause"}', Idempotency_Key="k")
        assert got.json["code"] == "no-such-task" and "idempotent-replay" not in got.headers
