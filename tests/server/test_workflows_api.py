"""Workflows by REST: the body is the file; plan, get and fix are the command line's."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard.app import App
from modelyard.server.roles import Role
from modelyard.testing import PracticeHub
from modelyard.testing.workflows import HOME, needing, stocked
from modelyard.testing.workflows import picture as stocked_picture
from server.asking import ask
from server.serving import API, Got, Served, served

PROMPT = {"1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "inkwash.safetensors"}}}


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture(prompt: str) -> bytes:
    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    told = b"prompt\0" + prompt.encode()
    parts = [(b"IHDR", head), (b"tEXt", told), (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


def test_a_picture_and_its_workflow_need_the_same(service: Served) -> None:
    told = [
        service.ask("POST", f"{API}/workflows/plan?search=false", body, Content_Type=kind)
        for body, kind in [
            (picture(json.dumps(PROMPT)), "application/octet-stream"),
            (json.dumps(PROMPT).encode(), "application/json"),
        ]
    ]
    assert [got.status for got in told] == [200, 200]
    assert [[row["name"] for row in got.json["needed"]] for got in told] == [["inkwash.safetensors"]] * 2
    assert [got.json["container"] for got in told] == ["png", "json"]
    assert told[0].json["needed"][0]["directory"] == "checkpoints"


def test_a_file_without_one_is_refused_in_words(service: Served) -> None:
    for body in (b"", b"\x89PNG\r\n\x1a\n", b"{}", b"\0" * 1000, b"[" * 100_000):
        for route in ("plan", "get", "fix"):
            got = service.ask("POST", f"{API}/workflows/{route}", body, Content_Type="application/octet-stream")
            assert (got.status, got.code) == (422, "no-workflow")


def test_no_form_can_send_one(service: Served) -> None:
    for kind in ("application/octet-stream", "text/plain"):
        for route in ("plan", "get", "fix"):
            got = service.ask("POST", f"{API}/workflows/{route}", b"{}", token=None, Content_Type=kind)
            assert got.code in ("token-needed", "wrong-media-type")


def send(service: Served, route: str, workflow: dict[str, Any]) -> Got:
    return service.ask(
        "POST", f"{API}/workflows/{route}", stocked_picture(workflow), Content_Type="application/octet-stream"
    )


@pytest.fixture
def yard(hub: PracticeHub, tmp_path: Path) -> Iterator[tuple[Served, Path]]:
    """A service that asks the practice hub, and its one ComfyUI."""
    comfy = tmp_path / "ComfyUI"
    (comfy / "comfy").mkdir(parents=True)
    for name in ("main.py", "folder_paths.py"):
        (comfy / name).touch()
    with served(tmp_path / "yard", env=hub.env()) as service:
        assert service.ask("PUT", f"{API}/roots", {"path": str(comfy), "comfy": True}).status == 200
        yield service, comfy


def test_a_plan_says_what_is_missing_and_getting_queues_it(yard: tuple[Served, Path], hub: PracticeHub) -> None:
    service, comfy = yard
    workflow = stocked(hub, 300_000)
    plan = send(service, "plan", workflow).json
    assert [model["state"] for model in plan["models"]] == ["found"] * 4
    assert (plan["complete"], plan["bytes"], plan["room"][0]["fits"]) == (False, 1_200_048, True)
    assert [model["name"] for model in plan["models"]] == [row["name"] for row in plan["needed"]]
    told = send(service, "get", workflow).json
    assert [task["target"] for task in told["tasks"]] == [model["target"] for model in told["plan"]["models"]]
    numbers = {task["id"] for task in told["tasks"]}
    until = time.monotonic() + 60
    while time.monotonic() < until:
        states = {service.ask("GET", f"{API}/tasks/{number}").json["state"] for number in numbers}
        if states <= {"done", "failed", "cancelled"}:
            break
        time.sleep(0.05)
    assert states == {"done"}
    assert (comfy / "models/vae/yard_vae.safetensors").stat().st_size == 300_000
    plan = send(service, "plan?search=false", workflow).json
    assert (plan["complete"], {model["verified"] for model in plan["models"]}) == (True, {True})
    assert send(service, "get", workflow).json["tasks"] == []


def test_asking_twice_is_one_download(yard: tuple[Served, Path], hub: PracticeHub) -> None:
    service, _ = yard
    hub.faults.speed = 20_000
    workflow = stocked(hub, 2_000_000)
    first, second = ([task["id"] for task in send(service, "get", workflow).json["tasks"]] for _ in range(2))
    assert (len(first), len(second)) == (4, 4)
    assert [service.ask("GET", f"{API}/tasks/{number}").json["follows"] for number in second] == first


def ended(service: Served, number: int) -> dict[str, Any]:
    """A task when it is over."""
    until = time.monotonic() + 60
    while (task := service.ask("GET", f"{API}/tasks/{number}").json)["state"] not in ("done", "failed"):
        assert time.monotonic() < until
        time.sleep(0.05)
    return dict(task)


def test_a_queued_model_comes_from_another_place_when_one_breaks_even_after_a_restart(
    tmp_path: Path, hub: PracticeHub
) -> None:
    content, env = os.urandom(30 * 2**20), {**hub.env(), "MODELYARD_RETRY_RETRIES": "0", "HOME": str(tmp_path)}
    hub.hf.add_repo("me/m", {"x.safetensors": content})
    hub.modelscope.add_repo("you/m", {"x.safetensors": content})
    workflow = needing(
        {"name": "x.safetensors", "directory": "vae", "url": f"{HOME}/me/m/resolve/main/x.safetensors"},
        note="[x.safetensors](https://modelscope.cn/models/you/m/resolve/master/x.safetensors)",
    )
    hub.faults.speed = 4_000_000
    with served(tmp_path / "yard", env=env) as service:
        (task,) = send(service, "get", workflow).json["tasks"]
        sent = hub.log.bytes_sent()
        while hub.log.bytes_sent() < sent + 12 * 2**20:
            time.sleep(0.02)
        service.stop(signal.SIGKILL)
    hub.faults.speed = None
    hub.faults.use("s500forever", "me/m/x.safetensors")
    sent = hub.log.bytes_sent()
    with served(tmp_path / "yard", env=env) as service:
        done = ended(service, task["id"])
        assert done["state"] == "done", done
        (file,) = done["result"]["files"]
        assert (file["verified"], file["address"].partition(":")[0]) == (True, "ms")
    assert Path(task["target"]).read_bytes() == content
    assert hub.log.bytes_sent() - sent < 25 * 2**20, "what had come from the first place was kept"


def test_a_short_hash_is_compared_with_what_a_task_fetched(tmp_path: Path, hub: PracticeHub) -> None:
    rows = []
    for name in ("right", "wrong"):
        content = os.urandom(5_000)
        short = hashlib.sha256(content).hexdigest()[:10] if name == "right" else "0123456789"
        url = hub.add_file(f"{name}.safetensors", content)
        rows.append({"name": f"{name}.safetensors", "directory": "vae", "url": url, "hash": short})
    with served(tmp_path / "yard", env={**hub.env(), "HOME": str(tmp_path)}) as service:
        assert service.ask("POST", f"{API}/lan-hubs", {"origin": hub.url}).status == 201
        tasks = send(service, "get", needing(*rows)).json["tasks"]
        files = [ended(service, task["id"])["result"]["files"][0] for task in tasks]
        assert [file["verified"] for file in files] == [True, False]
        assert "not the one that the workflow says" in files[1]["how"]
        plan = send(service, "plan?search=false", needing(*rows)).json["models"]
        assert [model["state"] for model in plan] == ["here", "differs"]


def test_names_are_put_in_by_rest_too(yard: tuple[Served, Path], hub: PracticeHub) -> None:
    service, comfy = yard
    workflow = needing({"name": "sub\\a.safetensors", "directory": "loras"})
    (comfy / "models/loras/sub").mkdir(parents=True)
    (comfy / "models/loras/sub/a.safetensors").write_bytes(b"x")
    got = service.ask("POST", f"{API}/workflows/fix", workflow)
    assert (got.status, got.headers["content-type"]) == (200, "application/octet-stream")
    workflow["nodes"][0]["widgets_values"][0] = "sub/a.safetensors"
    assert json.loads(got.body) == workflow


KEY = "0123456789abcdef0123456789abcdef"


def test_a_key_in_a_link_of_the_workflow_is_not_said_again(yard: tuple[Served, Path]) -> None:
    service, _ = yard
    links = (
        f"https://civitai.com/api/download/models/12345?type=Model&token={KEY}",
        f"https://me:{KEY}@files.example/b.safetensors",
        f"https://files.example/c.safetensors?X-Amz-Signature={KEY}",
    )
    rows = [{"name": f"hf_abcdefgh{at}.safetensors", "directory": "vae", "url": url} for at, url in enumerate(links)]
    note = f"[hf_abcdefgh0.safetensors](https://files.example/d.safetensors?token={KEY})"
    for route in ("plan?search=false", "plan", "get"):
        got = send(service, route, needing(*rows, note=note))
        plan = got.json if route != "get" else got.json["plan"]
        assert got.status == 200
        assert KEY.encode() not in got.body
        assert [model["name"] for model in plan["models"]] == [row["name"] for row in rows]
        assert plan["needed"][0]["url"] == plan["models"][0]["url"] == links[0].partition("&")[0]
    quick = send(service, "plan?search=false", needing(*rows)).json["models"]
    assert [model.get("address", "") for model in quick] == [links[0].partition("&")[0], "", ""]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.COMFYUI, Role.OPERATOR])
@pytest.mark.parametrize("search", [False, True])
def test_what_follows_a_question_mark_of_a_plain_link_is_the_owners(
    hub: PracticeHub, tmp_path: Path, role: Role, search: bool
) -> None:
    link = "https://files.example/a.safetensors?secret=hush-hush"
    hubs = "https://civitai.com/api/download/models/12345?type=Model"
    rows = [
        {"name": "a.safetensors", "directory": "vae", "url": link},
        {"name": "b.safetensors", "directory": "vae", "url": hubs},
        {"name": "c.safetensors", "directory": "loras", "url": f"{link}&c"},
    ]
    note = f"[a.safetensors]({link}&more)"
    with App({**hub.env(), "MODELYARD_HOME": str(tmp_path / "y"), "HOME": str(tmp_path)}) as app:
        path = f"{API}/workflows/plan?search={str(search).lower()}"
        told = ask(app, role, "POST", path, needing(*rows, note=note))[1]
        assert "hush" not in json.dumps(told)
        assert [row["url"] for row in told["models"][:2]] == ["https://files.example/a.safetensors?…", hubs]
        assert told["models"][0].get("address", "") == ""
        assert link in json.dumps(ask(app, Role.ADMIN, "POST", path, needing(*rows, note=note))[1])


def test_what_is_not_said_again_is_fetched_with(hub: PracticeHub, tmp_path: Path) -> None:
    with App({"MODELYARD_HOME": str(tmp_path / "yard"), "HOME": str(tmp_path), **hub.env()}) as app:
        app.lan_hubs.add(hub.url)  # else loopback is refused to everybody
        url = f"{hub.add_file('yard.safetensors', 5000)}?sig={KEY}"
        workflow = needing({"name": "yard.safetensors", "directory": "vae", "url": url})
        status, told = ask(app, Role.ADMIN, "POST", f"{API}/workflows/get", workflow)
        assert (status, len(told["tasks"]), told["plan"]["models"][0].get("address", "")) == (200, 1, "")
        assert KEY not in json.dumps(told)
        assert url in app.queue.get(told["tasks"][0]["id"]).payload.values()


def test_names_that_cannot_be_changed_are_told_by_rest_too(yard: tuple[Served, Path]) -> None:
    service, comfy = yard
    (comfy / "models/loras/sub").mkdir(parents=True)
    (comfy / "models/loras/sub/a.safetensors").write_bytes(b"x")
    body = stocked_picture(parameters='Steps: 20, Lora hashes: "old/a.safetensors: 0"')
    url = f"{API}/workflows/fix?accept=likely&search=false"
    got = service.ask("POST", url, body, Content_Type="application/octet-stream")
    assert got.code == "not-supported"
    assert "old/a.safetensors" in got.json["detail"]


def test_a_viewer_may_look_and_not_get(hub: PracticeHub, tmp_path: Path) -> None:
    with App({**hub.env(), "MODELYARD_HOME": str(tmp_path / "y")}) as app:
        workflow = stocked(hub, 5_000)
        assert ask(app, Role.VIEWER, "POST", f"{API}/workflows/plan", workflow)[0] == 200
        assert ask(app, Role.VIEWER, "POST", f"{API}/workflows/get", workflow)[0] == 403
        status, told = ask(app, Role.OPERATOR, "POST", f"{API}/workflows/get", workflow)
        assert (status, len(told["tasks"])) == (200, 4)


@pytest.mark.parametrize(
    ("role", "asked"), [(Role.VIEWER, False), (Role.COMFYUI, False), (Role.OPERATOR, True), (Role.ADMIN, True)]
)
def test_who_only_looks_does_not_send_us_to_servers_of_his_choice(
    hub: PracticeHub, tmp_path: Path, role: Role, asked: bool
) -> None:
    with App({"MODELYARD_HOME": str(tmp_path / "yard"), "HOME": str(tmp_path), **hub.env()}) as app:
        app.lan_hubs.add(hub.url)  # else loopback is refused to everybody
        url = hub.add_file("yard.safetensors", 5000)
        workflow = needing({"name": "yard.safetensors", "directory": "vae", "url": url})
        told = ask(app, role, "POST", f"{API}/workflows/plan", workflow)[1]["models"][0]
        assert (told["state"] == "found") is asked, told
        assert bool(hub.log.find("*/yard.safetensors")) is asked
