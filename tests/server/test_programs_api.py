"""Programs, links and scripts over the routes, and the same by the commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.library import library, model, scanned
from modelyard.app import App
from modelyard.jobs.chores import Chore
from modelyard.jobs.household import CHORES
from modelyard.net.stop import Stop
from modelyard.server.inside import call, router
from modelyard.server.roles import Role
from modelyard.store.proofs import Proof, stamp_of
from modelyard.values.version import VERSION
from programs.installed import trees
from running import modelyard
from server.asking import ask


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:1")
    return folder


@pytest.fixture
def app(tmp_path: Path, home: Path) -> Iterator[App]:
    with library(tmp_path) as (app, root):
        model(root / "a.safetensors", 1)
        scanned(app)
        yield app


def asked(app: App, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    code, told = call(app, method, f"/api/v1{path}", body)
    assert code in (status, 204), (code, told)
    return told


def done(app: App, told: dict[str, Any]) -> dict[str, Any]:
    """Do the chore that a route queued."""
    task = app.queue.get(told["id"])
    chore: Chore[Any] = CHORES[task.kind]
    return dict(chore.do(app.stock, chore.read(task.payload), Stop(), lambda _: None))


def test_programs_are_listed_and_imported(app: App, home: Path) -> None:
    trees.comfy(home / "ComfyUI")
    trees.hf_cache(home / ".cache" / "huggingface" / "hub")
    trees.put(home / ".cache" / "huggingface" / "token", "hf_canarycanarycanary")
    told = asked(app, "GET", "/programs")
    assert "canary" not in json.dumps(told)
    comfy, cache = told["programs"]
    assert (comfy["kind"], comfy["means"][0], comfy["imported"]) == ("comfyui", "config", False)
    assert cache["keys"] == [{"hub": "huggingface", "path": str(home / ".cache" / "huggingface" / "token")}]
    begun = asked(app, "POST", f"/programs/{comfy['id']}/import", {"also": [cache["id"]]}, 202)
    assert done(app, begun)["learnt"] == 1
    assert all(one["imported"] for one in asked(app, "GET", "/programs")["programs"])
    taken = asked(app, "POST", f"/programs/{cache['id']}/settings", {"keys": True})
    assert taken["keys"][0]["kept"] and "canarycanary" not in json.dumps(taken)
    assert asked(app, "POST", "/programs/none/import", {}, 404)["code"] == "no-such-program"


def test_the_extension_is_laid_into_a_comfyui_and_taken_out_again(app: App, home: Path) -> None:
    comfy, forge = trees.comfy(home / "ComfyUI"), trees.web_ui(home / "forge", "modules_forge")

    def listed() -> dict[str, Any]:
        return {one["kind"]: one for one in asked(app, "GET", "/programs")["programs"]}

    before = listed()
    way, laid = f"/programs/{before['comfyui']['id']}/extension", comfy / "custom_nodes" / "modelyard"
    assert before["forge"]["extension"] is None
    assert before["comfyui"]["extension"]["state"] == "absent"
    told = asked(app, "POST", way, {"hosts": ["GPU.example"]})
    current = {"state": "current", "path": str(laid), "version": VERSION, "hosts": ["gpu.example"]}
    assert told == current | {"restart": True} and (laid / "yard.py").is_file()
    assert listed()["comfyui"]["extension"] == current | {"restart": False}
    assert str(comfy) in [one["path"] for one in asked(app, "GET", "/roots")["entries"]]
    (laid / "pyproject.toml").write_text((laid / "pyproject.toml").read_text().replace(VERSION, "0.0.1"))
    assert listed()["comfyui"]["extension"]["state"] == "other"
    asked(app, "DELETE", f"/roots?path={comfy}")
    assert asked(app, "POST", way, {})["hosts"] == ["gpu.example"]
    assert str(comfy) not in [one["path"] for one in asked(app, "GET", "/roots")["entries"]], "an update is no wish"
    told = asked(app, "DELETE", way)
    assert (told["state"], told["restart"], laid.exists()) == ("absent", True, False)
    assert asked(app, "DELETE", way, None, 404)["code"] == "no-such-file"
    (laid / "theirs").mkdir(parents=True)
    assert listed()["comfyui"]["extension"]["state"] == "blocked"
    assert asked(app, "POST", way, {}, 409)["code"] == "target-exists" and (laid / "theirs").is_dir()
    assert asked(app, "POST", f"/programs/{before['forge']['id']}/extension", {}, 400)["code"] == "bad-value"
    assert not (forge / "custom_nodes").exists()


def test_where_folders_cannot_be_registered_nothing_is_laid_in(app: App, home: Path) -> None:
    comfy = trees.comfy(home / "ComfyUI")
    (comfy / "extra_model_paths.yaml").write_text("x:\n  base_path: /\n  checkpoints: etc\n")
    (found,) = asked(app, "GET", "/programs")["programs"]
    way = f"/programs/{found['id']}/extension"
    assert asked(app, "POST", way, {}, 400)["code"] == "bad-value"
    assert not (comfy / "custom_nodes" / "modelyard").exists()
    assert asked(app, "POST", way, {"roots": False})["state"] == "current"


def test_places_are_kept_and_forgotten(app: App, tmp_path: Path) -> None:
    tool = trees.comfy(tmp_path / "far" / "thing")
    kept = asked(app, "PUT", "/programs/places", {"path": str(tool)})
    assert [one["id"] for one in asked(app, "GET", "/programs")["programs"]] == kept["programs"]
    asked(app, "DELETE", f"/programs/places?path={tool}")
    assert asked(app, "GET", "/programs")["programs"] == []
    assert asked(app, "PUT", "/programs/places", {"path": "/etc"}, 400)["code"] == "bad-value"


def test_links_are_tried_made_listed_and_undone(app: App, home: Path) -> None:
    tool = trees.web_ui(home / "webui")
    number = asked(app, "GET", "/models")["models"][0]["id"]
    body = {"ids": [number, 99], "program": "a1111"}
    dry = asked(app, "POST", "/links", {**body, "dry_run": True}, 202)
    assert (dry["id"], dry["results"][0]["state"], dry["results"][1]["error"]["code"]) == (0, "would", "no-such-model")
    assert asked(app, "GET", "/links") == []
    told = done(app, asked(app, "POST", "/links", body, 202))
    assert (told["made"], told["failed"]) == (1, 1)
    (loan,) = asked(app, "GET", "/links")
    assert (loan["state"], loan["paths"]) == ("stands", [str(tool / "models" / "Lora" / "a.safetensors")])
    assert asked(app, "DELETE", f"/links/{loan['id']}")["left"] == []
    assert asked(app, "DELETE", f"/links/{loan['id']}", None, 404)["code"] == "no-such-loan"
    assert call(app, "DELETE", "/api/v1/links/..%2F..%2Fx")[0] in (400, 404)


def test_scripts_are_written_from_models_rows_tasks_and_lockfiles(app: App) -> None:
    number = asked(app, "GET", "/models")["models"][0]["id"]
    rows = [
        {"name": "x.gguf", "directory": "loras", "address": "hf:org/repo@main/x.gguf", "hash": "ab" * 32, "size": 5}
    ]
    told = asked(app, "POST", "/scripts", {"kind": "curl", "ids": [number], "rows": rows})
    assert (told["files"], [one["target"] for one in told["left"]]) == (1, ["loras/a.safetensors"])
    assert "https://huggingface.co/org/repo/resolve/main/x.gguf ./models/loras/x.gguf " + "ab" * 32 in told["text"]
    (found,) = asked(app, "POST", "/tasks", {"addresses": ["civitai:12@34"]}, 201)["ids"]
    text = asked(app, "POST", "/scripts", {"kind": "python", "tasks": [found]})["text"]
    assert "https://civitai.com/api/download/models/34" in text
    lock = asked(app, "GET", "/lockfile")
    told = asked(app, "POST", "/scripts", {"kind": "modelyard", "lock": lock, "to": "/data"})
    assert [one["target"] for one in told["left"]] == ["loras/a.safetensors"]
    assert asked(app, "POST", "/scripts", {"kind": "curl"}, 400)["code"] == "bad-value"
    assert call(app, "POST", "/api/v1/scripts", {"kind": "bat", "ids": [1]})[0] == 400


def test_rows_that_lead_out_become_plain_names(app: App) -> None:
    rows = [{"name": "../../../etc/x.gguf", "directory": "/etc", "url": "https://host/x.gguf"}]
    text = asked(app, "POST", "/scripts", {"kind": "curl", "rows": rows})["text"]
    assert "fetch https://host/x.gguf ./models/x.gguf ''" in text


def test_of_a_file_outside_all_roots_only_the_owner_s_plan_tells(app: App, tmp_path: Path) -> None:
    path = model(tmp_path / "elsewhere/b.safetensors", 2)
    stamp = stamp_of(path)
    assert stamp is not None
    app.stock.yard.proofs.keep([Proof(path, stamp, {"sha256": "ab" * 32}, address="hf:mine/secret/b.safetensors")])
    row = {"name": "b.safetensors", "url": "https://host/b.safetensors", "hash": "ab" * 32, "path": str(path)}
    for role, told in ((Role.ADMIN, True), (Role.OPERATOR, False), (Role.VIEWER, False)):
        status, answer = ask(app, role, "POST", "/api/v1/scripts", {"kind": "curl", "rows": [row]})
        assert (status, "secret" in answer["text"], "not measured" in answer["text"]) == (200, told, not told)


def test_what_writes_into_programs_is_for_admins(app: App) -> None:
    roles = {route.name: route.role for route in router().routes}
    admins = ("keep_program_place", "forget_program_place", "begin_import", "take_program_settings", "begin_link")
    more = ("undo_link", "lay_extension_in", "take_extension_out")
    assert {roles[name] for name in (*admins, *more)} == {Role.ADMIN}
    assert ask(app, Role.OPERATOR, "POST", "/api/v1/links", {"ids": [1], "program": "x"})[0] == 403
    assert ask(app, Role.VIEWER, "GET", "/api/v1/programs")[0] == 403
    assert ask(app, Role.OPERATOR, "GET", "/api/v1/programs")[0] == 200


# --- commands -------------------------------------------------------------------------------------


def run(home: Path, *words: str, status: int = 0) -> str:
    done = modelyard(*words, env={"MODELYARD_HOME": str(home)})
    assert done.code == status, done
    return done.out


def test_the_commands_do_the_same(tmp_path: Path, home: Path) -> None:
    yard = tmp_path / "yard"
    comfy, forge = trees.comfy(home / "ComfyUI"), trees.web_ui(home / "forge", "modules_forge")
    trees.hf_cache(home / ".cache" / "huggingface" / "hub")
    trees.put(home / ".cache" / "huggingface" / "token", "hf_canarycanarycanary")
    with library(tmp_path) as (app, root):
        path = str(model(root / "it's.safetensors", 1))
        scanned(app)
    listed = run(yard, "programs")
    assert "ComfyUI 0.33.0" in listed and str(forge) in listed and "canary" not in listed
    assert f"modelyard comfyui install --path {comfy}" in listed
    assert {one["kind"] for one in json.loads(run(yard, "programs", "--json"))["programs"]} == {
        "comfyui",
        "forge",
        "hf-cache",
    }
    imported = run(yard, "programs", "import", "comfyui", "hf-cache", "--keys")
    assert f"Registered {comfy}." in imported and "canarycanary" not in imported
    assert "taken: the key hf_…nary" in imported
    assert "huggingface" in run(yard, "keys", "list")
    assert "would be lent by config" in run(yard, "link", path, "--to", "comfyui", "--dry-run")
    for program in ("comfyui", "forge"):
        assert "lent by" in run(yard, "link", path, "--to", program)
    assert "is there already" in run(yard, "link", path, "--to", "forge")
    run(yard, "link", path, "--to", "hf-cache", status=7)
    run(yard, "link", path, "--to", "nothing", status=3)
    run(yard, "link", path, status=2)
    loans = [json.loads(line) for line in run(yard, "link", "--list", "--json").splitlines()]
    assert [loan["means"] == "config" for loan in loans] == [True, False]
    linked = forge / "models" / "Lora" / "it's.safetensors"
    assert (
        linked.read_bytes() == Path(path).read_bytes()
        and "modelyard:" in (comfy / "extra_model_paths.yaml").read_text()
    )
    for loan in loans:
        assert "is taken back" in run(yard, "link", "--undo", loan["id"])
    assert not linked.exists() and not (comfy / "extra_model_paths.yaml").exists()
    assert run(yard, "link", "--list") == ""
    plan = trees.put(
        tmp_path / "plan.json", json.dumps({"models": [{"name": "x", "url": "https://h/x", "state": "found"}]})
    )
    assert "Authorization: Bearer $key" in run(yard, "script", "curl", "--plan", str(plan))
    assert json.loads(run(yard, "script", "curl", "--plan", str(plan), "--json"))["files"] == 1
    assert "1 files" in run(yard, "script", "python", "--plan", str(plan), "--out", str(tmp_path / "get.py"))
    compile((tmp_path / "get.py").read_text(), "get.py", "exec")
    run(yard, "script", "curl", "--plan", str(trees.put(tmp_path / "no.json", "[]")), status=2)
