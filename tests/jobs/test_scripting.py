"""Selections become the files of a script: with lasting links, measured hashes and names that stay below the folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hubs.silent_api import SilentApi
from jobs.library import model, scanned
from modelyard.app import App
from modelyard.errors import BadValue
from modelyard.hubs.registry import Hubs
from modelyard.jobs.lockfile import Lock, LockedFile, LockedModel
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.scripting import Row, link_to, of_lock, of_models, of_rows, of_tasks
from modelyard.library.roots.entries import Entry
from modelyard.net.stop import Stop
from modelyard.store.proofs import Proof, stamp_of
from modelyard.tasks.task import Task

COMMIT = "c" * 40


@pytest.mark.parametrize(
    ("address", "link"),
    [
        (f"hf:org/repo@{COMMIT}/a b.gguf", f"https://huggingface.co/org/repo/resolve/{COMMIT}/a%20b.gguf"),
        ("hf:org/repo/x.gguf", "https://huggingface.co/org/repo/resolve/main/x.gguf"),
        ("hf:org/repo", ""),
        ("hf:org/repo/*.gguf", ""),
        ("hf:org/repo/folder/", ""),
        ("ms:org/repo/x.gguf", "https://modelscope.cn/api/v1/models/org/repo/repo?FilePath=x.gguf"),
        ("civitai:12@34/*.safetensors", ""),
        ("civitai:12@34", "https://civitai.com/api/download/models/34"),
        ("civitai:12@34?fileId=5", "https://civitai.com/api/download/models/34?fileId=5"),
        ("civitai:12", ""),
        ("gh:org/repo@v1/x.pth", "https://github.com/org/repo/releases/download/v1/x.pth"),
        ("https://host/x.gguf", "https://host/x.gguf"),
        ("no address at all", ""),
        ("", ""),
    ],
)
def test_an_address_that_says_one_file_has_a_lasting_link(app: App, address: str, link: str) -> None:
    assert link_to(app.hubs, address) == link


def test_a_hub_that_a_package_brings_has_links_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "hubs" / "toy_hub"))
    assert link_to(Hubs(SilentApi(), {}), "toy:bear") == "https://toys.example/bear"


def test_models_come_with_what_was_measured_and_where_they_came_from(app: App, root: Path) -> None:
    path, other = model(root / "sub" / "a.safetensors", 1), model(root / "b.safetensors", 2)
    stamp = stamp_of(path)
    assert stamp is not None
    app.stock.yard.proofs.keep([Proof(path, stamp, {"sha256": "ab" * 32}, address="hf:org/repo@main/a.safetensors")])
    scanned(app)
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)
    numbers = [app.stock.catalogue.at(str(one)).id for one in (path, other)]
    first, second = of_models(app.stock, numbers)
    assert (first.target, first.address) == ("loras/sub/a.safetensors", "hf:org/repo@main/a.safetensors")
    assert first.url == "https://huggingface.co/org/repo/resolve/main/a.safetensors"
    assert len(first.digest) == 64 and first.size == path.stat().st_size
    assert (second.address, second.url, second.remark.endswith("measured")) == ("", "", True)


def task(number: int = 1, **facts: Any) -> Task:
    told: dict[str, Any] = dict.fromkeys(Task.__struct_fields__)
    return Task(
        **{**told, "id": number, "kind": "download", "title": "", "address": "hf:org/repo", "payload": {}, **facts}
    )


def test_a_task_that_is_done_comes_file_by_file_and_one_that_waits_by_its_address(app: App, root: Path) -> None:
    path = model(root / "a.safetensors", 1)
    stamp = stamp_of(path)
    assert stamp is not None
    app.stock.yard.proofs.keep(
        [Proof(path, stamp, {"sha256": "ab" * 32}, address="hf:org/repo@main/sub/a.safetensors")]
    )
    files = [{"path": str(path), "size": 5, "sha256": "ab" * 32}, {"path": "/gone/b.gguf", "size": 6, "sha256": None}]
    first, second = of_tasks(app.stock, [task(result={"files": files}), task(2, kind="scan")])
    assert (first.target, first.sha256) == ("a.safetensors", "ab" * 32)
    assert first.url == "https://huggingface.co/org/repo/resolve/main/sub/a.safetensors"
    assert (second.target, second.address) == ("b.gguf", "")
    (alone,) = of_tasks(app.stock, [task(result={"files": files[1:]}, address="civitai:1@2")])
    assert alone.url == "https://civitai.com/api/download/models/2"
    (waiting,) = of_tasks(app.stock, [task(payload={"_address": "hf:org/repo/x.gguf", "sha256": "cd" * 32})])
    assert (waiting.target, waiting.claimed, waiting.sha256) == ("x.gguf", "cd" * 32, "")
    with pytest.raises(BadValue):
        of_tasks(app.stock, [task(kind="scan")])


def test_of_a_models_row_that_is_here_its_own_proof_counts_and_files_of_nobody_tell_nothing(
    app: App, tmp_path: Path
) -> None:
    root = tmp_path / "loras"
    here, elsewhere = model(root / "a.safetensors", 1), model(tmp_path / "secret" / "b.safetensors", 2)
    app.stock.entries.keep(Entry(path=str(root), folder="loras"))
    for path in (here, elsewhere):
        stamp = stamp_of(path)
        assert stamp is not None
        app.stock.yard.proofs.keep(
            [Proof(path, stamp, {"sha256": "ab" * 32}, {}, b"", "ms:org/repo/a.safetensors", "")]
        )
    dead = {
        "name": "a.safetensors",
        "directory": "loras",
        "url": "https://dead.example/a.safetensors",
        "hash": "cd" * 32,
    }
    mine, theirs = of_rows(app.stock, [Row(**dead, path=str(here)), Row(**dead, path=str(elsewhere))])
    assert (mine.address, mine.sha256, mine.url[:22]) == (
        "ms:org/repo/a.safetensors",
        "ab" * 32,
        "https://modelscope.cn/",
    )
    assert (theirs.address, theirs.sha256) == (dead["url"], "")
    known = Row(**{**dead, "hash": "ab" * 32}, path=str(elsewhere))
    (nobodys,) = of_rows(app.stock, [known])
    assert (nobodys.address, nobodys.sha256) == (dead["url"], "")
    guessed, owners, moved = of_rows(
        app.stock,
        [Row(**dead, path=str(elsewhere)), known, msgspec.structs.replace(known, path=str(tmp_path / "secret/c.pt"))],
        owner=True,
    )
    assert (owners.address, owners.sha256) == ("ms:org/repo/a.safetensors", "ab" * 32)
    assert {(one.address, one.sha256) for one in (guessed, moved)} == {(dead["url"], "")}


def test_rows_and_lockfiles_keep_their_folders_and_never_lead_out(app: App) -> None:
    rows = [
        Row(name="sub\\x.gguf", directory="loras", url="https://host/x.gguf"),
        Row(name="../../y", directory="../z"),
    ]
    assert [item.target for item in of_rows(app.stock, rows)] == ["loras/sub/x.gguf", "y"]
    file = LockedFile("d/a.gguf", 5, "ab" * 32, "hf:org/repo@main/a.gguf")
    hostile = LockedFile("../../.ssh/authorized_keys", 5)
    lock = Lock(1, "now", (LockedModel("t", "vae", "d/a.gguf", (file, hostile)),))
    first, second = of_lock(lock, app.hubs)
    assert (first.target, first.sha256, first.url[:24]) == ("vae/d/a.gguf", "ab" * 32, "https://huggingface.co/o")
    assert second.target == "authorized_keys"
