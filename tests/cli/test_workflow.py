"""`modelyard workflow plan`: without a data folder it reads files alone, and answers by exit code and JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from modelyard.cli.workflow import command
from modelyard.errors import BadValue
from programs.workflows.containers.boxed import png, png_text
from programs.workflows.made import canvas, described, node


@pytest.fixture(autouse=True)
def _nobody_s_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))


def run(*arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    result = CliRunner().invoke(command, ["plan", *arguments], standalone_mode=False)
    assert result.exception is None
    lines = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    return result.return_value, lines, result.output


WORKFLOW = canvas(
    node(1, "VAELoader", "a.pt", models=(described("a.pt", "vae"),)),
    node(2, "LoraLoader", "b.pt", mode=4, models=(described("b.pt", "loras"),)),
)

LOCK = """
models:
- model: Detail
  url: https://huggingface.co/o/r/resolve/main/d.safetensors
  paths:
  - path: models/loras/d.safetensors
  type: lora
custom_nodes:
  git_custom_nodes: {}
"""


def test_one_object_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(WORKFLOW))
    (tmp_path / "b.png").write_bytes(png_text({"workflow": json.dumps(WORKFLOW)}))
    code, told, _ = run(str(tmp_path / "a.json"), str(tmp_path / "b.png"), "--json")
    assert code == 3, "nothing is known to be here"
    assert [each["file"] for each in told] == [str(tmp_path / "a.json"), str(tmp_path / "b.png")]
    assert [each["container"] for each in told] == ["json", "png"]
    for each in told:
        assert [row["name"] for row in each["needed"]] == ["a.pt"]
        assert [row["name"] for row in each["declared_not_needed"]] == ["b.pt"]
        assert (each["format"], each["problems"]) == ("ui", [])


def test_people_read_lines(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(WORKFLOW))
    _, _, output = run(str(tmp_path / "a.json"))
    assert "1 needed, 1 switched off" in output
    assert "vae/a.pt  https://" in output
    assert "off       loras/b.pt" in output


def test_a_file_without_workflow_ends_with_six_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())
    (tmp_path / "b.json").write_text(json.dumps(WORKFLOW))
    code, told, _ = run("--json", str(tmp_path / "a.png"), str(tmp_path / "b.json"))
    assert code == 6
    assert told[0]["error"]["code"] == "no-workflow"
    assert told[1]["needed"]


def test_a_name_that_is_no_utf8_is_shown(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.json"))
    path.write_text(json.dumps(WORKFLOW))
    code, told, _ = run("--json", str(path))
    assert code == 3
    assert told[0]["file"].endswith("\ufffd.json")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    code, told, _ = run("--json", str(tmp_path / "gone.png"))
    assert code == 7
    assert told[0]["about"] == str(tmp_path / "gone.png")


def test_a_folder_means_every_workflow_below_it(tmp_path: Path) -> None:
    (tmp_path / "in/deep").mkdir(parents=True)
    (tmp_path / "in/deep/a.json").write_text(json.dumps(WORKFLOW))
    (tmp_path / "in/b.png").write_bytes(png_text({"workflow": json.dumps(WORKFLOW)}))
    (tmp_path / "in/none.json").write_text("{}")
    (tmp_path / "in/other.bin").write_text(json.dumps(WORKFLOW))
    (tmp_path / "in/deep/comfy-lock.yaml").write_text(LOCK)
    (tmp_path / "in/extra_model_paths.yaml").write_text("comfyui:\n  base_path: /opt/models\n  loras: loras\n")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    code, told, _ = run("--json", str(tmp_path / "in"))
    assert code == 3
    assert [Path(each["file"]).name for each in told] == ["b.png", "a.json", "comfy-lock.yaml"]
    assert [row["name"] for row in told[2]["needed"]] == ["d.safetensors"]
    (tmp_path / "empty").mkdir()
    assert run(str(tmp_path / "empty"))[0] == 7


def test_a_workflow_comes_from_stdin() -> None:
    result = CliRunner().invoke(command, ["plan", "-", "--json"], input=json.dumps(WORKFLOW), standalone_mode=False)
    told = json.loads(result.stdout)
    assert (told["file"], [row["name"] for row in told["needed"]]) == ("-", ["a.pt"])
    assert (told["complete"], result.return_value) == (None, 3), "there was nothing to look at"
    nothing = CliRunner().invoke(command, ["plan", "-"], input=json.dumps(canvas()), standalone_mode=False)
    assert nothing.return_value == 0, "what needs nothing has all"
    assert CliRunner().invoke(command, ["plan", "-"], input=b"\0", standalone_mode=False).return_value == 6


def test_a_model_that_is_missing_in_the_folder_of_ones_home_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "me" / "models").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    (tmp_path / "a.json").write_text(json.dumps(WORKFLOW))
    code, (told,), _ = run("--json", str(tmp_path / "a.json"))
    assert (code, told["complete"]) == (3, False)


def test_reading_alone_makes_no_data_folder_and_loads_no_network(tmp_path: Path, data_folder: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(WORKFLOW))
    told = "import sys, modelyard.cli.workflow as w; w.command(['plan', sys.argv[1], '--json'], standalone_mode=False)"
    heavy = "; assert not {'sqlalchemy', 'modelyard.app', 'modelyard.net.client'} & set(sys.modules)"
    ran = subprocess.run([sys.executable, "-c", told + heavy, str(tmp_path / "a.json")], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert not data_folder.exists()


def test_the_exit_code_says_whether_all_is_here(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(WORKFLOW))
    (tmp_path / "models/vae").mkdir(parents=True)
    at = ("--comfyui", str(tmp_path / "models"), "--json", str(tmp_path / "a.json"))
    code, (told,), _ = run(*at)
    assert (code, told["complete"], told["models"][0]["state"]) == (3, False, "found")
    (tmp_path / "models/vae/a.pt").write_bytes(b"x")
    code, (told,), _ = run(*at)
    assert (code, told["complete"], told["models"][0]["state"]) == (0, True, "here")


def test_the_current_folder_counts_when_it_is_a_comfyui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("comfy", "models/vae"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("main.py", "folder_paths.py", "models/vae/a.pt"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "a.json").write_text(json.dumps(WORKFLOW))
    monkeypatch.chdir(tmp_path)
    code, (told,), _ = run("--json", "a.json")
    assert (code, told["models"][0]["path"]) == (0, str(tmp_path / "models/vae/a.pt"))


def test_what_is_no_comfyui_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(WORKFLOW))
    result = CliRunner().invoke(command, ["plan", str(tmp_path / "a.json"), "--comfyui", str(tmp_path / "no")])
    assert isinstance(result.exception, BadValue)
