"""`modelyard get` as scripts and people use it."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import shutil
import tarfile
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.jobs.wish import Wish
from modelyard.testing import Bytes, PracticeHub
from modelyard.testing.civitai_data import ModelFile
from modelyard.values.sizes import show_size
from running import modelyard

SIZE = 2**21 + 3


def test_a_url_and_a_file_name(hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("m.safetensors", SIZE)
    ran = modelyard("get", url, "--to", str(tmp_path / "here.safetensors"))
    assert ran.code == 0, ran.err
    assert ran.out == f"{tmp_path}/here.safetensors  2.1 MB  unverified: nothing to compare with\n"


def test_json_is_pure_and_tells_everything(hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("m.safetensors", SIZE)
    ran = modelyard("get", url, "--to", f"{tmp_path}/", "--json")
    assert all(line.startswith("{") for line in ran.out.splitlines())
    done = ran.event("done")
    assert done["path"] == str(tmp_path / "m.safetensors")
    assert done["sha256"] == hashlib.sha256((tmp_path / "m.safetensors").read_bytes()).hexdigest()
    assert ran.event("summary") == {
        "event": "summary",
        "files": 1,
        "done": 1,
        "failed": 0,
        "bytes": SIZE,
        "received": SIZE,
    }


def test_a_dry_run_prints_sizes_and_targets_and_moves_nothing(hub: PracticeHub, tmp_path: Path) -> None:
    hub.hf.add_repo("me/model", {"a.safetensors": SIZE, "sub/b.safetensors": 5000})
    ran = modelyard("get", "hf:me/model", "--to", f"{tmp_path}/new/", "--dry-run", "--json", env=hub.env())
    plan = ran.event("plan")
    assert [(file["path"], file["size"], file["step"]) for file in plan["files"]] == [
        (f"{tmp_path}/new/a.safetensors", SIZE, "fetch"),
        (f"{tmp_path}/new/sub/b.safetensors", 5000, "fetch"),
    ]
    assert plan["bytes_to_fetch"] == SIZE + 5000
    assert not (tmp_path / "new").exists()
    assert hub.log.bytes_sent() < 20_000


def test_a_dry_run_tells_what_is_here_how_that_is_known_and_what_room_there_is(
    hub: PracticeHub, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    hub.hf.add_repo("me/model", {f"{name}.safetensors": 5000 for name in ("fetched", "found", "missing")})
    plain = hub.add_file("plain.bin", b"x" * 4000)
    with App({**os.environ, **hub.env()}) as app:
        download = app.download(Wish(["hf:me/model/fetched.safetensors"], f"{out}/model/"))
        download.run(download.plan())
    (out / "model/found.safetensors").write_bytes(hub.hf.repo("me/model").head.files["found.safetensors"].bytes())
    (out / "plain.bin").write_bytes(b"y" * 4000)
    before = sorted(out.rglob("*"))
    asked = ("get", "hf:me/model", plain, "--to", f"{out}/", "--dry-run")
    known = [
        ("model/fetched.safetensors", 5000, "here", "same sha256, measured earlier and untouched since"),
        ("model/found.safetensors", 5000, "here", "same sha256, measured just now"),
        ("model/missing.safetensors", 5000, "fetch", "not here yet"),
        ("plain.bin", 4000, "here", "same size; no hash to compare"),
    ]

    plan = modelyard(*asked, "--json", env=hub.env()).event("plan")
    assert [(one["path"], one["size"], one["step"], one["how"]) for one in plan["files"]] == [
        (str(out / path), *facts) for path, *facts in known
    ]
    assert (plan["bytes_to_fetch"], plan["unknown_sizes"]) == (5000, 0)
    (free,) = plan["free"].values()
    assert 0 < free <= shutil.disk_usage(out).total

    told = modelyard(*asked, env=hub.env()).out.splitlines()
    known[1] = (*known[1][:3], known[0][3])  # the first look measured it
    for line, (path, size, step, how) in zip(told, known, strict=False):
        assert line.split(maxsplit=1)[0] == step and line.endswith(f"{show_size(size)}  {out / path}  ({how})")
    assert told[4] == "1 of 4 files to fetch, 5.0 kB." and re.fullmatch(r"[\d.]+ .?B free on the disk of .*\.", told[5])
    assert sorted(out.rglob("*")) == before


def test_a_dry_run_asks_a_plain_server_for_size_and_name(hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("m.safetensors", SIZE)
    plan = modelyard("get", url, "--to", f"{tmp_path}/", "--dry-run", "--json").event("plan")
    assert plan["files"][0]["size"] == SIZE
    assert hub.log.bytes_sent() < 20_000


@pytest.mark.parametrize(
    ("address", "key", "code", "needs"),
    [
        ("hf:org/gated", None, 4, "needs a key"),
        ("hf:org/gated", "hf_bad", 4, "needs access, see https://huggingface.co/org/gated"),
        ("hf:org/gated", "hf_good", 0, "not here yet)"),
        ("hf:org/private", None, 3, ""),
        ("hf:org/private", "hf_good", 0, "not here yet)"),
        ("ms:org/private", None, 4, ""),
        ("ms:org/gated", None, 4, ""),
        ("civitai:105", None, 4, "needs a key"),
    ],
)
def test_a_dry_run_ends_as_the_true_one_would_and_each_file_says_what_it_needs(
    hub: PracticeHub, tmp_path: Path, address: str, key: str | None, code: int, needs: str
) -> None:
    env = hub.env() | ({"HF_TOKEN": key} if key else {})
    asked = ("get", address, "--to", f"{tmp_path}/out/")
    dry, told = modelyard(*asked, "--dry-run", env=env), modelyard(*asked, "--dry-run", "--json", env=env)
    assert (dry.code, told.code) == (code, code)
    rows = [line for line in dry.out.splitlines() if line.startswith("fetch ")]
    assert all(needs in row for row in rows) and bool(rows) is bool(needs)
    assert dry.err.count("error") == bool(code)  # once, however many files
    assert not (tmp_path / "out").exists()
    real = modelyard(*asked, "--json", env=env)
    assert real.code == code
    if code and needs:
        assert {file["gate"]["code"] for file in told.event("plan")["files"]} == {real.error}


def test_include_and_exclude_choose(hub: PracticeHub, tmp_path: Path) -> None:
    hub.hf.add_repo("me/model", {"a.safetensors": 5000, "b.gguf": 5000, "c.bin": 5000})
    chosen = ("--include", "*.safetensors", "--include", "*.bin", "--exclude", "c*")
    assert modelyard("get", "hf:me/model", "--to", f"{tmp_path}/", *chosen, env=hub.env()).code == 0
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["a.safetensors"]


def test_what_belongs_with_a_model_comes_with_it_where_that_is_wished(hub: PracticeHub, tmp_path: Path) -> None:
    config = ModelFile(399, "big.yaml", Bytes(b"model: {}\n"), type="Config", format="Other", size=None, primary=False)
    hub.civitai.models[101].versions[0].files.append(config)
    hub.hf.add_repo("me/model", {"m.safetensors": 5000, "config.json": b"{}", "notes.txt": b"-", "b.gguf": 500})
    asked = ("get", "civitai:101@203?fileId=303", "hf:me/model/m.safetensors", "--to", f"{tmp_path}/out/", "--json")
    alone = modelyard(*asked, "--dry-run", env=hub.env()).event("plan")
    assert [Path(one["path"]).name for one in alone["files"]] == ["big_pruned.safetensors", "m.safetensors"]

    ran = modelyard(*asked, "--with-companions", env=hub.env())
    assert ran.code == 0, ran.out
    done = {Path(one["path"]).name: one for one in ran.events if one["event"] == "done"}
    assert set(done) == {"big_pruned.safetensors", "big.vae.safetensors", "big.yaml", "m.safetensors", "config.json"}
    assert {one["verified"] for one in done.values()} == {True}
    assert {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()} == set(done)


def test_addresses_come_from_a_list_and_from_stdin(hub: PracticeHub, tmp_path: Path) -> None:
    urls = [hub.add_file(f"{index}.safetensors", 5000) for index in range(4)]
    listed = tmp_path / "list.txt"
    listed.write_text(f"# a comment\n{urls[0]}\n\n{urls[1]}\n")
    ran = modelyard("get", "-i", str(listed), "-i", "-", "--to", f"{tmp_path}/out/", stdin=f"{urls[2]}\n")
    assert ran.code == 0, ran.err
    assert modelyard("get", "--to", f"{tmp_path}/out/", stdin=urls[3]).code == 0
    assert len(list((tmp_path / "out").iterdir())) == 4


def test_an_archive_is_unpacked_as_it_arrives(hub: PracticeHub, tmp_path: Path) -> None:
    data = os.urandom(700_000)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("sub/model.bin")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    raw = gzip.compress(packed.getvalue())
    url = hub.add_file("m.tar.gz", raw)
    ran = modelyard("get", url, "--to", f"{tmp_path}/out/", "--unpack", "--sha256", hashlib.sha256(raw).hexdigest())
    assert ran.code == 0, ran.err
    assert (tmp_path / "out/sub/model.bin").read_bytes() == data
    assert "verified (sha256)" in ran.out
    wrong = modelyard("get", url, "--to", f"{tmp_path}/bad/", "--unpack", "--sha256", "0" * 64, "--json")
    assert wrong.error == "hash-differs"
    assert not (tmp_path / "bad").exists()


def test_what_a_server_calls_a_file_is_used_only_when_it_is_safe(hub: PracticeHub, tmp_path: Path) -> None:
    good = hub.add_file("x.bin", 5000, disposition='attachment; filename="nice name.safetensors"')
    evil = hub.add_file("y.bin", 5001, disposition='attachment; filename="../../evil.safetensors"')
    assert modelyard("get", good, evil, "--to", f"{tmp_path}/out/").code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["nice name.safetensors", "y.bin"]
    assert not list(tmp_path.rglob("evil*"))


def test_settings_and_variables_reach_the_engine(hub: PracticeHub, tmp_path: Path) -> None:
    url, _ = hub.add_fault("s500forever", SIZE)
    begun = modelyard("get", url, "--to", f"{tmp_path}/", "--json", env={"MODELYARD_RETRY_RETRIES": "0"})
    assert begun.error == "server-failed"
    assert len(hub.log) == 1


@pytest.mark.parametrize("quiet", [True, False])
def test_plain_output_names_retries_in_words(hub: PracticeHub, tmp_path: Path, quiet: bool) -> None:
    url, _ = hub.add_fault("s503x2", SIZE)
    ran = modelyard(
        "get", url, "--to", f"{tmp_path}/", *(["-q"] if quiet else []), env={"MODELYARD_RETRY_FIRST": "0.5"}
    )
    assert ran.code == 0
    assert ("Trying again" in ran.err) is not quiet
