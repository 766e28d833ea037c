"""`modelyard workflow plan`: needs no service, no database, and answers by exit code and JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from modelyard.cli.workflow import command
from programs.workflows.containers.boxed import png, png_text
from programs.workflows.made import canvas, described, node


def run(*arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    result = CliRunner().invoke(command, ["plan", *arguments], standalone_mode=False)
    assert result.exception is None
    lines = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    return result.return_value, lines, result.output


WORKFLOW = canvas(
    node(1, "VAELoader", "a.pt", models=(described("a.pt", "vae"),)),
    node(2, "LoraLoader", "b.pt", mode=4, models=(described("b.pt", "loras"),)),
)


def test_one_object_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(WORKFLOW))
    (tmp_path / "b.png").write_bytes(png_text({"workflow": json.dumps(WORKFLOW)}))
    code, told, _ = run(str(tmp_path / "a.json"), str(tmp_path / "b.png"), "--json")
    assert code == 0
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
    assert "off: loras/b.pt" in output


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
    assert code == 0
    assert told[0]["file"].endswith("\ufffd.json")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    code, told, _ = run("--json", str(tmp_path / "gone.png"))
    assert code == 7
    assert told[0]["about"] == str(tmp_path / "gone.png")
