"""The library over the routes, dispatched in this process: roots, scans, lists, edits, uses, ensure."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from jobs.library import model
from jobs.test_quarantine import EVIL
from modelyard.app import App
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.scan import Scan
from modelyard.jobs.targets import usual_folder
from modelyard.net.stop import Stop
from modelyard.server.inside import call, router
from modelyard.server.messages import Asked
from modelyard.server.roles import Caller, Role
from modelyard.server.service import Service
from modelyard.testing import PracticeHub

SIZE = 200_000


class Face:
    """Sends requests and unpacks what comes back."""

    def __init__(self, app: App) -> None:
        self.app = app

    def __call__(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        code, told = call(self.app, method, f"/api/v1{path}", body)
        assert code in (status, 204), (code, told)
        return told


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "loras"
    folder.mkdir()
    return folder


@pytest.fixture
def face(hub: PracticeHub, tmp_path: Path, root: Path) -> Iterator[Face]:
    hub.hf.add_repo("me/model", {"m.safetensors": SIZE, "n.safetensors": SIZE})
    environ = {**os.environ, **hub.env(), "MODELYARD_HOME": str(tmp_path / "yard")}
    with App(
        environ, flags={"retry.first": "0.05", "tasks.retries": "0", "folder": str(tmp_path / "elsewhere")}
    ) as app:
        face = Face(app)
        face("PUT", "/roots", {"path": str(root), "folder": "loras"})
        yield face


def scan(face: Face) -> None:
    Scan(face.app.stock, Stop()).run()


def ids(face: Face) -> dict[str, int]:
    return {one["place"]: one["id"] for one in face("GET", "/models")["models"]}


def test_a_root_is_registered_scanned_by_a_task_and_forgotten(face: Face, root: Path) -> None:
    model(root / "a.safetensors")
    (told,) = face("GET", "/roots")["roots"]
    assert (told["folder"], told["index"], told["models"], told["there"]) == ("loras", 0, 0, True)
    number = face("POST", "/library/scan", {}, 202)["id"]
    assert face("POST", "/library/scan", {}, 202)["id"] != number
    face.app.runner.start()
    end = time.monotonic() + 20
    while (task := face("GET", f"/tasks/{number}"))["state"] != "done":
        assert time.monotonic() < end, task
        face.app.events.wait(face.app.events.newest, 0.1)
    assert task["result"]["added"] == 1
    assert list(ids(face)) == ["a.safetensors"]
    face("DELETE", f"/roots?path={root}")
    assert face("GET", "/roots")["roots"] == [] and ids(face) == {}


def test_a_model_is_found_by_the_beginning_of_each_of_its_digests_under_its_own_name(
    hub: PracticeHub, face: Face, root: Path
) -> None:
    content = hub.civitai.models[100].versions[1].files[0].content.bytes()
    data = content + bytes(max(0, 2**20 + 2**17 - len(content)))  # AutoV1 is read behind the first MiB
    (root / "a.safetensors").write_bytes(data)
    model(root / "b.safetensors")
    scan(face)
    measure_models(face.app.stock, MeasureOptions(), Stop(), lambda _: None)
    number = ids(face)["a.safetensors"]
    (file,) = face.app.stock.catalogue.files(number)
    autov1 = hashlib.sha256(data[2**20 : 2**20 + 65536]).hexdigest()[:8]
    for algorithm, value in (
        ("autov1", autov1),
        ("autov2", hashlib.sha256(data).hexdigest()[:10]),
        ("autov3", file.tensors[:12]),
        ("tensor-sha256", file.tensors),
        ("blake3", file.blake3),
        ("crc32", file.crc32),
    ):
        found = face("GET", f"/models/with-hash?algorithm={algorithm}&value={value}")
        assert [one["id"] for one in found] == [number], algorithm
    assert face("GET", f"/models/with-hash?value={autov1}") == [], "it begins no SHA-256"


def test_a_group_that_was_written_is_looked_up_counted_and_left_again(face: Face, root: Path) -> None:
    for number, name in enumerate(("a", "b", "c")):
        model(root / f"{name}.safetensors", number)
    scan(face)
    numbers = ids(face)
    for name, group in (("a", "Client A"), ("b", "Client B")):
        face("PATCH", f"/models/{numbers[f'{name}.safetensors']}", {"group": group})
    for query, expected in (
        ("group=Client%20A", "a"),
        ("group=Client", ""),
        ("text=client", "ab"),
        ("text=client+b", "b"),
    ):
        found = [one["place"] for one in face("GET", f"/models?{query}")["models"]]
        assert found == [f"{name}.safetensors" for name in expected], query
        assert face("GET", f"/models/facets?{query}")["total"] == len(expected), query
    face("PATCH", f"/models/{numbers['a.safetensors']}", {"group": ""})
    assert face("GET", "/models?group=Client%20A")["models"] == []


def test_the_folder_for_downloads_that_is_taken_out_does_not_come_back_by_itself(face: Face, root: Path) -> None:
    usual = usual_folder(face.app.settings)
    usual.mkdir(exist_ok=True)
    for path, wanted in ((root, True), (usual, False)):
        face("PUT", "/roots", {"path": str(path)})
        face("DELETE", f"/roots?path={path}")
        assert face.app.settings["library.adopt"] is wanted


def test_a_comfyui_is_registered_as_one_unless_its_content_is_named(face: Face, tmp_path: Path) -> None:
    for name in ("main.py", "folder_paths.py", "comfy"):
        (tmp_path / "ComfyUI" / name).mkdir(parents=True)
    body = {"path": str(tmp_path / "ComfyUI")}
    assert face("PUT", "/roots", {**body, "comfy": False, "folder": "vae"}) == {**body, "folder": "vae"}
    assert face("PUT", "/roots", body) == {**body, "comfy": True}
    assert {"vae", "loras"} <= {one["folder"] for one in face("GET", "/roots")["roots"] if one["entry"] == body["path"]}
    moved = {**body, "comfy": True, "output": str(tmp_path / "made")}
    assert face("PUT", "/roots", moved) == moved
    assert f"{tmp_path}/made/clip" in {one["path"] for one in face("GET", "/roots")["roots"]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"path": "relative"}, 400),
        ({"path": "/"}, 400),
        ({"path": "/not/there"}, 400),
        ({"path": ""}, 422),
        ({"path": "/tmp", "comfy": True}, 400),
        ({"path": "/tmp", "unknown": 1}, 422),
        ({}, 422),
    ],
)
def test_what_cannot_be_a_root_is_refused(face: Face, body: dict[str, Any], status: int) -> None:
    told = call(face.app, "PUT", "/api/v1/roots", body)
    assert told[0] in (400, 422), told
    assert len(face("GET", "/roots")["entries"]) == 1


def test_an_operator_fetches_models_into_roots_and_nothing_else(face: Face, root: Path) -> None:
    (root / "main.py").write_text("print()")
    operator = Caller("op", Role.OPERATOR)

    def asked(route: str, body: dict[str, Any]) -> tuple[int, Any]:
        asking = Asked("POST", f"/api/v1{route}", "", {}, json.dumps(body).encode(), operator, "inside")
        reply = asyncio.run(router().answer(Service(face.app), asking))
        return reply.status, json.loads(reply.body)

    good = {"address": "hf:me/model/m.safetensors"}
    for to in ("main.py", ".bashrc", ".hidden/x.safetensors", "run.sh", "notes.txt", "custom_nodes/x.safetensors"):
        assert asked("/tasks", {"items": [good | {"to": f"{root}/{to}"}]})[0] == 400, to
        assert asked("/ensure", {"wants": [good | {"folder": "loras", "name": to}]})[0] == 400, to
    assert asked("/tasks", {"items": [good | {"to": f"{root}/x.safetensors", "replace": True}]})[0] == 400
    status, told = asked("/tasks", {"items": [good | {"to": f"{root}/x.safetensors"}]})
    assert status == 201, told
    assert (root / "main.py").read_text() == "print()"


def test_models_are_listed_counted_and_shown(face: Face, root: Path) -> None:
    for number in range(5):
        model(root / "sub" / f"m{number}.safetensors", number)
    scan(face)
    first = face("GET", "/models?limit=2&sort=title")
    rest = face("GET", f"/models?limit=10&sort=title&after={first['next']}")
    assert [one["name"] for one in first["models"] + rest["models"]] == [f"m{number}" for number in range(5)]
    facets = face("GET", "/models/facets?kind=lora&tags=true")
    assert facets["total"] == 5 and facets["counts"]["kind"] == {"lora": 5}
    number = first["models"][0]["id"]
    face("POST", "/models/tags", {"ids": [number], "add": ["Style"]})
    assert face("GET", "/models/facets?tags=true")["categories"] == {"style": 1}
    assert [one["id"] for one in face("GET", "/models?category=Style&category=vehicle")["models"]] == [number]
    shown = face("GET", f"/models/{number}")
    assert shown["model"]["id"] == number and shown["identity"]["reasons"] and len(shown["files"]) == 1
    assert face("GET", f"/models/at?path={shown['model']['path']}")["model"]["id"] == number
    assert face("GET", "/models/99999", status=404)["code"] == "no-such-model"


@pytest.mark.parametrize(
    "query",
    [
        "sort=colour",
        "limit=0",
        "after=x",
        "rating=9",
        "sort=size&after=WzAsOTIyMzM3MjAzNjg1NDc3NTgwOF0",
        "nothing=1",
        "larger=-1",
        "health=well&limit=x",
    ],
)
def test_a_list_that_makes_no_sense_is_refused(face: Face, query: str) -> None:
    status, told = call(face.app, "GET", f"/api/v1/models?{query}")
    assert status in (400, 422), told


def test_an_owner_s_words_are_kept_beside_the_model_too(face: Face, root: Path) -> None:
    path = model(root / "a.safetensors")
    scan(face)
    (number,) = ids(face).values()
    told = face("PATCH", f"/models/{number}", {"title": "Mine", "rating": 4, "favourite": True, "tags": ["One", "two"]})
    assert (told["model"]["title"], told["model"]["rating"], told["own_tags"]) == ("Mine", 4, ["one", "two"])
    face("POST", "/models/tags", {"ids": [number], "add": ["three"], "remove": ["ONE"]})
    own = json.loads((root / "a.info").read_text())["modelyard"]["own"]
    assert own["title"] == "Mine" and sorted(own["tags"]) == ["three", "two"]
    assert face("GET", "/models?tag=Three&favourite=true&rating=4")["models"][0]["id"] == number
    face("PATCH", f"/models/{number}", {"rating": 0, "title": ""})
    assert face("GET", f"/models/{number}")["model"]["title"] == "a"
    assert path.exists()


def test_many_edits_at_once_lose_no_word(face: Face, root: Path) -> None:
    model(root / "a.safetensors")
    scan(face)
    (number,) = ids(face).values()
    edits = [{"rating": 3}, {"notes": "n"}, {"title": "t"}, {"group": "g"}, {"favourite": True}]
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda body: face("PATCH", f"/models/{number}", body), edits))
    own = json.loads((root / "a.info").read_text())["modelyard"]["own"]
    assert own == {"rating": 3, "notes": "n", "title": "t", "group": "g", "favourite": True}


def test_two_models_of_one_stem_do_not_write_over_each_other_s_words(face: Face, root: Path) -> None:
    for name in ("a.safetensors", "a.sft"):
        model(root / name)
    scan(face)
    for place, number in ids(face).items():
        face("PATCH", f"/models/{number}", {"notes": place})
    Scan(face.app.stock, Stop(), deep=True).run()
    assert {one["place"]: one["notes"] for one in face("GET", "/models")["models"]} == {
        "a.safetensors": "a.safetensors",
        "a.sft": "a.sft",
    }
    assert not (root / "a.info").exists()


def test_a_read_only_root_is_not_written(face: Face, root: Path) -> None:
    model(root / "a.safetensors")
    face("PUT", "/roots", {"path": str(root), "folder": "loras", "read_only": True})
    scan(face)
    (number,) = ids(face).values()
    face("PATCH", f"/models/{number}", {"notes": "kept in the catalogue"})
    assert [path.name for path in root.iterdir()] == ["a.safetensors"]
    scan(face)
    assert face("GET", f"/models/{number}")["model"]["notes"] == "kept in the catalogue"


def test_uses_are_counted_by_path_or_by_folder_and_name(face: Face, root: Path) -> None:
    path = model(root / "sub" / "a.safetensors")
    scan(face)
    uses = [{"path": str(path), "at": 1000.0}, {"folder": "loras", "name": "sub\\a.safetensors"}, {"path": "/x"}, {}]
    assert face("POST", "/models/used", {"uses": uses}) == {"known": 2}
    (found,) = face("GET", "/models?sort=uses&descending=true")["models"]
    assert found["uses"] == 2 and found["used"] > 1000
    told = face("GET", f"/models/{found['id']}/uses")
    today, first = (time.strftime("%Y-%m-%d", time.localtime(at)) for at in (time.time(), 1000))
    assert told["days"] == [{"day": today, "times": 1}, {"day": first, "times": 1}]
    assert (told["title"], told["uses"], told["used"]) == ("a", 2, found["used"])
    face("GET", "/models/999/uses", status=404)


def test_searches_are_remembered_and_forgotten(face: Face) -> None:
    for text in ("anime", "photo%20real", "anime"):
        face("PUT", f"/searches/{text}", status=200)
    assert [(one["text"], one["times"]) for one in face("GET", "/searches")] == [("anime", 2), ("photo real", 1)]
    face("DELETE", "/searches")
    assert face("GET", "/searches") == []


# --- ensure --------------------------------------------------------------------------------------


def test_a_model_that_is_missing_is_fetched_once_and_then_ready(face: Face, root: Path) -> None:
    want = {"address": "hf:me/model/m.safetensors", "folder": "loras"}
    (told,) = face("POST", "/ensure", {"wants": [want], "fetch": False})
    assert told["state"] == "missing" and told["steps"]
    first, second = face("POST", "/ensure", {"wants": [want, want]})
    assert first["state"] == second["state"] == "downloading" and first["task"] == second["task"]
    face.app.runner.start()
    (told,) = face("POST", "/ensure", {"wants": [want], "wait": 20})
    assert told["state"] == "ready" and told["path"] == str(root / "m.safetensors") and told["verified"]
    assert told["name"] == "m.safetensors"
    scan(face)
    named = {"folder": "loras", "name": "m.safetensors"}
    by_hash = {"sha256": face("GET", "/models")["models"][0]["sha256"]}
    assert [one["state"] for one in face("POST", "/ensure", {"wants": [named, by_hash]})] == ["ready", "ready"]


def test_a_model_that_cannot_be_had_is_missing_with_a_way_out(face: Face, root: Path) -> None:
    model(root / "sdxl style.safetensors", 1)
    model(root / "other.safetensors", 2)
    scan(face)
    want = {"address": "hf:me/nothing/x.safetensors", "folder": "loras", "name": "my style.safetensors"}
    face("POST", "/ensure", {"wants": [want]})
    face.app.runner.start()
    (told,) = face("POST", "/ensure", {"wants": [want], "wait": 20})
    assert told["state"] == "missing" and told["error"]["code"] == "model-not-found"
    assert told["fallbacks"][0]["title"] == "sdxl style"
    assert any(str(root) in step for step in told["steps"])
    assert face("POST", "/ensure", {"wants": [want], "again": True})[0]["state"] == "downloading"


def test_a_damaged_or_changed_file_is_not_ready(face: Face, root: Path) -> None:
    path = model(root / "a.safetensors")
    scan(face)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    face.app.stock.catalogue.measured({str(path): {"sha256": digest}}, 1.0)
    wants = {"wants": [{"sha256": digest}]}
    assert face("POST", "/ensure", wants)[0]["state"] == "ready"
    number = ids(face)["a.safetensors"]
    face.app.stock.catalogue.checked(number, {"hash-differs"}, good=False, at=2.0)
    assert face("POST", "/ensure", wants)[0]["state"] == "missing"
    face.app.stock.catalogue.checked(number, set(), good=True, at=3.0)
    path.write_bytes(b"<html>")
    assert face("POST", "/ensure", wants)[0]["state"] == "missing"


@pytest.mark.parametrize(
    ("want", "code"),
    [
        ({}, "bad-value"),
        ({"address": "nonsense:"}, "unknown-hub"),
        ({"folder": "loras", "name": "../../x"}, "unsafe-path"),
        ({"address": "hf:me/model/m.safetensors", "folder": "vae"}, "bad-value"),
    ],
)
def test_a_want_that_makes_no_sense_is_told(face: Face, want: dict[str, str], code: str) -> None:
    assert call(face.app, "POST", "/api/v1/ensure", {"wants": [want]})[1]["code"] == code


def test_folders_and_exclusions_are_asked_over_the_routes(face: Face, root: Path) -> None:
    for number, place in enumerate(("a.safetensors", "style/b.safetensors", "style/ink/c.safetensors")):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        model(root / place, number)
    scan(face)
    told = face("GET", "/models/folders")
    assert [(one["place"], one["models"]) for one in told["folders"]] == [("style", 2), ("style/ink", 1)]
    assert told["whole"] and told["folders"][0]["root"] == str(root)
    face("PATCH", f"/models/{ids(face)['a.safetensors']}", {"tags": ["Keep"]})
    left = face("GET", "/models?exclude=tag:Keep&offset=1")["models"]
    assert [one["place"] for one in left] == ["style/ink/c.safetensors"]
    assert face("GET", "/models?exclude=favourite:true", status=400)["code"] == "bad-request"


def test_an_unsafe_pickle_is_put_away_measured_and_released_over_the_routes(face: Face, root: Path) -> None:
    (root / "evil.pt").write_bytes(EVIL)
    scan(face)
    held = face("POST", f"/models/{ids(face)['evil.pt']}/quarantine")["path"]
    (one,) = face("GET", "/quarantine")
    assert one["path"] == held and "system" in one["words"] and ids(face) == {}
    digest = face("POST", "/quarantine/measure", {"path": held})["sha256"]
    assert digest == hashlib.sha256(EVIL).hexdigest()
    assert face("POST", "/quarantine/release", {"path": held, "sha256": "0" * 64}, 400)["code"] == "bad-value"
    assert face("POST", "/quarantine/measure", {"path": "/etc/passwd"}, 400)["code"] == "unsafe-path"
    assert face("POST", "/quarantine/release", {"path": held, "sha256": digest}) == {"path": str(root / "evil.pt")}
    assert face("GET", "/quarantine") == []
