"""The routes under ComfyUI's port: what pages of strangers, other paths, forms and large bodies get."""

from __future__ import annotations

import ast
import asyncio
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from comfyui.hosting import NODE, Comfy, alone, end_service, env_of, hosted, lay_in, make_comfyui, start_host
from jobs.library import model
from modelyard.server.client import Client
from modelyard.server.rights import COMFYUI_ROUTES
from modelyard.testing import PracticeHub
from modelyard.testing.models import safetensors_of_size
from programs.workflows.made import canvas, node
from web.pages import until

EVIL = "https://evil.example"
READ, WRITE = "/modelyard/tasks", "/modelyard/ensure"
WANT = {"wants": [{"address": "hf:ink/wash/wash.safetensors", "folder": "loras"}]}
INSIDE = "/modelyard/models"


@pytest.fixture(scope="module")
def hub() -> Iterator[PracticeHub]:
    with PracticeHub() as practice:
        yield practice


@pytest.fixture(scope="module")
def comfy(hub: PracticeHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Comfy]:
    """A host with its own guard switched off: what holds here is ours."""
    folder = tmp_path_factory.mktemp("host")
    body = model(folder / "made.safetensors", 1).read_bytes()
    hub.hf.add_repo("ink/wash", {"wash.safetensors": body})
    with hosted(folder, "--enable-cors-header", env=env_of(hub, folder), install=("--host", "gpu.example")) as host:
        assert host.ask("GET", READ).status == 200  # which starts the service
        yield host


def raw(comfy: Comfy, text: str) -> bytes:
    """Exactly these bytes, and whatever comes back."""
    where = urlsplit(comfy.url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as made:
        made.sendall(text.encode("latin-1"))
        made.shutdown(socket.SHUT_WR)
        parts = []
        while part := made.recv(65536):
            parts.append(part)
        return b"".join(parts)


def refused(comfy: Comfy, method: str, path: str, body: Any = None, **headers: str | None) -> str:
    got = comfy.ask(method, path, body, **headers)
    assert got.status >= 400, got
    return str(got.json["code"]) if got.headers["content-type"].startswith("application/problem") else str(got.status)


def test_a_page_of_this_comfyui_and_a_program_come_in(comfy: Comfy) -> None:
    host = urlsplit(comfy.url).netloc
    assert comfy.ask("GET", READ).status == 200
    assert comfy.ask("GET", f"/api{READ}", Origin=f"http://{host}", Sec_Fetch_Site="same-origin").status == 200
    assert comfy.ask("GET", READ, Host="gpu.example:8188", Origin="https://gpu.example:8188").status == 200


def test_a_proxy_before_comfyui_may_write_another_host_for_a_name_that_was_given(comfy: Comfy) -> None:
    named, other_port = {"Origin": "https://gpu.example"}, {"Origin": "https://gpu.example:8888"}
    assert comfy.ask("GET", READ, **named).status == 200  # the name as it was given
    assert comfy.ask("GET", READ, **other_port, Sec_Fetch_Site="same-origin").status == 200
    assert refused(comfy, "GET", READ, **other_port) == "cross-site"  # another program may be at that port
    for site in ("same-site", "cross-site"):
        assert refused(comfy, "GET", READ, **named, Sec_Fetch_Site=site) == "cross-site"
    assert refused(comfy, "GET", READ, Origin="https://gpu.example.evil.example", Sec_Fetch_Site="same-origin")
    socket_ = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13"}
    key = {"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    assert refused(comfy, "GET", "/modelyard/live", **other_port, **socket_, **key) == "cross-site"


def test_nobody_waits_while_somebody_else_starts_the_service(tmp_path: Path) -> None:
    module = alone("yard")
    script = tmp_path / "never.py"
    script.write_text("import time; time.sleep(4)")
    yard = module.Yard(tmp_path, [sys.executable, str(script)])
    module._STARTS = 1.5
    starting = threading.Thread(target=yard._started, kwargs={"anyway": True})
    starting.start()
    until(yard._lock.locked)
    began = time.monotonic()
    with pytest.raises(module.NoYard):
        yard.place(start=False)
    assert time.monotonic() - began < 1
    starting.join()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "file://"},
        {"Origin": "http://localhost"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "Cross-Site "},
        {"Host": "evil.example"},
        {"Host": "evil.example:8188", "Origin": "http://evil.example:8188", "Sec_Fetch_Site": "same-origin"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "evil@127.0.0.1"},
        {"Host": "0x7f000001"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", READ),
        ("POST", WRITE),
        ("GET", "/model-manager/models"),
        ("POST", "/modelyard/start"),
        ("POST", "/models/download"),
    ],
)
def test_a_page_of_a_stranger_does_not(comfy: Comfy, method: str, path: str, headers: dict[str, str]) -> None:
    body = WANT if method == "POST" else None
    assert refused(comfy, method, path, body, **headers) in ("cross-site", "wrong-host", "400")


def test_not_even_to_hear_events(comfy: Comfy) -> None:
    asked = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13"}
    key = {"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    assert refused(comfy, "GET", "/modelyard/live", Origin=EVIL, **asked, **key) == "cross-site"
    assert refused(comfy, "GET", "/modelyard/live") == "bad-request"


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        None,
        "application/json, text/plain",
    ],
)
def test_a_form_cannot_write(comfy: Comfy, kind: str | None) -> None:
    for path in (WRITE, "/modelyard/start", "/models/download", "/modelyard/tasks/actions"):
        assert refused(comfy, "POST", path, json.dumps(WANT).encode(), Content_Type=kind) == "wrong-media-type"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/modelyard/session"),
        ("GET", "/modelyard/hubs"),
        ("GET", "/modelyard/models/1"),
        ("GET", "/modelyard/models/facets"),
        ("GET", "/modelyard/tasks/1"),
        ("GET", "/modelyard/tokens"),
        ("GET", "/modelyard/keys"),
        ("GET", "/modelyard/roots"),
        ("GET", "/modelyard/settings"),
        ("POST", "/modelyard/link"),
        ("POST", "/modelyard/tasks"),
        ("POST", "/modelyard/comfyui/insert"),
        ("DELETE", "/modelyard/tasks/1"),
        ("DELETE", "/modelyard/models/1"),
        ("PATCH", "/modelyard/models/1"),
        ("PUT", "/modelyard/models/1"),
        ("DELETE", "/model-manager/model/loras/0/a.safetensors"),
        ("PUT", "/model-manager/model/loras/0/a.safetensors"),
        ("GET", "/model-manager/model/loras/0/a.safetensors/metadata/refresh"),
        ("POST", "/model-manager/model/loras/0/a.safetensors/metadata/refresh"),
        ("DELETE", "/model-manager/download/1"),
        ("GET", "/modelyard/models/1/preview/original"),
        ("GET", "/modelyard/models/../tokens"),
        ("GET", "/modelyard/models/%2e%2e/tokens"),
        ("GET", "/modelyard/models/1%2f..%2f..%2ftokens"),
        ("GET", "/modelyard/models/1/preview/../../../tokens"),
        ("GET", "/modelyard/models/1%00"),
        ("GET", "/modelyard//tokens"),
        ("GET", "/model-manager/model/loras/0/../../../../api/v1/tokens"),
        ("GET", "/model-manager/model/loras/0/%2e%2e/%2e%2e/%2e%2e/%2e%2e/api/v1/tokens"),
        ("GET", "/model-manager/preview/loras/0/..%5c..%5ctokens"),
        ("GET", "/model-manager/models/..%2f..%2fapi%2fv1%2ftokens"),
        ("TRACE", READ),
        ("CONNECT", READ),
    ],
)
def test_nothing_else_of_the_service_is_reached(comfy: Comfy, method: str, path: str) -> None:
    got = comfy.ask(method, path)
    assert got.status in (400, 403, 404, 405) or got.json.get("success") is False, got
    assert b"yard_" not in got.body and b'"tokens"' not in got.body


def test_a_method_in_a_header_stays_a_header(comfy: Comfy) -> None:
    for name in ("X_HTTP_Method_Override", "X_Method_Override", "X_HTTP_Method"):
        assert "tasks" in comfy.ask("GET", READ, **{name: "DELETE"}).json


def test_what_a_caller_says_about_itself_does_not_reach_the_service(comfy: Comfy) -> None:
    owner = (comfy.home / "service.token").read_text().strip()
    got = comfy.ask(
        "GET", READ, Authorization=f"Bearer {owner}", Cookie="a=b", X_Modelyard_Near="/etc", X_Forwarded_For="1.2.3.4"
    )
    assert got.status == 200 and "set-cookie" not in got.headers
    got = comfy.ask("POST", "/modelyard/tasks/actions", {"do": "pause", "ids": [1], "discard": True})
    assert got.status == 400


def test_no_request_hides_in_another(comfy: Comfy) -> None:
    head = "POST /modelyard/ensure HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    inner = "GET /api/v1/tokens HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for trick in (
        f"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}",
        f"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{inner}",
        f"Content-Length: 2\r\nContent-Length: 90\r\n\r\n{{}}{inner}",
        f"Content-Length: 2\r\n\r\n{{}}{inner}",
        f"X-A: b\r\n Content-Length: 3\r\n\r\n{inner}",
    ):
        told = raw(comfy, head + trick)
        assert b"yard_" not in told and b"role" not in told.lower().replace(b"role-too-low", b"")


def test_a_body_has_a_limit_and_more_is_not_even_read(comfy: Comfy) -> None:
    big = b"[" + b" " * (1024 * 1024 + 10) + b"]"
    assert refused(comfy, "POST", WRITE, big) == "body-too-large"
    assert comfy.ask("GET", READ).status == 200


def test_no_secret_is_in_any_answer_or_in_the_folder(comfy: Comfy) -> None:
    tokens = [(comfy.home / name).read_text().strip().encode() for name in ("service.token", "comfyui.token")]
    paths = [
        READ,
        INSIDE,
        "/modelyard/loaders",
        "/modelyard/page",
        "/extensions",
        "/model-manager/models",
    ]
    for path in paths:
        assert not [token for token in tokens if token in comfy.ask("GET", path).body]
    laid = comfy.base / "custom_nodes" / "modelyard"
    assert not [file for file in laid.rglob("*") if file.is_file() for token in tokens if token in file.read_bytes()]


def passed_on(name: str) -> list[tuple[str, str]]:
    """A list of routes in the extension: method and path."""
    for line in ast.parse((NODE / "routes.py").read_text()).body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name) and line.targets[0].id == name:
            return list(ast.literal_eval(line.value))
    raise AssertionError(name)


def test_a_node_that_hangs_while_it_is_asked_holds_up_no_other_request() -> None:
    proxy, go = alone("proxy"), threading.Event()
    asked: list[object] = []
    one = proxy.Proxy(object(), lambda yard: asked.append(yard) or go.wait(20))
    try:
        for _ in range(9):
            one._greet()
        assert asyncio.run(asyncio.wait_for(proxy.aside(lambda: "done"), 10)) == "done"
    finally:
        go.set()
    one._greeting.result(10)
    assert len(asked) == 1


def test_every_route_that_is_passed_on_is_one_that_the_service_opens_to_it() -> None:
    named = {f"{method} /api/v1{path}" for method, path in passed_on("_OURS")}
    named |= {
        f"{method} /model-manager{path}".replace("{filename}", "{filename*}")
        for method, path in passed_on("_ANCESTORS")
    }
    assert named <= COMFYUI_ROUTES and len(named) > 20


def test_a_hubs_model_is_fetched_into_this_comfyui_and_its_download_is_followed(comfy: Comfy, hub: PracticeHub) -> None:
    url = "https://huggingface.co/ink/wash/resolve/main/wash.safetensors"
    begun = comfy.ask(
        "POST", "/api/models/download", {"models": [{"name": "wash.safetensors", "url": url, "directory": "loras"}]}
    ).json
    assert begun["models"][0]["status"] in ("queued", "running", "completed")
    batch = f"/api/models/download/{begun['batch_id']}"
    told = until(lambda: [one for one in comfy.ask("GET", batch).json["models"] if one["status"] == "completed"])
    assert told[0]["name"] == "wash.safetensors" and comfy.listed("loras") == ["wash.safetensors"]
    assert comfy.ask("GET", "/models/download/nonsense").status == 404
    assert comfy.ask("GET", "/models/download/AAAA").status == 404


def test_a_batch_tells_each_refusal_and_fetches_the_rest(comfy: Comfy) -> None:
    rows = [
        {"name": "a.safetensors", "url": "https://evil.example/a.safetensors", "directory": "loras"},
        {"name": "../../main.py", "url": "hf:ink/wash/wash.safetensors", "directory": "loras"},
        {"name": "x.py", "url": "hf:ink/wash/wash.safetensors", "directory": "loras"},
        {"name": "a.safetensors", "url": "hf:ink/wash/wash.safetensors", "directory": "custom_nodes"},
        {"name": "again.safetensors", "url": "hf:ink/wash/wash.safetensors", "directory": "loras"},
    ]
    told = comfy.ask("POST", "/models/download", {"models": rows}).json
    assert [one["status"] for one in told["models"]][:4] == ["failed"] * 4 and told["models"][4]["status"] != "failed"
    assert all(one["error"] for one in told["models"][:4])
    assert (comfy.base / "main.py").read_text() == "" and not (comfy.base / "models" / "loras" / "x.py").exists()


def test_each_of_two_comfyuis_gets_models_into_its_own_folder(comfy: Comfy, hub: PracticeHub, tmp_path: Path) -> None:
    hub.hf.add_repo("ink/each", {"each.safetensors": model(tmp_path / "made.safetensors", 3).read_bytes()})
    rows = {"models": [{"name": "each.safetensors", "url": "hf:ink/each/each.safetensors", "directory": "loras"}]}
    base = make_comfyui(tmp_path / "second")
    lay_in(base, comfy.home)
    second = start_host(base, comfy.home, env=env_of(hub, tmp_path))
    try:
        assert second.ask("POST", "/models/download", rows).json["models"][0]["error"] is None
        until(lambda: second.listed("loras") == ["each.safetensors"])
        told = comfy.ask("POST", "/models/download", rows).json["models"][0]
        assert told["status"] == "failed" and str(base) in told["error"] and "modelyard link" in told["error"]
        want = {"wants": [{"address": "hf:ink/each/each.safetensors", "folder": "loras"}]}
        assert "name" not in comfy.ask("POST", WRITE, want).json[0]
        assert second.ask("POST", WRITE, want).json[0]["name"] == "each.safetensors"
    finally:
        second.stop()
    assert "each.safetensors" not in comfy.listed("loras")


def test_every_route_of_the_ancestor_is_answered_under_this_port(comfy: Comfy, hub: PracticeHub) -> None:
    asked: set[tuple[str, str]] = set()

    def good(method: str, path: str, body: Any = None, **parts: str) -> Any:
        asked.add((method, path))
        got = comfy.ask(method, f"/api/model-manager{path.format(**parts)}", body)
        assert got.status == 200 and got.json["success"] is True, got
        return got.json.get("data")

    def state(number: str) -> str:
        return {one["id"]: str(one["status"]) for one in good("GET", "/download/status")}[number]

    hub.hf.add_repo("ink/calm", {"calm.safetensors": safetensors_of_size(400_000)})
    hub.faults.speed = 50_000
    try:
        want = {"type": "loras", "pathIndex": 0, "downloadUrl": "hf:ink/calm/calm.safetensors"}
        ways = ("/download/task", "/download", "/model")
        numbers = [
            good("POST", way, want | {"fullname": f"calm{at}.safetensors"})["taskId"] for at, way in enumerate(ways)
        ]
        good("PUT", "/download/{id}", {"status": "pause"}, id=numbers[0])
        until(lambda: state(numbers[0]) == "pause")
        good("POST", "/tasks/{id}/state", {"status": "resume"}, id=numbers[0])
        assert state(numbers[0]) in ("waiting", "doing")
        for number in numbers:
            good("POST", "/task/{id}/cancel", {}, id=number)
            until(lambda number=number: state(number) == "cancelled")
    finally:
        hub.faults.speed = None
    assert good("GET", "/download/status/{id}", id=numbers[1])["taskId"] == numbers[1]
    for way in ("/download/task", "/tasks/status"):
        assert set(numbers) <= {one["id"] for one in good("GET", way)}
    assert good("GET", "/websocket/status")["total_clients"] == 0
    assert good("GET", "/websocket/messages")["connected"] is False
    assert "loras" in good("GET", "/models") and "loras" in good("GET", "/base-folders")
    file = {"type": "loras", "index": "0", "filename": "known.safetensors"}
    model(comfy.base / "models" / "loras" / file["filename"], 5)
    scan = lambda: Client(comfy.home).ask("POST", "/api/v1/library/scan", {})  # noqa: E731
    until(lambda: scan() and "known" in str(good("GET", "/models/{type}", type="loras")))
    assert "metadata" in good("GET", "/model/{type}/{index}/{filename}", **file)
    preview = ("GET", "/preview/{type}/{index}/{filename}")
    assert comfy.ask("GET", f"/model-manager{preview[1].format(**file)}").headers["content-type"].startswith("image/")
    assert asked | {preview} == set(passed_on("_ANCESTORS"))


def test_the_ancestors_pages_send_forms_and_strangers_do_not(comfy: Comfy) -> None:
    form = b"type=loras&pathIndex=0&fullname=form.safetensors&downloadUrl=hf:ink/wash/wash.safetensors"
    kind = "application/x-www-form-urlencoded"
    got = comfy.ask("POST", "/model-manager/model", form, Content_Type=kind)
    assert got.json["success"] is True, got
    assert refused(comfy, "POST", "/model-manager/model", form, Content_Type=kind, Origin=EVIL) == "cross-site"


def test_a_loader_that_no_table_knows_says_its_folder_itself(comfy: Comfy) -> None:
    workflow = canvas(node(1, "OddLoader", "fast", "odd.safetensors"), node(2, "OtherLoader", "other.safetensors"))
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13"}
    assert comfy.ask("GET", "/modelyard/live", **upgrade, Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==").status == 101

    def plan() -> dict[str, Any]:
        told = comfy.ask("POST", "/modelyard/workflows/plan?search=false", workflow).json
        return {one["name"]: one["directory"] for one in told["models"]}

    until(lambda: plan().get("odd.safetensors") == "upscale_models")
    assert not plan()["other.safetensors"]
    assert ["OddLoader", "file", 1, "upscale_models"] in comfy.ask("GET", "/modelyard/inputs").json["rows"]
    status, told = Client(comfy.home).ask("POST", "/api/v1/workflows/plan?search=false", workflow)  # the service's page
    assert {one["name"]: one["directory"] for one in told["models"]} == plan(), status


def test_a_service_that_was_stopped_stays_so_until_it_is_wanted(comfy: Comfy) -> None:
    end_service(comfy.home)
    assert refused(comfy, "GET", READ) == "no-service"
    told = comfy.ask("POST", "/modelyard/start", {}).json
    assert told["running"] is True, told
    assert comfy.ask("GET", READ).status == 200
    assert Client(comfy.home).ask("GET", "/api/v1/session")[1]["name"] == "socket"


def test_a_stale_note_of_a_killed_service_gets_no_token(comfy: Comfy, tmp_path: Path) -> None:
    Yard = alone("yard").Yard
    note = {"pid": 1, "url": comfy.url, "socket": "", "version": "1"}
    (tmp_path / "service.json").write_text(json.dumps(note))
    (tmp_path / "comfyui.token").write_text("yard_x")
    (tmp_path / "service.lock").write_text("1\n")
    assert Yard(tmp_path, []).find() is None  # nobody holds the folder: whoever listens there is a stranger
    outside = {**note, "socket": str(comfy.home / "service.sock")}
    (tmp_path / "service.json").write_text(json.dumps(outside))
    assert Yard(tmp_path, []).find() is None  # a socket that is not in the folder
