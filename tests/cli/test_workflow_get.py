"""`modelyard workflow get`: from a picture in an empty home to proven models where ComfyUI lists them."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard.app import App
from modelyard.jobs.importing import ImportOptions, import_programs
from modelyard.jobs.lending.lend import LinkOptions, lend_models
from modelyard.jobs.lending.returning import give_back, lent
from modelyard.net.stop import Stop
from modelyard.testing import PracticeHub
from modelyard.testing.workflows import HOME, needing, picture, stocked
from programs.installed import trees
from running import Ran, modelyard, start
from web.pages import until

SIZE = 3_000_000


@pytest.fixture
def comfy(tmp_path: Path) -> Path:
    """An empty ComfyUI."""
    home = tmp_path / "ComfyUI"
    (home / "comfy").mkdir(parents=True)
    for name in ("main.py", "folder_paths.py"):
        (home / name).touch()
    return home


def get(
    hub: PracticeHub, workflow: dict[str, Any], tmp_path: Path, *options: str, env: dict[str, str] | None = None
) -> Ran:
    (tmp_path / "some.png").write_bytes(picture(workflow))
    line = ("workflow", "get", str(tmp_path / "some.png"), *options)
    return modelyard(*line, env={**hub.env(), "HOME": str(tmp_path / "me"), **(env or {})})


def models_in(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_size for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_picture_becomes_its_models_in_an_empty_home(hub: PracticeHub, tmp_path: Path, comfy: Path) -> None:
    ran = get(hub, stocked(hub, SIZE), tmp_path, "--comfyui", str(comfy), "--json")
    assert ran.code == 0, ran.err
    assert models_in(comfy / "models") == {
        "diffusion_models/yard.safetensors": SIZE + 8,
        "loras/yard_lora.safetensors": SIZE + 16,
        "text_encoders/yard-encoder.safetensors": SIZE + 24,
        "vae/yard_vae.safetensors": SIZE,
    }
    told = ran.event("summary")
    assert told["complete"]
    for model in told["models"]:
        assert (model["state"], model["verified"]) == ("here", True)
        assert hashlib.sha256(Path(model["path"]).read_bytes()).hexdigest() == model["hash"]
    sent = hub.log.bytes_sent()
    again = get(hub, stocked(hub, SIZE), tmp_path, "--comfyui", str(comfy), "--json")
    assert (again.code, again.event("summary")["complete"]) == (0, True)
    assert hub.log.bytes_sent() - sent < 100_000
    plan = modelyard("workflow", "plan", str(tmp_path / "some.png"), "--comfyui", str(comfy), "--json")
    assert (plan.code, [model["verified"] for model in plan.events[0]["models"]]) == (0, [True] * 4)
    # where each came from: not the dead address of the one that a mirror sent, and the one that was found by its name
    (tmp_path / "plan.json").write_text(plan.out)
    script = modelyard("script", "aria2", "--plan", str(tmp_path / "plan.json"), env={"HOME": str(tmp_path / "me")})
    assert (script.code, script.err) == (0, "")
    assert script.out.count(", SHA-256 measured") == 4 and "not measured" not in script.out
    for place in ("https://modelscope.cn/api/", "black-forest-labs/yard-encoder/resolve/"):
        assert place in script.out


def test_what_a_picture_needed_opens_in_two_other_programs_without_a_second_copy(
    hub: PracticeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "me"
    monkeypatch.setenv("HOME", str(home))
    comfy, fooocus = trees.comfy(home / "ComfyUI"), trees.fooocus(home / "Fooocus")
    forge = trees.web_ui(home / "forge", "modules_forge")
    assert get(hub, stocked(hub, 200_000), tmp_path, "--comfyui", str(comfy)).code == 0
    got = comfy / "models" / "loras" / "yard_lora.safetensors"
    was, before = got.read_bytes(), (fooocus / "config.txt").read_bytes()
    room = blocks(home)
    with App() as app:
        import_programs(app.stock, ImportOptions(programs=("comfyui",)), Stop(), lambda _: None)
        ids = (app.stock.catalogue.at(str(got)).id,)
        for program, means in (("fooocus", {"config"}), ("forge", {"reflink", "hardlink"})):
            options = LinkOptions(ids=ids, program=program)
            (told,) = lend_models(app.stock, options, Stop(), lambda _: None)["results"]
            assert (told["state"], set(told["means"]) <= means) == ("made", True), told
        there = forge / "models" / "Lora" / got.name
        assert there.read_bytes() == was and (there.samefile(got) or told["means"] == ["reflink"])
        assert str(got.parent) in json.loads((fooocus / "config.txt").read_text())["path_loras"]
        assert blocks(home) - room < len(was) / 2, "its bytes lie there once"
        for loan in lent(app.stock):
            assert give_back(app.stock, loan.id).left == []
    assert not there.exists() and (fooocus / "config.txt").read_bytes() == before and got.read_bytes() == was


def blocks(folder: Path) -> int:
    """Bytes that a folder takes on the disk, each file once whatever names it has."""
    files = {(one.st_dev, one.st_ino): one.st_blocks for one in (path.lstat() for path in folder.rglob("*"))}
    return 512 * sum(files.values())


def test_without_a_comfyui_models_go_to_the_folder_of_downloads(hub: PracticeHub, tmp_path: Path) -> None:
    ran = get(hub, stocked(hub, 200_000), tmp_path)
    assert ran.code == 0, ran.err
    assert set(models_in(tmp_path / "me/models")) >= {"vae/yard_vae.safetensors", "loras/yard_lora.safetensors"}
    assert "4 of 4 models are here" in ran.err


def test_a_picture_of_a1111_needs_hashes_only(hub: PracticeHub, tmp_path: Path, comfy: Path) -> None:
    lora = hub.civitai.models[100].versions[1].files[0].hashes["AutoV3"].lower()
    base = hub.civitai.models[101].versions[0].files[0].hashes["AutoV2"].lower()
    told = f"""a yard <lora:inkwash:0.8>
Negative prompt: none
Steps: 20, Model hash: {base}, Model: big yard, Lora hashes: "inkwash: {lora}", Civitai resources: [{{"type": "lora", \
"modelVersionId": 201, "modelName": "Practice LoRA"}}], Version: v1.7"""
    (tmp_path / "a.png").write_bytes(picture(parameters=told))
    line = ("workflow", "get", str(tmp_path / "a.png"), "--comfyui", str(comfy), "--json")
    ran = modelyard(*line, env=hub.env())
    assert (ran.code, ran.event("summary")["complete"]) == (0, True), ran.out
    assert list(models_in(comfy / "models")) == ["checkpoints/big yard.safetensors", "loras/inkwash.safetensors"]
    assert modelyard("workflow", "plan", *line[2:], "--offline").code == 0


def test_what_is_gated_or_nowhere_is_told_and_the_rest_arrives(hub: PracticeHub, tmp_path: Path, comfy: Path) -> None:
    hub.hf.add_repo("me/m", {"good.safetensors": 200_000})
    address = f"{HOME}/me/m/resolve/main"
    workflow = needing(
        {"name": "gated.safetensors", "directory": "vae", "url": f"{HOME}/org/gated/resolve/main/model.safetensors"},
        {"name": "nowhere-at-all.safetensors", "directory": "loras"},
        {"name": "good.safetensors", "directory": "vae", "url": f"{address}/good.safetensors"},
    )
    ran = get(hub, workflow, tmp_path, "--comfyui", str(comfy))
    assert ran.code == 4
    assert list(models_in(comfy / "models")) == ["vae/good.safetensors"]
    assert "Open https://huggingface.co/org/gated" in ran.out
    assert "UNKNOWN   loras/nowhere-at-all.safetensors" in ran.out
    assert "1 of 3 models are here" in ran.err


def test_a_mirror_serves_when_the_first_place_breaks_while_fetching(
    hub: PracticeHub, tmp_path: Path, comfy: Path
) -> None:
    content = os.urandom(300_000)
    hub.hf.add_repo("me/m", {"x.safetensors": content})
    hub.modelscope.add_repo("you/m", {"x.safetensors": content})
    hub.faults.use("s500forever", "me/m/x.safetensors")
    workflow = needing(
        {"name": "x.safetensors", "directory": "vae", "url": f"{HOME}/me/m/resolve/main/x.safetensors"},
        note="[x.safetensors](https://modelscope.cn/models/you/m/resolve/master/x.safetensors)",
    )
    ran = get(hub, workflow, tmp_path, "--comfyui", str(comfy), "--json", env={"MODELYARD_RETRY_RETRIES": "0"})
    assert (ran.code, models_in(comfy / "models")) == (0, {"vae/x.safetensors": 300_000}), ran.out
    assert ran.event("summary")["models"][0]["hub"] == "modelscope"


def test_a_mirror_with_other_bytes_is_no_mirror(hub: PracticeHub, tmp_path: Path, comfy: Path) -> None:
    hub.hf.add_repo("me/m", {"x.safetensors": os.urandom(300_000)})
    hub.modelscope.add_repo("you/m", {"x.safetensors": os.urandom(300_000)})
    hub.faults.use("s500forever", "me/m/x.safetensors")
    workflow = needing(
        {"name": "x.safetensors", "directory": "vae", "url": f"{HOME}/me/m/resolve/main/x.safetensors"},
        note="[x.safetensors](https://modelscope.cn/models/you/m/resolve/master/x.safetensors)",
    )
    ran = get(hub, workflow, tmp_path, "--comfyui", str(comfy), "--json", env={"MODELYARD_RETRY_RETRIES": "0"})
    assert (ran.code, ran.error) == (5, "server-failed")
    (model,) = ran.event("summary")["models"]
    assert (model["state"], model["error"]) == ("found", "server-failed")
    assert models_in(comfy / "models") == {}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_stopped_in_the_middle_it_goes_on_where_it_was(
    hub: PracticeHub, tmp_path: Path, comfy: Path, number: signal.Signals
) -> None:
    size = 24 * 2**20
    (tmp_path / "some.png").write_bytes(picture(stocked(hub, size)))
    line = ("workflow", "get", str(tmp_path / "some.png"), "--comfyui", str(comfy))
    hub.faults.speed = 6_000_000
    process = start(*line, env={**hub.env(), "MODELYARD_CONNECTIONS_PER_FILE": "1"})
    while hub.log.bytes_sent() < 30 * 2**20:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    process.communicate()
    assert process.returncode == (130 if number == signal.SIGTERM else -signal.SIGKILL)
    hub.faults.speed = None
    before = hub.log.bytes_sent()
    ran = modelyard(*line, "--json", env={**hub.env(), "MODELYARD_CONNECTIONS_PER_FILE": "1"})
    assert (ran.code, ran.event("summary")["complete"]) == (0, True)
    assert hub.log.bytes_sent() - before < 4 * size - 20 * 2**20
    assert len(models_in(comfy / "models")) == 4


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.getuid() != 0:
        pytest.skip("needs root to mount a small disk")
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], capture_output=True).returncode:
        pytest.skip("this sandbox cannot mount")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.root
def test_too_little_room_is_seen_before_the_first_byte(hub: PracticeHub, tmp_path: Path, small_disk: Path) -> None:
    (small_disk / "models").mkdir()
    ran = get(hub, stocked(hub, SIZE), tmp_path, "--comfyui", str(small_disk), "--json")
    assert (ran.code, ran.error) == (7, "disk-full")
    (room,) = ran.event("plan")["room"]
    assert (room["fits"], room["needed"]) == (False, 4 * SIZE + 48)
    assert models_in(small_disk) == {}


def test_nothing_that_is_there_is_replaced(hub: PracticeHub, tmp_path: Path, comfy: Path) -> None:
    hub.hf.add_repo("me/m", {"x.safetensors": 200_000})
    (comfy / "models/vae").mkdir(parents=True)
    (comfy / "models/vae/x.safetensors").write_bytes(b"mine")
    right = {"hash": "1" * 64, "hash_type": "SHA256"}
    workflow = needing(
        {"name": "x.safetensors", "directory": "vae", "url": f"{HOME}/me/m/resolve/main/x.safetensors", **right}
    )
    ran = get(hub, workflow, tmp_path, "--comfyui", str(comfy))
    assert ran.code == 3
    assert "DIFFERS" in ran.out
    assert (comfy / "models/vae/x.safetensors").read_bytes() == b"mine"


def test_a_stranger_s_names_write_nothing_outside(hub: PracticeHub, tmp_path: Path, comfy: Path) -> None:
    hub.hf.add_repo("me/m", {"x.safetensors": 200_000})
    address = f"{HOME}/me/m/resolve/main/x.safetensors"
    names = ["../../x.safetensors", "..\\..\\x.safetensors", "/tmp/x.safetensors", "C:\\x.safetensors", "a/../../x.pt"]
    workflow = needing(*({"name": name, "directory": "loras", "url": address} for name in names))
    before = models_in(tmp_path)
    ran = get(hub, workflow, tmp_path, "--comfyui", str(comfy), "--json")
    assert ran.code == 3
    assert {model["state"] for model in ran.event("summary")["models"]} == {"unsafe"}
    assert set(models_in(tmp_path)) - set(before) <= {"some.png", "home/proofs.db"} | {
        name for name in models_in(tmp_path) if name.startswith("home/")
    }


def test_a_read_only_root_is_never_written_even_when_it_is_named(hub: PracticeHub, tmp_path: Path, comfy: Path) -> None:
    assert modelyard("roots", "add", str(comfy), "--comfy", "--read-only").code == 0
    ran = get(hub, stocked(hub, 200_000), tmp_path, "--comfyui", str(comfy))
    assert ran.code == 3
    assert not (comfy / "models").exists()


def test_registered_roots_are_used_and_their_models_found_under_other_names(
    hub: PracticeHub, tmp_path: Path, comfy: Path
) -> None:
    workflow = stocked(hub, 200_000)
    assert modelyard("roots", "add", str(comfy), "--comfy").code == 0
    assert get(hub, workflow, tmp_path).code == 0
    (comfy / "models/vae/yard_vae.safetensors").rename(comfy / "models/vae/renamed.safetensors")
    for line in (("scan",), ("measure",)):
        assert modelyard(*line).code == 0
    ran = get(hub, workflow, tmp_path, "--json")
    assert ran.code == 0
    states = {model["name"]: model["state"] for model in ran.event("summary")["models"]}
    assert states["yard_vae.safetensors"] == "renamed"
    (tmp_path / "w.json").write_text(json.dumps(workflow, indent=4))
    fixed = modelyard("workflow", "fix", str(tmp_path / "w.json"), "--json", env=hub.env())
    assert fixed.code == 0, fixed.err
    assert fixed.events[0]["renamed"] == [
        {"name": "yard_vae.safetensors", "directory": "vae", "now": "renamed.safetensors"}
    ]
    was, now = ((tmp_path / name).read_text() for name in ("w.json", "w.fixed.json"))
    assert now == was.replace('"yard_vae.safetensors"', '"renamed.safetensors"')
    assert json.loads(was) == workflow


def test_bytes_that_are_here_get_the_workflow_s_names_without_a_copy(
    hub: PracticeHub, tmp_path: Path, comfy: Path
) -> None:
    workflow = stocked(hub, 200_000)
    assert get(hub, workflow, tmp_path, "--comfyui", str(comfy)).code == 0
    models = comfy / "models"
    (models / "vae/yard_vae.safetensors").rename(models / "vae/other.safetensors")
    (models / "checkpoints").mkdir()
    blob = models / "checkpoints/blob"  # as a cache of Hugging Face keeps files: the name is a link
    (models / "loras/yard_lora.safetensors").rename(blob)
    (models / "checkpoints/elsewhere.safetensors").symlink_to(blob)
    assert modelyard("roots", "add", str(comfy), "--comfy").code == 0
    assert modelyard("scan").code == modelyard("measure").code == 0
    sent = hub.log.bytes_sent()
    ran = get(hub, workflow, tmp_path, "--link", "--json")
    assert (ran.code, ran.event("summary")["complete"]) == (0, True), ran.out
    told = {model["name"]: model for model in ran.event("summary")["models"]}
    assert told["yard_vae.safetensors"]["path"] == str(models / "vae/yard_vae.safetensors")
    assert "second name" in told["yard_vae.safetensors"]["why"]
    for name, twin in (("vae/yard_vae", "vae/other"), ("loras/yard_lora", "checkpoints/elsewhere")):
        assert (models / f"{name}.safetensors").read_bytes() == (models / f"{twin}.safetensors").read_bytes()
    assert hub.log.bytes_sent() - sent < 100_000
    assert modelyard("workflow", "plan", str(tmp_path / "some.png")).code == 0


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[str, Path, subprocess.Popen[str]]]:
    """A ComfyUI that runs: its URL, its folder and its process."""
    base = tmp_path / "live"
    for name in ("models/loras", "custom_nodes"):
        (base / name).mkdir(parents=True)
    line = [sys.executable, "-m", "modelyard.testing.comfyui", "--base", str(base)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), base, process
        process.kill()


def test_a_running_comfyui_lists_what_arrived(
    hub: PracticeHub, tmp_path: Path, running: tuple[str, Path, subprocess.Popen[str]]
) -> None:
    url, base, _ = running
    ran = get(hub, stocked(hub, 200_000), tmp_path, "--comfyui", url, "--json")
    assert ran.code == 0, ran.out
    assert len(models_in(base / "models")) == 4
    with urllib.request.urlopen(f"{url}/models/diffusion_models") as answer:
        assert json.load(answer) == ["yard.safetensors"]
    assert modelyard("workflow", "plan", str(tmp_path / "some.png"), "--comfyui", url).code == 0


def test_a_comfyui_that_ends_while_models_come_takes_none_of_them_away(
    hub: PracticeHub, tmp_path: Path, running: tuple[str, Path, subprocess.Popen[str]]
) -> None:
    url, base, process = running
    (tmp_path / "some.png").write_bytes(picture(stocked(hub, 300_000)))
    hub.faults.speed = 200_000
    getting = start("workflow", "get", str(tmp_path / "some.png"), "--comfyui", url, "--json", env=hub.env())
    until(lambda: hub.log.bytes_sent() > 100_000)
    assert process.poll() is None
    process.kill()
    process.wait()
    hub.faults.speed = None
    out, _ = getting.communicate(timeout=60)
    told = Ran(getting.returncode, out, "")
    assert (told.code, told.event("summary")["complete"]) == (0, True), out
    assert [model["verified"] for model in told.event("summary")["models"]] == [True] * 4
    assert len(models_in(base / "models")) == 4


def test_what_is_no_running_comfyui_is_said(hub: PracticeHub, tmp_path: Path) -> None:
    ran = get(hub, stocked(hub, 200_000), tmp_path, "--comfyui", hub.url, "--json")
    assert (ran.code, ran.error) == (5, "bad-answer")
