"""The other commands, and what all of them promise."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from gguf import GGUFReader
from safetensors import safe_open

from modelyard import errors
from modelyard.cli.__main__ import COMMANDS, main
from modelyard.engine.pieces import LyingSource
from modelyard.library.formats.reading import read_header
from modelyard.testing import PracticeHub
from running import modelyard, start

DOCS = Path(__file__).parents[2] / "docs"


def _tree(kind: type[errors.YardError]) -> list[type[errors.YardError]]:
    return [kind, *(one for child in kind.__subclasses__() for one in _tree(child))]


def test_every_error_has_its_own_code_a_hint_and_a_row_in_the_table() -> None:
    kinds = _tree(errors.YardError)
    codes = [kind.code for kind in kinds]
    assert len(codes) == len(set(codes))
    table = (DOCS / "errors.md").read_text()
    for kind in kinds:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code)
        assert kind.hint, kind
        row = next(line for line in table.splitlines() if f"`{kind.code}`" in line)
        assert row.startswith(f"| {kind.exit_code} |") or kind is LyingSource


def test_every_command_helps() -> None:
    for name in COMMANDS:
        ran = CliRunner().invoke(main, [name, "--help"])
        assert ran.exit_code == 0 and "Usage:" in ran.output, name
    assert "Did you mean `verify`?" in modelyard("verfy").err


def test_help_is_quick() -> None:
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        assert start("--help").wait(10) == 0
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.5  # 0.1 s on a quiet machine; the bar for CI is that nothing heavy is imported


def test_hashes_are_measured_for_every_hub(tmp_path: Path) -> None:
    path = tmp_path / "f.bin"
    path.write_bytes(b"abc")
    ran = modelyard("hash", str(path), "--json")
    (told,) = ran.events
    assert told["sha256"] == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert told["crc32"] == "352441c2"
    assert modelyard("hash", "/no/such/file").code == 7


def test_info_files_and_search_show_what_the_hub_says(hub: PracticeHub) -> None:
    info = modelyard("info", "hf:org/repo", "--json", env=hub.env())
    assert info.code == 0, info.err
    (told,) = info.events
    assert told["hub"] == "huggingface" and re.fullmatch("[0-9a-f]{40}", told["revision"])
    files = modelyard("files", "hf:org/repo", "--json", env=hub.env()).events
    assert {file["path"] for file in files} == {file["path"] for file in told["files"]}
    assert modelyard("files", "hf:org/repo", env=hub.env()).code == 0
    found = modelyard("search", "repo", "--hub", "huggingface", "--json", env=hub.env())
    assert found.code == 0 and any("org/repo" in finding["address"] for finding in found.events)
    assert modelyard("search", "x", "--hub", "nowhere", env=hub.env()).code == 2


def test_an_answer_is_kept_and_used_offline(hub: PracticeHub) -> None:
    assert modelyard("files", "hf:org/repo", env=hub.env()).code == 0
    env = hub.env()
    asked = len(hub.log)
    ran = modelyard("files", "hf:org/repo", "--offline", "--json", env=env)
    assert ran.code == 0 and len(hub.log) == asked
    assert modelyard("files", "hf:org/other", "--offline", "--json", env=env).error == "offline"


def test_verify_finds_and_mends(hub: PracticeHub, tmp_path: Path) -> None:
    hub.hf.add_repo("me/model", {"m.safetensors": 3 * 2**20})
    assert modelyard("get", "hf:me/model/m.safetensors", "--to", f"{tmp_path}/m/", env=hub.env()).code == 0
    path = tmp_path / "m" / "m.safetensors"
    raw = bytearray(path.read_bytes())
    raw[2**20] ^= 1
    path.write_bytes(raw)
    found = modelyard("verify", str(tmp_path / "m"), "--json", env=hub.env())
    assert found.code == 6 and found.events[0]["bad_blocks"] == [1]
    mended = modelyard("verify", str(tmp_path / "m"), "--repair", env=hub.env())
    assert mended.code == 0 and "mended" in mended.out
    assert modelyard("verify", str(tmp_path / "m"), env=hub.env()).code == 0


def test_settings_are_shown_set_and_reset(data_folder: Path) -> None:
    assert modelyard("config", "set", "retry.retries", "7").code == 0
    (row,) = modelyard("config", "show", "retry.retries", "--json").events
    assert (row["value"], row["from"]) == (7, "file")
    (row,) = modelyard("config", "show", "retry.retries", "--json", env={"MODELYARD_RETRY_RETRIES": "9"}).events
    assert (row["value"], row["from"]) == (9, "MODELYARD_RETRY_RETRIES")
    assert modelyard("config", "reset", "retry.retries").code == 0
    assert json.loads((data_folder / "settings.json").read_text()) == {}
    assert modelyard("config", "set", "retry.retries", "many").code == 2
    assert "Did you mean retry.retries?" in modelyard("config", "show", "retry.retrys").err


def test_a_damaged_settings_file_is_told_with_the_way_out(data_folder: Path) -> None:
    data_folder.mkdir()
    (data_folder / "settings.json").write_text("{oops")
    ran = modelyard("config", "show")
    assert ran.code == 2 and "config reset" in ran.err
    assert modelyard("config", "reset", "--all").code == 0
    assert modelyard("config", "show").code == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed(shell: str) -> None:
    assert "_MODELYARD_COMPLETE" in modelyard("completion", shell).out


def test_the_demo_ends_with_a_verified_model(tmp_path: Path) -> None:
    ran = modelyard("demo", "--to", str(tmp_path / "d"))
    assert ran.code == 0, ran.err
    assert "model.safetensors  33.6 MB  verified (sha256)" in ran.out
    assert "model-I8.gguf  4.2 MB  verified (sha256)" in ran.out
    assert "Trying again" in ran.err
    found = [read_header(tmp_path / "d" / name) for name in ("model.safetensors", "model-I8.gguf")]
    assert [(one.format, one.findings) for one in found] == [("safetensors", ()), ("gguf", ())]
    [tensor] = GGUFReader(tmp_path / "d" / "model-I8.gguf").tensors  # and their own readers say the same
    with safe_open(tmp_path / "d" / "model.safetensors", "numpy") as file:
        assert (tensor.name, list(file.keys())) == ("token_embd.weight", ["weight"])


def test_a_reader_that_goes_away_is_no_error(hub: PracticeHub) -> None:
    reader = start("config", "show", stdout=subprocess.PIPE)
    assert reader.stdout
    reader.stdout.close()
    assert "Traceback" not in (reader.stderr.read() if reader.stderr else "")
    reader.wait(10)
