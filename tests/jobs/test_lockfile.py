"""A library written down on one machine is checked and completed on another; a hostile lockfile moves nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from modelyard.app import App
from modelyard.catalogue.asking import Asking
from modelyard.errors import BadValue, UnsafePath
from modelyard.jobs.lockfile import Lock, check, export, export_json, fetchable, read_lock
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.refresh import RefreshOptions, refresh
from modelyard.jobs.wish import Wish
from modelyard.net.stop import Stop
from modelyard.testing import PracticeHub

from .library import library, model, scanned


def measured(app: App) -> None:
    scanned(app)
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)


def states(app: App, lock: Lock) -> dict[str, str]:
    return {one.place: one.state for one in check(app.stock, lock)}


def test_each_file_is_here_elsewhere_different_or_missing(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with library(tmp_path / "one") as (app, root):
        for number, name in enumerate(("same", "moved", "other", "lost", "new")):
            model(root / "sub" / f"{name}.safetensors", number)
        measured(app)
        text = msgspec.json.encode(export(app.stock, Asking()))
        source = root
    lock = read_lock(text)
    assert str(tmp_path) not in text.decode(), "no path of this machine"
    with library(tmp_path / "two") as (app, root):
        (root / "sub").mkdir()
        for name, place in (("same", "sub/same"), ("moved", "elsewhere")):
            shutil.copy(source / "sub" / f"{name}.safetensors", root / f"{place}.safetensors")
        model(root / "sub" / "other.safetensors", 99)
        measured(app)
        shutil.copy(source / "sub" / "new.safetensors", root / "sub" / "new.safetensors")
        scanned(app)
        assert states(app, lock) == {
            "sub/same.safetensors": "here",
            "sub/moved.safetensors": "elsewhere",
            "sub/other.safetensors": "differs",
            "sub/lost.safetensors": "missing",
            "sub/new.safetensors": "unmeasured",
        }
        (lost,) = [one for one in check(app.stock, lock) if one.state == "missing"]
        assert lost.target == str(root / "sub" / "lost.safetensors")


def test_written_in_pieces_it_is_the_same_and_asks_a_few_questions_for_a_thousand_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelyard.jobs.lockfile._PAGE", 10)
    asked: list[str] = []
    with library(tmp_path) as (app, root):
        for number in range(25):
            model(root / f"m{number}-00001-of-00002.safetensors", number)
            model(root / f"m{number}-00002-of-00002.safetensors", number + 100)
        measured(app)
        sa.event.listen(app.database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
        told = b"".join(export_json(app.stock, Asking()))
        assert len([one for one in asked if one.startswith("SELECT")]) < 25
        assert read_lock(told).models == export(app.stock, Asking()).models
        assert [len(one.files) for one in read_lock(told).models] == [2] * 25
        nothing = b"".join(export_json(app.stock, Asking(kind=("nothing",))))
        assert read_lock(nothing).models == ()


def test_what_was_downloaded_can_be_had_again_by_its_address_and_the_rest_by_its_hash(
    hub: PracticeHub, tmp_path: Path
) -> None:
    hub.hf.add_repo("me/model", {"m.safetensors": 3 * 2**20})
    content = hub.civitai.models[100].versions[1].files[0].content
    with library(tmp_path, **hub.env()) as (app, root):
        download = app.download(Wish(["hf:me/model/m.safetensors"], to=f"{root}/"))
        assert download.run(download.plan())[0].error is None
        (root / "stranger.safetensors").write_bytes(content.bytes())
        measured(app)
        lock = export(app.stock, Asking())
        for path in root.glob("*.safetensors"):
            path.unlink()
        scanned(app)
        found = check(app.stock, lock)
        assert {one.state for one in found} == {"missing"}
        addresses = {one.place: one.address for one in found}
        assert addresses["m.safetensors"].startswith("hf:me/model@")
        assert addresses["stranger.safetensors"] == ""
        wanted, left = fetchable(app.stock, found)
        assert not left and {one.target for one in wanted} == {one.target for one in found}
        asked = next(one for one in wanted if one.sha256 == content.sha256)
        assert asked.address.startswith("civitai:"), "its hash was asked for"


def test_each_line_names_the_hub_its_ids_and_the_licence_that_the_hub_told(hub: PracticeHub, tmp_path: Path) -> None:
    hub.hf.add_repo("me/model", {"m.safetensors": 3 * 2**20}, cardData={"license": "apache-2.0"})
    version = hub.civitai.models[100].versions[1]
    with library(tmp_path, **hub.env()) as (app, root):
        download = app.download(Wish(["hf:me/model/m.safetensors"], to=f"{root}/"))
        assert download.run(download.plan())[0].error is None
        (root / "stranger.safetensors").write_bytes(version.files[0].content.bytes())
        model(root / "mine.safetensors", 7)
        measured(app)
        refresh(app.stock, RefreshOptions(), Stop(), lambda _: None)
        lines = msgspec.json.decode(b"".join(export_json(app.stock, Asking())))["models"]
    told = {one["place"]: [one.get(name, "") for name in ("hub", "model", "version", "licence")] for one in lines}
    assert told == {
        "m.safetensors": ["huggingface", "me/model", hub.hf.repo("me/model").head.sha, "apache-2.0"],
        "stranger.safetensors": ["civitai", "100", str(version.id), "commercial use: Image"],
        "mine.safetensors": ["", "", "", ""],
    }
    files = {one["place"]: one["files"][0] for one in lines}
    assert files["stranger.safetensors"]["sha256"] == version.files[0].content.sha256
    assert files["stranger.safetensors"]["address"] == f"civitai:100@{version.id}"


@pytest.mark.parametrize("place", ["../x", "/etc/x", "a/../../x", "C:\\x", "a\0b"])
def test_a_lockfile_that_points_outside_is_refused_whole(tmp_path: Path, place: str) -> None:
    file = {"place": place, "size": 1}
    told = {"title": "x", "folder": "loras", "place": "x", "files": [file]}
    lock = read_lock(msgspec.json.encode({"modelyard": 1, "made": "", "models": [told]}))
    with library(tmp_path) as (app, _), pytest.raises(UnsafePath):
        check(app.stock, lock)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b'{"modelyard": 2, "made": "", "models": []}', b"\xff", b'{"modelyard": 1, "models": 3}']
)
def test_what_is_no_lockfile_is_told(data: bytes) -> None:
    with pytest.raises(BadValue):
        read_lock(data)
