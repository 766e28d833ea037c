"""`versions`, `usage` and `list`: what is newer at a repository, what was searched beside a running service."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from jobs.library import model
from modelyard.testing import PracticeHub
from running import Ran, modelyard
from server.serving import API, served


@pytest.mark.parametrize("side", ["hf", "modelscope"])
def test_a_newer_file_of_a_repository_is_told_ignored_and_fetched(hub: PracticeHub, tmp_path: Path, side: str) -> None:
    short = {"hf": "hf", "modelscope": "ms"}[side]
    env = {**hub.env(), "MODELYARD_HOME": str(tmp_path / "yard")}

    def run(*words: str) -> Ran:
        ran = modelyard(*words, env=env)
        assert ran.code == 0 and "Traceback" not in ran.err, ran
        return ran

    old, new = (model(tmp_path / "made" / "x.safetensors", seed).read_bytes() for seed in (1, 2))
    repo = getattr(hub, side).add_repo("me/styles", {"sub/a.safetensors": old})
    (tmp_path / "loras").mkdir()
    run("roots", "add", str(tmp_path / "loras"), "--folder", "loras")
    run("get", f"{short}:me/styles/sub/a.safetensors", "--to", f"{tmp_path}/loras/")
    run("scan")
    run("measure")
    commit = repo.commit({"sub/a.safetensors": new}, "trained for longer")
    told = run("versions", "--check")
    assert "1 models asked about, 1 have a newer version, 0 are gone." in told.err
    assert f"{commit.sha[:7]} trained for longer" in told.out
    assert told.out.split()[-1].startswith(f"{short}:me/styles@") and told.out.split()[-1].endswith(
        "/sub/a.safetensors"
    )
    lines = run("versions", f"{tmp_path}/loras/a.safetensors").out.splitlines()
    assert [line[0] for line in lines] == [" ", "✓"] and commit.sha[:7] in lines[0]
    run("get", told.out.split()[-1], "--to", f"{tmp_path}/loras/new/")
    assert hashlib.sha256((tmp_path / "loras/new/a.safetensors").read_bytes()).digest() == hashlib.sha256(new).digest()
    run("versions", "--ignore", "*", f"{tmp_path}/loras/a.safetensors")
    assert "No newer versions" in run("versions", "--check").err


def test_what_a_person_lists_is_a_search_that_the_page_may_offer_again(tmp_path: Path) -> None:
    with served(tmp_path / "yard") as yard:
        env = {"MODELYARD_HOME": str(tmp_path / "yard")}
        for words in (["film", "grain"], ["sub/a&b %2F?"], ["film", "grain"], []):
            assert modelyard("list", *words, env=env).code == 0
        assert modelyard("list", "asked by a program", "--json", env=env).code == 0
        told = yard.ask("GET", f"{API}/searches").json
    assert {one["text"]: one["times"] for one in told} == {"film grain": 2, "sub/a&b %2F?": 1}
