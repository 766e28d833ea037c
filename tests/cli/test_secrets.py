"""Canary keys: planted everywhere a key may stand, looked for everywhere it must not."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from modelyard.testing import PracticeHub
from running import modelyard, start

CANARY = "hf_CanaryCanaryCanaryCanary1234"


def _everything_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "keys.json")


def test_a_key_is_in_no_output_no_file_and_no_command_line(hub: PracticeHub, tmp_path: Path, data_folder: Path) -> None:
    url = hub.add_file("m.safetensors", 20 * 2**20)
    hub.faults.speed = 4_000_000
    env = {**hub.env(), "HF_TOKEN": CANARY, "CIVITAI_TOKEN": CANARY, "MODELYARD_CONNECTIONS_PER_FILE": "1"}
    process = start(
        "get", url, "hf:org/gated/model.safetensors", "hf:org/repo", "--to", f"{tmp_path}/out/", "--json", env=env
    )
    while not list((tmp_path / "out").glob(".m*.journal")) and process.poll() is None:
        pass
    children = [Path(f"/proc/{process.pid}/cmdline").read_bytes()]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                children.append((entry / "cmdline").read_bytes())
            except OSError:
                continue
    out, err = process.communicate(timeout=60)
    seen = out.encode() + err.encode() + b"".join(children) + _everything_below(tmp_path)
    assert CANARY.encode() not in seen
    assert CANARY not in str(list(hub.log))


def test_a_stored_key_is_private_masked_and_used(hub: PracticeHub, data_folder: Path) -> None:
    kept = modelyard("keys", "set", "hf", stdin="hf_good\n")
    assert kept.code == 0, kept.err
    path = data_folder / "keys.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.stat(data_folder).st_mode & 0o077 == 0
    listed = modelyard("keys", "list")
    assert "huggingface" in listed.out and "hf_good" not in listed.out
    checked = modelyard("keys", "check", "hf", "--opens", "hf:org/gated", "--json", env=hub.env())
    assert checked.code == 0, checked.out + checked.err
    assert checked.events[0]["opens"] is True
    assert modelyard("files", "hf:org/private", env=hub.env()).code == 0
    assert modelyard("keys", "remove", "hf").code == 0
    assert modelyard("keys", "list").out == ""


def test_a_bad_key_is_told_and_never_shown(hub: PracticeHub) -> None:
    assert modelyard("keys", "set", "hf", stdin=f"{CANARY}\n").code == 0
    ran = modelyard("keys", "check", "hf", "--json", env=hub.env())
    assert ran.code == 4
    assert CANARY not in ran.out + ran.err


def test_a_key_with_a_line_break_is_refused(hub: PracticeHub) -> None:
    ran = modelyard("keys", "set", "hf", stdin="hf_a b\r\nX-Evil: 1\n")
    assert ran.code == 2
    assert modelyard("keys", "set", "nowhere", stdin="x\n").code == 2
