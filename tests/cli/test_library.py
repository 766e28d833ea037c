"""The library on the command line, by the real commands: a ComfyUI registered, scanned, searched, written down."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from jobs.library import model
from running import Ran, modelyard


@pytest.fixture
def comfy(tmp_path: Path) -> Path:
    home = tmp_path / "ComfyUI"
    for place in ("comfy", "models/vae", "output"):
        (home / place).mkdir(parents=True)
    for name in ("main.py", "folder_paths.py"):
        (home / name).touch()
    model(home / "models" / "loras" / "style" / "Nice Style.safetensors", 1)
    model(home / "models" / "loras" / "other.safetensors", 2)
    (home / "models" / "loras" / "broken.safetensors").write_bytes(b"<html>log in</html>")
    return home


def test_a_library_from_the_first_scan_to_another_machine(tmp_path: Path, comfy: Path) -> None:
    def run(*words: str, code: int = 0, home: str = "yard") -> Ran:
        ran = modelyard(*words, env={"MODELYARD_HOME": str(tmp_path / home)})
        assert ran.code == code, ran
        assert "Traceback" not in ran.err
        return ran

    assert "roots add" in run("roots").err and "roots add" in run("scan").err
    assert "a ComfyUI with its own folders" in run("roots", "add", str(comfy)).out
    assert "loras/0" in run("roots").out
    assert json.loads(run("scan", "--json").out)["added"] == 3
    assert "Nice Style" in run("list", "nice").out and "broken" not in run("list", "nice").out
    assert "3 models" in run("list", "--facets").out
    found = json.loads(run("list", "nice", "--json").out)
    assert "lora" in run("show", str(found["id"])).out and "lora" in run("show", found["path"]).out
    run("tag", str(found["id"]), "--add", "portrait", "--rating", "5", "--favourite", "--group", "Client A")
    assert json.loads(run("list", "--tag", "portrait", "--favourites", "--json").out)["rating"] == 5
    assert json.loads(run("list", "--group", "Client A", "--json").out)["id"] == found["id"]
    assert run("list", "--group", "Client", "--json").out == "", "a group is asked for as it is written"
    assert "1 models" in run("list", "--group", "Client A", "--facets").out
    assert json.loads(run("list", "client", "--json").out)["id"] == found["id"], "its words are searched, too"
    assert (comfy / "models" / "loras" / "style" / "Nice Style.info").exists()
    assert "3 files measured" in run("measure").out
    assert "1 measured" in run("verify", str(found["id"])).err
    assert "no model 9999" in run("verify", "9999", code=3).err
    assert run("verify", "--library", code=6).err.count("damaged") == 1
    assert "No program" in run("usage").err and "unused for 1 days" in run("usage", "--unused", "1").err
    assert f"{found['title']}: 0 times" in run("usage", str(found["id"])).out
    assert json.loads(run("usage", found["path"], "--json").out)["days"] == []
    assert "by program" in run("space").out and "ComfyUI" in run("space").out
    assert "alike" in run("compare", str(found["id"]), str(found["path"])).out
    for words in (("rename", "NUMBER", "nicer"), ("move", "NUMBER", "--folder", "loras"), ("trash", "NUMBER")):
        dry = run(*[str(found["id"]) if word == "NUMBER" else word for word in words], "--dry-run")
        assert "Nice Style.info →" in dry.out and "nothing was touched" in dry.err
        assert Path(found["path"]).exists()
    run("export", str(tmp_path / "lock.json"))
    (tmp_path / "mine").write_text("mine")
    assert "no lockfile" in run("export", str(tmp_path / "mine"), code=7).err
    run("sync", str(tmp_path / "lock.json"), code=3)  # one of them is damaged here
    assert "missing" in run("sync", str(tmp_path / "lock.json"), "--check", code=3, home="other").out
    assert run("ensure", "--folder", "loras", "--name", "other.safetensors").out.strip().endswith("other.safetensors")
    assert "yourself" in run("ensure", "--folder", "loras", "--name", "none.safetensors", code=3).err
    run("roots", "remove", str(comfy))
    assert "None" in run("list").err


def test_a_file_of_the_right_name_and_size_is_not_all_of_it(tmp_path: Path, comfy: Path) -> None:
    def run(*words: str) -> Ran:
        return modelyard(*words, env={"MODELYARD_HOME": str(tmp_path / "yard")})

    path = comfy / "models" / "loras" / "other.safetensors"
    (comfy / "models" / "loras" / "broken.safetensors").unlink()
    run("roots", "add", "--comfy", str(comfy))
    run("scan")
    run("measure")
    assert run("export", str(tmp_path / "lock.json")).code == 0
    assert run("sync", str(tmp_path / "lock.json")).code == 0
    path.write_bytes(os.urandom(path.stat().st_size))
    told = run("sync", str(tmp_path / "lock.json"))
    assert (told.code, "unmeasured" in told.out, "modelyard measure" in told.err) == (3, True, True), told


def test_a_comfyui_that_is_started_with_switches_is_registered_with_the_same_ones(tmp_path: Path, comfy: Path) -> None:
    def run(*words: str) -> str:
        ran = modelyard(*words, env={"MODELYARD_HOME": str(tmp_path / "yard")})
        assert ran.code == 0, ran
        return ran.out

    def loras() -> list[str]:
        return [one["path"] for one in json.loads(run("roots", "--json"))["roots"] if one["folder"] == "loras"]

    base, models, out = (tmp_path / name for name in ("base", "big", "made"))
    extra = tmp_path / "more.yaml"
    extra.write_text(f"shared:\n  base_path: {tmp_path}/shared\n  loras: l\n")
    for switches, expected in (
        ((), [comfy / "models/loras", comfy / "output/loras"]),
        (("--base-directory", str(base)), [base / "models/loras", base / "output/loras"]),
        (("--models-directory", str(models)), [models / "loras", comfy / "output/loras"]),
        (("--output-directory", str(out)), [comfy / "models/loras", out / "loras"]),
        (("--extra", str(extra)), [comfy / "models/loras", tmp_path / "shared/l", comfy / "output/loras"]),
    ):
        run("roots", "add", str(comfy), *switches)
        assert loras() == [str(path) for path in expected], switches


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("show", "99"), 3),
        (("show", "/nothing"), 3),
        (("roots", "add", "/nothing"), 2),
        (("roots", "remove", "/nothing"), 3),
        (("scan", "/nothing"), 3),
        (("sync", "/etc/hostname"), 2),
        (("tag", "1", "--rating", "9"), 2),
        (("ensure",), 2),
        (("compare", "1", "2"), 3),
        (("repair",), 2),
    ],
)
def test_what_makes_no_sense_is_told(tmp_path: Path, words: tuple[str, ...], code: int) -> None:
    ran = modelyard(*words, env={"MODELYARD_HOME": str(tmp_path)})
    assert ran.code == code and ran.err and "Traceback" not in ran.err, ran
