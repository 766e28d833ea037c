"""Bad input gets one clear error with a code and a hint, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.testing import PracticeHub
from running import modelyard


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (["nosuchhub:me/model"], "unknown-hub", 2),
        (["urn:air:sdxl:checkpoint:civitai:abc@@"], "bad-address", 2),
        (["complete nonsense"], "bad-address", 2),
        (["file:///etc/passwd"], "bad-address", 2),
        (["http://user:pw@127.0.0.1/x"], "bad-address", 2),
        ([], "usage", 2),
        (["-i", "/dev/null"], "usage", 2),
        (["hf:me/model", "--include", "*.nothing"], "nothing-selected", 2),
        (["hf:me/model", "--exclude", "*"], "nothing-selected", 2),
        (["hf:me/model/*.nothing"], "nothing-selected", 2),
        (["hf:me/model/none-of-this.bin"], "file-not-found", 3),
        (["hf:me/model@no-such-branch/a.safetensors"], "revision-not-found", 3),
        (["hf:org/private"], "model-not-found", 3),
        (["hf:org/gated/model.safetensors"], "login-needed", 4),
        (["hf:me/model/a.safetensors", "--sha256", "beef"], "bad-value", 2),
        (["hf:me/model/a.safetensors", "--sha256", "0" * 64], "hash-differs", 6),
        (["hf:me/model/a.safetensors", "--limit", "fast"], "bad-value", 2),
        (["-i", "/no/such/list"], "no-such-file", 7),
        (["http://127.0.0.1:9/closed"], "unreachable", 5),
    ],
)
def test_one_clear_error_and_nothing_behind(
    hub: PracticeHub, tmp_path: Path, arguments: list[str], code: str, exit_code: int
) -> None:
    hub.hf.add_repo("me/model", {"a.safetensors": 5000, "b.safetensors": 5000})
    out = tmp_path / "out"
    env = {**hub.env(), "MODELYARD_RETRY_RETRIES": "0"}
    ran = modelyard("get", *arguments, "--to", f"{out}/", "--json", env=env)
    assert (ran.error, ran.code) == (code, exit_code), ran.out + ran.err
    assert sum("error" in event for event in ran.events) == 1
    assert all(event["error"]["hint"] for event in ran.events if "error" in event)
    assert not out.exists() or list(out.iterdir()) == []
    told = modelyard("get", *arguments, "--to", f"{out}/", env=env)
    assert f"[{code}]" in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    ("key", "address", "code", "exit_code", "step"),
    [
        ("hf_narrow", "hf:org/gated/model.safetensors", "key-scope", 4, "read access to gated repositories"),
        ("hf_bad", "hf:org/gated/model.safetensors", "licence-not-accepted", 4, "accept its terms"),
        ("hf_junk", "hf:org/gated/model.safetensors", "key-wrong", 4, "modelyard keys set"),
        ("hf_bad", "hf:org/private/model.safetensors", "model-not-found", 3, "without a key that may see it"),
    ],
)
def test_what_a_key_may_not_is_told_apart(
    hub: PracticeHub, tmp_path: Path, key: str, address: str, code: str, exit_code: int, step: str
) -> None:
    out = tmp_path / "out"
    for form in ([], ["--json"]):
        ran = modelyard("get", address, "--to", f"{out}/", *form, env={**hub.env(), "HF_TOKEN": key})
        assert ran.code == exit_code, ran.out + ran.err
        assert key not in ran.out + ran.err and not out.exists()
        if form:
            (told,) = [event["error"] for event in ran.events if "error" in event]
            assert told["code"] == code and step in told["hint"]
        else:
            assert ran.err.startswith(f"error [{code}] ") and step in ran.err


def test_a_folder_without_rights_is_refused_before_the_first_byte(hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("m.safetensors", 5000)
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    # Root may write anywhere: it gives that right away first.
    lesser = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] if os.getuid() == 0 else []
    ran = subprocess.run(
        [*lesser, sys.executable, "-m", "modelyard", "get", url, "--to", f"{locked}/", "--json"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    (told,) = [event for event in map(json.loads, ran.stdout.splitlines()) if "error" in event]
    assert (ran.returncode, told["error"]["code"]) == (7, "no-permission"), ran.stdout + ran.stderr
    assert str(locked) in told["error"]["message"] and told["error"]["hint"]
    assert list(locked.iterdir()) == []
    assert hub.log.find("/files/*") == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.getuid() != 0:
        pytest.skip("needs root to mount a small disk")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this sandbox cannot mount")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.root
def test_what_cannot_fit_is_refused_and_what_fills_up_is_kept(hub: PracticeHub, small_disk: Path) -> None:
    hub.hf.add_repo("me/model", {"big.safetensors": 9 * 2**20, "fits.safetensors": 5 * 2**20})
    ran = modelyard("get", "hf:me/model/big.safetensors", "--to", f"{small_disk}/", "--json", env=hub.env())
    assert (ran.error, ran.code) == ("disk-full", 7)
    assert all(event["error"]["hint"] for event in ran.events if "error" in event)
    assert list(small_disk.iterdir()) == []
    chunked = hub.add_file("unknown.bin", 9 * 2**20, chunked=True)
    ran = modelyard("get", chunked, "--to", f"{small_disk}/", "--json")
    assert (ran.error, ran.code) == ("disk-full", 7)
    assert not (small_disk / "unknown.bin").exists()
    for left in small_disk.iterdir():
        left.unlink()
    assert modelyard("get", "hf:me/model/fits.safetensors", "--to", f"{small_disk}/", env=hub.env()).code == 0


def test_a_file_larger_than_the_limit_of_the_system_is_a_named_error(hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("m.safetensors", 12 * 2**20)
    command = f"ulimit -f 5000; exec {sys.executable} -m modelyard get {url} --to {tmp_path}/out/ --json"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 7, ran.stdout + ran.stderr
    assert '"file-too-big"' in ran.stdout


def test_few_file_handles_slow_a_download_down_and_break_nothing(hub: PracticeHub, tmp_path: Path) -> None:
    hub.hf.add_repo("me/model", {f"{index}.safetensors": 5000 for index in range(200)})
    env = {**os.environ, **hub.env(), "MODELYARD_RETRY_FIRST": "0.05"}
    command = f"ulimit -n 64; exec {sys.executable} -m modelyard get hf:me/model --to {tmp_path}/out/ -q"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=90, env=env)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert len(list((tmp_path / "out").iterdir())) == 200


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["1"],
        ["--to", "comfyui"],
        ["1", "--list"],
        ["1", "--undo", "0123456789ab"],
        ["--list", "--undo", "0123456789ab"],
        ["--forget"],
        ["--list", "--forget"],
        ["1", "--to", "comfyui", "--forget"],
    ],
)
def test_link_does_one_thing_at_a_time_and_passes_over_no_option(arguments: list[str]) -> None:
    ran = modelyard("link", *arguments, "--json")
    assert (ran.error, ran.code) == ("usage", 2), ran.out + ran.err
    assert ran.events[0]["error"]["hint"]


@pytest.mark.parametrize(
    "arguments", [["nosuchcommand"], ["list", "--nosuch"], ["script", "nosuch"], ["comfyui", "install"]]
)
def test_a_command_line_that_makes_no_sense_is_json_too_where_that_was_asked_for(arguments: list[str]) -> None:
    ran = modelyard(*arguments, "--json")
    assert (ran.error, ran.code, ran.err) == ("usage", 2, "")
    told = modelyard(*arguments)
    assert told.code == 2 and "--help" in told.err
