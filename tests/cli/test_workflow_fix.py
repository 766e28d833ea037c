"""`modelyard workflow fix`: the names of what is here, every other byte as it was, and no file lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from modelyard.cli.workflow import command
from modelyard.errors import TargetExists, UsageError
from modelyard.testing.workflows import needing, picture

WORKFLOW = needing({"name": "sub\\a.safetensors", "directory": "loras"}, {"name": "b.safetensors", "directory": "vae"})


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder of models with the LoRA in a sub-folder, and no VAE."""
    (tmp_path / "models/loras/sub").mkdir(parents=True)
    (tmp_path / "models/loras/sub/a.safetensors").write_bytes(b"x")
    return tmp_path / "models"


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    path = tmp_path / "w.json"
    path.write_text(json.dumps(WORKFLOW, indent=3) + "  \n")
    return path


def fix(models: Path, *arguments: str | Path, **how: Any) -> Result:
    line = ["fix", "--comfyui", str(models), "--offline", *map(str, arguments)]
    return CliRunner().invoke(command, line, standalone_mode=False, **how)


def fixed(path: Path) -> bytes:
    return path.read_bytes().replace(rb"sub\\a.safetensors", b"sub/a.safetensors")


def test_the_changed_workflow_is_written_beside_the_old_one(models: Path, workflow: Path) -> None:
    before = workflow.read_bytes()
    ran = fix(models, workflow)
    assert (ran.exception, ran.return_value) == (None, 0)
    assert workflow.read_bytes() == before
    assert (workflow.parent / "w.fixed.json").read_bytes() == fixed(workflow) != before
    assert "sub\\a.safetensors is now sub/a.safetensors" in ran.stdout
    assert "not here: b.safetensors" in ran.stderr


def test_again_is_no_error_and_another_file_is_never_replaced(models: Path, workflow: Path) -> None:
    assert fix(models, workflow).return_value == 0
    assert fix(models, workflow).return_value == 0
    (workflow.parent / "w.fixed.json").write_text("mine")
    assert fix(models, workflow).return_value == TargetExists.exit_code
    assert (workflow.parent / "w.fixed.json").read_text() == "mine"


def test_in_place_every_old_version_is_kept(models: Path, workflow: Path) -> None:
    first, want = workflow.read_bytes(), fixed(workflow)
    workflow.chmod(0o640)
    assert fix(models, workflow, "--in-place").return_value == 0
    assert (workflow.read_bytes(), workflow.stat().st_mode & 0o777) == (want, 0o640)
    second = json.dumps(WORKFLOW).encode()
    workflow.write_bytes(second)
    assert fix(models, workflow, "--in-place").return_value == 0
    assert [(workflow.parent / f"w.json.bak{number}").read_bytes() for number in ("", "1")] == [first, second]
    assert fix(models, workflow, "--in-place").return_value == 0
    assert sorted(path.name for path in workflow.parent.glob("*w.json*")) == ["w.json", "w.json.bak", "w.json.bak1"]


def test_a_link_stays_a_link(models: Path, workflow: Path, tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(workflow)
    want = fixed(workflow)
    assert fix(models, tmp_path / "link.json", "--in-place").return_value == 0
    assert (tmp_path / "link.json").is_symlink()
    assert workflow.read_bytes() == want


def test_a_pipe_gets_the_workflow_and_nothing_else(models: Path, workflow: Path) -> None:
    for line, sent in ((("-",), workflow.read_bytes()), ((workflow, "-o", "-"), None)):
        ran = fix(models, *line, input=sent)
        assert ran.stdout_bytes == fixed(workflow)


def test_a_picture_keeps_its_pixels(models: Path, tmp_path: Path) -> None:
    (tmp_path / "p.png").write_bytes(picture(WORKFLOW))
    assert fix(models, tmp_path / "p.png", "--output", tmp_path / "out.png").return_value == 0
    was, now = (tmp_path / "p.png").read_bytes(), (tmp_path / "out.png").read_bytes()
    assert now[-200:] == was[-200:]
    assert b"sub/a.safetensors" in now


def test_nothing_to_rename_writes_nothing(models: Path, tmp_path: Path) -> None:
    (tmp_path / "w.json").write_text(json.dumps(needing({"name": "b.safetensors", "directory": "vae"})))
    ran = fix(models, tmp_path / "w.json", "--json")
    assert json.loads(ran.stdout)["output"] == ""
    assert not (tmp_path / "w.fixed.json").exists()


def test_one_bad_file_does_not_spoil_the_others(models: Path, workflow: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{}")
    assert fix(models, tmp_path / "bad.json", workflow).return_value == 6
    assert (tmp_path / "w.fixed.json").exists()


def test_one_output_takes_one_workflow(models: Path, workflow: Path) -> None:
    assert isinstance(fix(models, workflow, workflow, "-o", "x.json").exception, UsageError)


def test_what_stands_where_it_cannot_be_changed_is_not_told_as_renamed(tmp_path: Path, models: Path) -> None:
    told = 'Steps: 20, Lora hashes: "old/a.safetensors: 0"'
    (tmp_path / "a.png").write_bytes(picture(parameters=told))
    accepted = (tmp_path / "a.png", "--accept", "likely")
    ran = fix(models, *accepted, "--json")
    (said,) = map(json.loads, ran.stdout.splitlines())
    assert (ran.return_value, said["renamed"], said["output"]) == (3, [], "")
    assert said["left"] == [{"name": "old/a.safetensors", "directory": "loras"}]
    assert not (tmp_path / "a.fixed.png").exists()
    for more in ((), ("-o", "-")):
        ran = fix(models, *accepted, *more)
        assert (ran.return_value, "is now" in ran.stderr) == (3, False)
        assert b"is now" not in ran.stdout_bytes
        assert "still old/a.safetensors" in ran.stderr


def test_a_primitive_that_gives_a_loader_its_name_is_changed_too(models: Path, workflow: Path) -> None:
    told = needing({"name": "sub\\a.safetensors", "directory": "loras"})
    told["nodes"].append(
        {"id": 9, "type": "PrimitiveNode", "mode": 0, "widgets_values": ["sub\\a.safetensors", "fixed"]}
    )
    workflow.write_text(json.dumps(told))
    assert fix(models, workflow).return_value == 0
    assert b"sub\\\\a" not in (workflow.parent / "w.fixed.json").read_bytes()
