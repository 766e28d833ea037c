"""`modelyard identify`: needs no service, no database, and answers by exit code and JSON."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from click.testing import CliRunner

from modelyard.cli.identify import command


def embedding(path: Path, width: int = 768) -> Path:
    raw = json.dumps({"emb_params": {"dtype": "F32", "shape": [2, width], "data_offsets": [0, 8 * width]}}).encode()
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + b"\0" * 8 * width)
    return path


def run(*arguments: str, stdin: str = "") -> tuple[int, list[dict[str, object]], str]:
    result = CliRunner().invoke(command, list(arguments), input=stdin, standalone_mode=False)
    lines = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    return result.return_value, lines, result.output


def test_one_object_a_file_with_what_it_is(tmp_path: Path) -> None:
    path = embedding(tmp_path / "style.safetensors")
    code, (found,), _ = run("--json", str(path))
    assert code == 0
    assert {key: found[key] for key in ("path", "format", "kind", "family", "candidates", "certainty")} == {
        "path": str(path),
        "format": "safetensors",
        "kind": "embedding",
        "family": "sd15",
        "candidates": [],
        "certainty": "certain",
    }
    assert found["reasons"]


def test_a_missing_file_is_seven_and_the_others_are_told(tmp_path: Path) -> None:
    code, lines, _ = run("--json", str(tmp_path / "none.safetensors"), str(embedding(tmp_path / "a.safetensors")))
    assert code == 7
    assert [line.get("kind", "error") for line in lines] == ["error", "embedding"]


def test_a_damaged_file_is_six(tmp_path: Path) -> None:
    path = embedding(tmp_path / "a.safetensors")
    path.write_bytes(path.read_bytes()[:-1])
    code, (found,), _ = run("--json", str(path))
    assert code == 6
    assert [problem["code"] for problem in found["findings"]] == ["truncated"]


def test_folders_are_walked_and_stdin_is_read(tmp_path: Path) -> None:
    embedding(tmp_path / "a.safetensors")
    (tmp_path / "deeper").mkdir()
    embedding(tmp_path / "deeper" / "b.safetensors", 1024)
    (tmp_path / "notes.txt").write_text("no model")
    assert [line["family"] for line in run("--json", str(tmp_path))[1]] == ["sd15", "sd21"]
    assert [line["family"] for line in run("--json", "-", stdin=f"{tmp_path / 'a.safetensors'}\n\n")[1]] == ["sd15"]


def test_a_folder_that_may_not_be_read_is_seven_not_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").mkdir()
    real = Path.iterdir

    def refused(path: Path) -> object:
        if path.name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "iterdir", refused)
    code, (line,), _ = run("--json", str(tmp_path))
    assert (code, line["event"]) == (7, "error")


def test_people_get_a_readable_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = embedding(tmp_path / "a.safetensors")
    assert f"{path}: embedding sd15 (certain" in run(str(path))[2]
