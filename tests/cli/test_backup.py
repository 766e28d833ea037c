"""Backup and restore by the real commands, with and without a service."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from jobs.library import model
from running import Ran, modelyard


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return model(tmp_path / "loras" / "a.safetensors").parent


def test_a_library_lost_and_taken_back_on_the_command_line(tmp_path: Path, root: Path) -> None:
    def run(*words: str, code: int = 0, stdin: str | None = None) -> Ran:
        ran = modelyard(*words, env={"MODELYARD_HOME": str(tmp_path / "yard")}, stdin=stdin)
        assert ran.code == code, ran
        assert "Traceback" not in ran.err
        return ran

    file = tmp_path / "yard.json"
    run("roots", "add", str(root), "--folder", "loras", "--read-only")
    run("scan")
    run("tag", "1", "--notes", "mine")
    assert "bytes written" in run("backup", str(file)).err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(run("backup", str(file), "--json").out)["size"] == file.stat().st_size, (
        "a newer one takes its place"
    )
    assert json.loads(run("backup", "-").out)["models"] == json.loads(file.read_bytes())["models"]
    assert "is no backup" in run("backup", str(root / "a.safetensors"), code=7).err
    assert sorted(os.listdir(tmp_path)) == ["loras", "yard", "yard.json"], "nothing else is left"
    shutil.rmtree(tmp_path / "yard")
    tried = run("restore", str(file), "--dry-run")
    assert "0 models of the backup are here" in tried.out and "not here: loras/a.safetensors" in tried.err
    assert f"roots: {root}" in run("restore", str(file)).out
    run("scan")
    assert "words: 1" in run("restore", "-", stdin=file.read_text()).out
    assert json.loads(run("list", "--json").out)["notes"] == "mine"
    assert "0 changed" in run("restore", str(file)).out
    bad = tmp_path / "bad.json"
    bad.write_text(file.read_text()[:-5])
    told = json.loads(run("restore", str(bad), "--json", code=2).out)
    assert told["error"]["code"] == "bad-value"
