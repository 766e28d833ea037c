"""Ollama gets blob and manifest together, by itself where it runs; no blob is ever left alone, no byte is copied."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.lending.fake_ollama import HOME, FakeOllama, running
from jobs.lending.test_lend import code, killed, names, number, one
from jobs.library import library, model, scanned
from modelyard.app import App
from modelyard.errors import CannotLend
from modelyard.jobs.lending.ollama_api import Ollama
from modelyard.jobs.lending.returning import give_back, lent, recover
from modelyard.library.roots.entries import Entry
from modelyard.programs.installed.metadata import told_by
from modelyard.programs.installed.searching import recognise
from programs.installed import trees


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:1")
    return trees.ollama(tmp_path / "home" / ".ollama" / "models")


@pytest.fixture
def app(tmp_path: Path, store: Path) -> Iterator[App]:
    with library(tmp_path) as (app, _):
        yield app


@pytest.fixture
def gguf(app: App, tmp_path: Path) -> Path:
    path = trees.gguf(tmp_path / "loras" / "My Model Q4.gguf", 7)
    scanned(app)
    return path


@pytest.fixture
def server(store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOllama]:
    with running(store) as fake:
        monkeypatch.setenv("OLLAMA_HOST", fake.host)
        yield fake


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def alone(store: Path) -> set[str]:
    """Blobs that no manifest names: Ollama removes them at its start."""
    manifests = "".join(path.read_text() for path in (store / "manifests").rglob("*") if path.is_file())
    return {path.name for path in (store / "blobs").iterdir() if path.name.replace("-", ":", 1) not in manifests}


def test_without_ollama_blobs_and_manifest_are_written(app: App, gguf: Path, store: Path) -> None:
    before, digest = names(store), sha256(gguf)
    told = one(app, gguf, "ollama")
    assert (told["means"], told["path"]) == (["manifest"], "my-model-q4:latest")
    blob = store / "blobs" / f"sha256-{digest}"
    assert blob.read_bytes() == gguf.read_bytes()
    manifest = json.loads((store / HOME / "my-model-q4" / "latest").read_text())
    assert manifest["layers"][0] == {
        "mediaType": "application/vnd.ollama.image.model",
        "digest": f"sha256:{digest}",
        "size": gguf.stat().st_size,
    }
    config = store / "blobs" / manifest["config"]["digest"].replace(":", "-")
    assert sha256(config) == manifest["config"]["digest"].removeprefix("sha256:")
    assert (
        config.stat().st_size == manifest["config"]["size"] and json.loads(config.read_text())["model_format"] == "gguf"
    )
    assert alone(store) == set()
    program = recognise(store, trees.machine(store.parent.parent))
    assert program is not None
    assert "my-model-q4:latest" in [fact.about.name for fact in told_by(program, trees.machine(store.parent.parent))]
    assert give_back(app.stock, told["loan"]).left == []
    assert names(store) - {"manifests/registry.ollama.ai/library"} == before - {"manifests/registry.ollama.ai/library"}
    assert gguf.is_file()


def test_where_it_runs_it_makes_the_name_and_the_bytes_are_linked(
    app: App, gguf: Path, store: Path, server: FakeOllama
) -> None:
    before = names(store)
    told = one(app, gguf, "ollama")
    assert (told["means"], told["path"], server.uploads) == (["api"], "my-model-q4:latest", [])
    blob = store / "blobs" / f"sha256-{sha256(gguf)}"
    assert blob.samefile(gguf) or blob.read_bytes() == gguf.read_bytes()
    assert give_back(app.stock, told["loan"]).left == []
    assert {name for name in names(store) if "my-model" not in name} == before
    assert alone(store) == set() and gguf.is_file()


def test_a_running_one_with_another_store_gets_a_copy_only_when_told(
    app: App, gguf: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = trees.ollama(tmp_path / "other")
    before = names(store)
    with running(other) as fake:
        monkeypatch.setenv("OLLAMA_HOST", fake.host)
        refused = one(app, gguf, "ollama")
        assert code(refused) == "cannot-lend" and "--copy" in refused["error"]["hint"]
        assert names(store) == before and lent(app.stock) == []


def test_a_refusal_of_ollama_leaves_no_blob_behind(app: App, gguf: Path, store: Path, server: FakeOllama) -> None:
    before = names(store)
    server.refuses = "not enough magic"
    told = one(app, gguf, "ollama")
    assert code(told) == "cannot-lend" and "not enough magic" in told["error"]["message"]
    assert names(store) == before and lent(app.stock) == []


def test_a_name_that_it_has_already_is_not_replaced(app: App, gguf: Path, store: Path, server: FakeOllama) -> None:
    manifest = trees.put(store / HOME / "my-model-q4" / "latest", '{"layers": []}')
    before = names(store)
    assert code(one(app, gguf, "ollama")) == "target-exists"
    server.shutdown()
    os.environ["OLLAMA_HOST"] = "127.0.0.1:1"
    assert code(one(app, gguf, "ollama")) == "target-exists"
    assert names(store) == before and manifest.read_text() == '{"layers": []}'


def test_a_name_that_is_another_model_by_now_stays(app: App, gguf: Path, store: Path, server: FakeOllama) -> None:
    told = one(app, gguf, "ollama")
    manifest = server.manifest("my-model-q4:latest")
    manifest.write_text(manifest.read_text() + " ")
    ((name, why),) = give_back(app.stock, told["loan"]).left
    assert name == "my-model-q4:latest" and "Another model" in why
    assert manifest.exists()


def test_what_ollama_made_waits_until_it_runs(
    app: App, gguf: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(store) as fake:
        monkeypatch.setenv("OLLAMA_HOST", fake.host)
        told = one(app, gguf, "ollama")
    with pytest.raises(CannotLend, match="does not run"):
        give_back(app.stock, told["loan"])
    assert len(lent(app.stock)) == 1
    assert alone(store) == set()


def test_a_blob_that_another_model_needs_stays_and_is_taken_back_with_the_last(
    app: App, gguf: Path, store: Path, tmp_path: Path
) -> None:
    twin = gguf.with_name("twin.gguf")
    twin.write_bytes(gguf.read_bytes())
    scanned(app)
    first, second = one(app, gguf, "ollama"), one(app, twin, "ollama")
    assert give_back(app.stock, first["loan"]).left != []
    assert alone(store) == set() and (store / "blobs" / f"sha256-{sha256(gguf)}").exists()
    assert give_back(app.stock, second["loan"]).left == []
    assert not (store / "blobs" / f"sha256-{sha256(gguf)}").exists() and alone(store) == set()


def test_a_model_that_was_changed_since_it_was_measured_is_measured_again(app: App, gguf: Path, store: Path) -> None:
    give_back(app.stock, one(app, gguf, "ollama")["loan"])
    trees.gguf(gguf, 8)
    scanned(app)
    told = one(app, gguf, "ollama")
    assert told["state"] == "made" and (store / "blobs" / f"sha256-{sha256(gguf)}").exists()


def test_its_own_blobs_and_other_formats_are_not_lent_to_it(app: App, store: Path, tmp_path: Path) -> None:
    app.stock.entries.keep(Entry(path=str(store / "blobs"), read_only=True))
    lora = model(tmp_path / "loras" / "a.safetensors", 1)
    scanned(app)
    assert one(app, store / "blobs" / f"sha256-{trees.BLOB}", "ollama")["state"] == "there"
    assert code(one(app, lora, "ollama")) == "cannot-lend"


@pytest.mark.parametrize(
    "host", ["192.168.1.5:11434", "example.org", "https://127.0.0.1:5", "127.0.0.1.evil.org", "[::2]:1"]
)
def test_an_ollama_of_another_machine_is_never_asked(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object, **__: object) -> None:
        raise AssertionError("somebody was asked")

    monkeypatch.setattr("http.client.HTTPConnection", connect)
    assert Ollama.running({"OLLAMA_HOST": host}) is None
    with pytest.raises(AssertionError, match="asked"):
        Ollama.running({"OLLAMA_HOST": "0.0.0.0"})


@pytest.mark.parametrize("point", ["lending", "named", "placed", "lent"])
def test_killed_anywhere_no_blob_is_left_alone(tmp_path: Path, store: Path, point: str) -> None:
    with library(tmp_path) as (app, root):
        path = trees.gguf(root / "m.gguf", 5)
        scanned(app)
        found = number(app, path)
    before = names(store)
    killed(tmp_path, point, "lend", str(found), "ollama")
    with library(tmp_path) as (app, _):
        recover(app.stock)
        assert (names(store), lent(app.stock)) == (before, [])
        assert path.is_file()


@pytest.mark.parametrize("point", ["asking", "asked", "lent"])
def test_killed_while_ollama_makes_the_name_nothing_of_it_is_left(
    tmp_path: Path, store: Path, server: FakeOllama, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    with library(tmp_path) as (app, root):
        path = trees.gguf(root / "m.gguf", 5)
        scanned(app)
        found = number(app, path)
    before = names(store)
    killed(tmp_path, point, "lend", str(found), "ollama")
    assert server.manifest("m").exists() == (point != "asking")
    with library(tmp_path) as (app, _):
        if point != "asking":
            with monkeypatch.context() as away:
                away.setenv("OLLAMA_HOST", "127.0.0.1:1")
                recover(app.stock)
                assert [loan.state for loan in lent(app.stock)] == ["unfinished"], "it waits until Ollama runs"
        recover(app.stock)
        assert ({one for one in names(store) if "library/m" not in one}, lent(app.stock)) == (before, [])
        assert not server.manifest("m").exists()
        assert path.is_file()


def test_a_name_that_somebody_else_gave_meanwhile_stays(tmp_path: Path, store: Path, server: FakeOllama) -> None:
    with library(tmp_path) as (app, root):
        path = trees.gguf(root / "m.gguf", 5)
        scanned(app)
        found = number(app, path)
    killed(tmp_path, "asking", "lend", str(found), "ollama")
    server.manifest("m").parent.mkdir(parents=True, exist_ok=True)
    server.manifest("m").write_text(json.dumps({"layers": [{"digest": "sha256:" + "1" * 64}]}))
    with library(tmp_path) as (app, _):
        recover(app.stock)
        assert lent(app.stock) == []
        assert server.manifest("m").exists()
