"""The command line where Python has no POSIX calls, as on Windows: `tests/lesser_system` takes them away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.library import model
from modelyard.testing import PracticeHub
from running import Ran, modelyard
from server.serving import API, served

LESSER = {"PYTHONPATH": str(Path(__file__).parent.parent / "lesser_system")}


def run(*arguments: str, **env: str) -> Ran:
    """A command there, which ends well."""
    ran = modelyard(*arguments, env={**LESSER, **env})
    assert ran.code == 0, ran.out + ran.err
    assert "Traceback" not in ran.err
    return ran


def test_the_calls_are_really_gone() -> None:
    asked = "import os, select; print([name for name in dir(os) + dir(select) if name in ('pread', 'pwrite', 'poll')])"
    told = subprocess.run([sys.executable, "-c", asked], env={**os.environ, **LESSER}, capture_output=True, text=True)
    assert told.stdout.strip() == "[]", told.stderr


@pytest.mark.parametrize("fault", ["cut_always1m", "rst_once", "slow"])
def test_a_file_arrives_whole_through_faults(hub: PracticeHub, tmp_path: Path, fault: str) -> None:
    url, scenario = hub.add_fault(fault, 12 * 2**20)
    target = tmp_path / "models" / "model.safetensors"
    run("get", url, "--to", str(target), "--json", MODELYARD_RETRY_FIRST="0.1")
    assert target.read_bytes() == scenario.final_bytes
    assert [path.name for path in target.parent.iterdir()] == ["model.safetensors"]


def test_many_small_files_and_a_flipped_byte_that_is_mended(hub: PracticeHub, tmp_path: Path) -> None:
    hub.hf.add_repo("me/model", {f"part{number}.bin": 3000 + number for number in range(30)} | {"big.bin": 3 * 2**20})
    run("get", "hf:me/model", "--to", f"{tmp_path}/out/", **hub.env())
    big = tmp_path / "out" / "big.bin"
    right = big.read_bytes()
    big.write_bytes(right[:100] + bytes([right[100] ^ 1]) + right[101:])
    run("verify", str(tmp_path / "out"), "--repair", **hub.env())
    assert big.read_bytes() == right


def test_a_library_is_scanned_listed_moved_and_brought_back(tmp_path: Path) -> None:
    for number in range(3):
        model(tmp_path / "loras" / f"style {number}.safetensors", number)
    run("roots", "add", str(tmp_path / "loras"), "--folder", "loras")
    assert json.loads(run("scan", "--json").out)["added"] == 3
    run("move", "--folder", "loras", "--sub", "deeper", str(tmp_path / "loras" / "style 1.safetensors"))
    moved = tmp_path / "loras" / "deeper" / "style 1.safetensors"
    assert moved.exists()
    run("trash", str(moved))
    assert not moved.exists()
    (entry,) = run("trash", "--json").events[0]["entries"]
    run("trash", "undo", entry["id"])
    assert moved.exists() and run("verify", "--library").code == 0


def test_a_service_runs_a_download(hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("m.safetensors", 5_000_000)
    with served(tmp_path / "yard", env=LESSER) as yard:
        item = {"address": url, "to": f"{tmp_path}/m.bin"}
        (number,) = yard.ask("POST", f"{API}/tasks", {"items": [item]}).json["ids"]
        since = 0
        while yard.ask("GET", f"{API}/tasks/{number}").json["state"] != "done":
            since = yard.ask("GET", f"{API}/events?since={since}&wait=10").json["newest"]
        assert (tmp_path / "m.bin").stat().st_size == 5_000_000
        assert yard.stop() == 0
        assert "Traceback" not in "".join(yard.lines)
