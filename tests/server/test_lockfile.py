"""A lockfile over the routes: what is missing is fetched to its place with its hash, what differs stays."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jobs.library import library, model, scanned
from modelyard.app import App
from modelyard.catalogue.asking import Asking
from modelyard.errors import BadValue
from modelyard.jobs.lockfile import MOST, export_json, read_lock
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.wish import Wish
from modelyard.net.stop import Stop
from modelyard.server.inside import call
from modelyard.testing import PracticeHub

SIZE = 200_000


def face(app: App, method: str, path: str, body: Any = None) -> Any:
    code, told = call(app, method, f"/api/v1{path}", body)
    assert code == 200, (code, told)
    return told


def measured(app: App) -> None:
    scanned(app)
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)


@pytest.fixture
def lock(hub: PracticeHub, tmp_path: Path) -> dict[str, Any]:
    """The lockfile of a machine with files from two hubs, one from nowhere, and one whose place is taken elsewhere."""
    hub.hf.add_repo("me/model", {"sub/m.safetensors": SIZE, "taken.safetensors": SIZE})
    (tmp_path / "one").mkdir()
    with library(tmp_path / "one", **hub.env()) as (app, root):
        for address, folder in (("hf:me/model/sub/m.safetensors", "style/"), ("hf:me/model/taken.safetensors", "")):
            download = app.download(Wish([address], to=f"{root}/{folder}"))
            assert [one.error for one in download.run(download.plan())] == [None]
        content = hub.civitai.models[100].versions[1].files[0].content
        (root / "by hash.safetensors").write_bytes(content.bytes())
        model(root / "mine.safetensors", 7)
        measured(app)
        return dict(face(app, "GET", "/lockfile"))


def test_what_is_missing_is_fetched_to_its_place_with_its_hash_and_what_differs_stays(
    hub: PracticeHub, tmp_path: Path, lock: dict[str, Any]
) -> None:
    hashes = {one["place"]: one["sha256"] for entry in lock["models"] for one in entry["files"]}
    (tmp_path / "two").mkdir()
    with library(tmp_path / "two", **hub.env()) as (app, root):
        mine = model(root / "taken.safetensors", 9).read_bytes()
        measured(app)
        assert len(face(app, "POST", "/lockfile/check", lock)["left"]) == 4
        assert face(app, "GET", "/tasks")["tasks"] == [], "to check is not to fetch"
        told = face(app, "POST", "/lockfile/apply", lock)
        assert {one["place"]: one["state"] for one in told["left"]} == {
            "mine.safetensors": "missing",
            "taken.safetensors": "differs",
        }
        assert len(told["ids"]) == 2 and not told["complete"]
        app.runner.start()
        until = time.monotonic() + 30
        while {app.queue.get(number).state.value for number in told["ids"]} != {"done"}:
            assert time.monotonic() < until, [app.queue.get(number) for number in told["ids"]]
            app.events.wait(app.events.newest, 0.2)
        for place in ("style/m.safetensors", "by hash.safetensors"):
            assert hashlib.sha256((root / place).read_bytes()).hexdigest() == hashes[place]
        assert (root / "taken.safetensors").read_bytes() == mine and not (root / "mine.safetensors").exists()
        scanned(app)
        again = face(app, "POST", "/lockfile/apply", lock)
        assert again["ids"] == [] and {one["state"] for one in again["files"]} == {"here", "differs", "missing"}


def test_other_bytes_than_the_lockfile_has_never_land(hub: PracticeHub, tmp_path: Path, lock: dict[str, Any]) -> None:
    (entry,) = [one for one in lock["models"] if one["place"] == "style/m.safetensors"]
    entry["files"][0]["sha256"] = "ab" * 32
    (tmp_path / "two").mkdir()
    with library(tmp_path / "two", **hub.env()) as (app, root):
        (number,) = face(app, "POST", "/lockfile/apply", lock | {"models": [entry]})["ids"]
        app.runner.start()
        until = time.monotonic() + 30
        while (task := app.queue.get(number)).state.value != "failed":
            assert time.monotonic() < until, task
            app.events.wait(app.events.newest, 0.2)
        assert task.error is not None and not (root / "style" / "m.safetensors").exists()


def test_an_address_that_cannot_be_read_is_told_and_the_rest_is_fetched(
    hub: PracticeHub, tmp_path: Path, lock: dict[str, Any]
) -> None:
    (entry,) = [one for one in lock["models"] if one["place"] == "taken.safetensors"]
    entry["files"][0]["address"] = "hf:"
    (tmp_path / "two").mkdir()
    with library(tmp_path / "two", **hub.env()) as (app, _):
        told = face(app, "POST", "/lockfile/apply", lock)
        assert len(told["ids"]) == 2
        assert {one["place"]: bool(one.get("reason")) for one in told["left"]} == {
            "mine.safetensors": False,
            "taken.safetensors": True,
        }


STRANGE = {
    "inside.safetensors": "http://127.0.0.1:9/inner?do=it",
    "key.safetensors": f"https://civitai.com/api/download/models/128713?token={'0123456789abcdef' * 2}",
    "extra_model_paths.yaml": "https://example.org/x",
    "evil.py": "https://example.org/x",
}


def test_a_strangers_lockfile_reaches_no_inner_service_sets_no_key_and_writes_only_models(tmp_path: Path) -> None:
    def entry(place: str, address: str) -> dict[str, Any]:
        files = [{"place": place, "size": 5, "address": address}]
        return {"title": "t", "folder": "loras", "place": place, "files": files}

    with library(tmp_path) as (app, root):
        models = [entry(place, address) for place, address in STRANGE.items()]
        told = face(app, "POST", "/lockfile/apply", {"modelyard": 1, "made": "", "models": models})
        assert {one["place"] for one in told["left"]} == {"extra_model_paths.yaml", "evil.py"}
        for number in told["ids"]:
            options = app.queue.get(number).payload
            assert options["told"] and options["_within"] == str(root.resolve()), "checked again where it is fetched"
        assert face(app, "GET", "/keys") == []
        app.runner.start()
        until = time.monotonic() + 30
        while not (error := app.queue.get(told["ids"][0]).error):
            assert time.monotonic() < until
            app.events.wait(app.events.newest, 0.2)
        assert error["code"] == "address-forbidden"


@pytest.mark.parametrize("bound", ["MOST", "LARGEST"])
def test_more_than_a_lockfile_holds_is_refused_when_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    with library(tmp_path) as (app, root):
        for number in range(3):
            model(root / f"{number}.safetensors", number)
        scanned(app)
        whole = b"".join(export_json(app.stock, Asking()))
        exact = {"MOST": 3, "LARGEST": len(whole)}[bound]
        monkeypatch.setattr(f"modelyard.jobs.lockfile.{bound}", exact)
        assert len(b"".join(export_json(app.stock, Asking()))) == len(whole)
        monkeypatch.setattr(f"modelyard.jobs.lockfile.{bound}", exact - 1)
        with pytest.raises(BadValue) as refused:
            b"".join(export_json(app.stock, Asking()))
        assert "--folder" in refused.value.hint
        code, told = call(app, "GET", "/api/v1/lockfile")
        assert (code, told["code"]) == (400, "bad-value")


def test_reading_takes_as_many_models_as_writing_gives() -> None:
    one = {"title": "x", "folder": "loras", "place": "x", "files": [{"place": "x", "size": 1}]}
    told = {"modelyard": 1, "made": "", "models": [one] * MOST}
    assert len(read_lock(msgspec.json.encode(told)).models) == MOST
    with pytest.raises(BadValue):
        read_lock(msgspec.json.encode(told | {"models": [one] * (MOST + 1)}))
