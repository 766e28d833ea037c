"""A scan finds what is there, keeps what is known, and loses nothing that it merely could not see."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from modelyard.app import App
from modelyard.catalogue.asking import Asking
from modelyard.catalogue.model import Health
from modelyard.catalogue.views import Kept
from modelyard.errors import Stopped
from modelyard.jobs.checking import VerifyOptions, verify_models
from modelyard.jobs.complaints import problems_by_root
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.moving import rename
from modelyard.jobs.scan import Scan, Scanned
from modelyard.jobs.stock import Stock
from modelyard.library.roots.entries import Entry
from modelyard.net.stop import Stop
from modelyard.values.about import About, Own

from .library import library, model


def scan(stock: Stock, **how: bool) -> Scanned:
    return Scan(stock, Stop(), **how).run()


def listed(stock: Stock) -> list[str]:
    return sorted(one.place for one in stock.catalogue.page(Asking()).models)


def test_models_are_found_identified_and_described_by_their_sidecars(app: App, root: Path) -> None:
    model(root / "sub" / "nice.safetensors", ss_output_name="x")
    (root / "sub" / "nice.civitai.info").write_text(
        json.dumps({"id": 5, "modelId": 3, "baseModel": "SDXL 1.0", "model": {"name": "Nice one", "type": "LORA"}})
    )
    (root / "sub" / "nice.preview.png").write_bytes(b"x")
    done = scan(app.stock)
    assert (done.seen, done.added, done.problems, done.failed) == (1, 1, [], [])
    found = app.stock.catalogue.at(str(root / "sub" / "nice.safetensors"))
    assert (found.kind, found.title, found.hub_model, found.folder) == ("lora", "Nice one", "3", "loras")
    assert found.preview.endswith("nice.preview.png")


def test_an_unchanged_library_is_not_read_again(app: App, root: Path) -> None:
    for number in range(3):
        model(root / f"m{number}.safetensors", number)
    scan(app.stock)
    read: list[str] = []
    true = app.stock.reader

    class Counting:
        def read(self, paths):
            read.extend(paths)
            return true.read(paths)

        def close(self):
            true.close()

    app.stock.reader = Counting()
    again = scan(app.stock)
    assert (again.seen, again.added, again.changed, read) == (3, 0, 0, [])
    model(root / "m1.safetensors", 7)
    (root / "m2.md").write_text("# Trigger Words\n\nfoo\n")
    again = scan(app.stock)
    assert sorted(os.path.basename(path) for path in read) == ["m1.safetensors", "m2.safetensors"]
    assert (again.added, again.changed) == (0, 2)
    assert scan(app.stock, deep=True).changed == 3


def test_a_removed_file_is_gone_and_one_that_returns_is_the_same_model(app: App, root: Path) -> None:
    path = model(root / "a.safetensors")
    scan(app.stock)
    number = app.stock.catalogue.at(str(path)).id
    path.unlink()
    assert scan(app.stock).gone == 1
    assert listed(app.stock) == []
    model(path)
    scan(app.stock)
    assert app.stock.catalogue.at(str(path)).id == number


@pytest.mark.parametrize("way", ["rename", "other-root", "other-drive"])
def test_a_file_moved_by_somebody_else_is_recognised(app: App, root: Path, tmp_path: Path, way: str) -> None:
    other = tmp_path / "more"
    other.mkdir()
    app.stock.entries.keep(Entry(path=str(other), folder="loras"))
    before = model(root / "a.safetensors")
    scan(app.stock)
    number = app.stock.catalogue.at(str(before)).id
    app.stock.catalogue.describe(number, lambda about: replace(about, own=Own(favourite=True, notes="mine")))
    after = {
        "rename": root / "b.safetensors",
        "other-root": other / "z.safetensors",
        "other-drive": other / before.name,
    }[way]
    if way == "other-drive":
        shutil.copy2(before, after)  # what mv does between drives
        before.unlink()
    else:
        before.rename(after)
    done = scan(app.stock)
    assert (done.moved, done.added, done.gone) == (1, 0, 0)
    found = app.stock.catalogue.at(str(after))
    assert (found.id, found.favourite, found.notes, found.path) == (number, True, "mine", str(after))


def test_a_copy_is_another_model(app: App, root: Path) -> None:
    first = model(root / "a.safetensors")
    scan(app.stock)
    shutil.copy2(first, root / "b.safetensors")
    os.link(first, root / "c.safetensors")
    done = scan(app.stock)
    assert (done.added, done.moved) == (2, 0)


def test_a_root_that_cannot_be_seen_loses_nothing(app: App, root: Path, tmp_path: Path) -> None:
    model(root / "a.safetensors")
    scan(app.stock)
    root.rename(tmp_path / "unplugged")
    done = scan(app.stock)
    assert done.gone == 0 and "missing" in [problem.code for problem in done.problems]
    assert listed(app.stock) == ["a.safetensors"]


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount")
def test_an_empty_mount_point_loses_nothing(app: App, root: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "none", str(root)], check=True)
    try:
        model(root / "a.safetensors")
        scan(app.stock)
    finally:
        subprocess.run(["umount", str(root)], check=True)
    done = scan(app.stock)
    assert done.gone == 0 and [problem.code for problem in done.problems] == ["missing"]
    assert listed(app.stock) == ["a.safetensors"]


def test_a_time_beyond_all_databases_stops_nothing(app: App, root: Path) -> None:
    for at in (10**19, 2**62 + 5):
        os.utime(model(root / f"{at}.safetensors"), ns=(at, at))
    assert scan(app.stock).added == 2 and scan(app.stock).changed == 0


def test_two_files_that_changed_places_are_measured_again(app: App, root: Path) -> None:
    one, two = model(root / "a.safetensors", 1), model(root / "b.safetensors", 2)
    for path in (one, two):
        os.utime(path, ns=(10**18, 10**18))
    scan(app.stock)
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)
    one.rename(root / "c")
    two.rename(one)
    (root / "c").rename(two)
    scan(app.stock)
    assert [model.sha256 for model in app.stock.catalogue.page(Asking()).models] == ["", ""]


def test_a_shard_that_is_lost_or_replaced_is_noticed(app: App, root: Path) -> None:
    shards = [model(root / f"big-0000{number}-of-00002.safetensors", number) for number in (1, 2)]
    scan(app.stock)
    (found,) = app.stock.catalogue.page(Asking()).models
    app.stock.catalogue.checked(found.id, set(), good=True, at=1.0)
    model(shards[1], 9)
    scan(app.stock)
    assert app.stock.catalogue.get(found.id).health is Health.UNVERIFIED
    shards[1].unlink()
    assert scan(app.stock).changed == 1
    assert "missing-shard" in app.stock.catalogue.get(found.id).problems


def test_shards_that_come_in_any_order_are_one_model(app: App, root: Path) -> None:
    for number in (2, 1, 3):
        model(root / f"big-0000{number}-of-00003.safetensors", number)
        scan(app.stock)
    (found,) = app.stock.catalogue.page(Asking()).models
    assert (found.health, len(app.stock.catalogue.files(found.id))) == (Health.UNVERIFIED, 3)


def test_another_file_under_an_old_name_is_another_model(app: App, root: Path) -> None:
    path = model(root / "a.safetensors", 1)
    scan(app.stock)
    number = app.stock.catalogue.at(str(path)).id
    told = About(hub="civitai", model_id="1", claimed={"sha256": "ab" * 32}, own=Own(notes="of the old one"))
    app.stock.catalogue.describe(number, lambda _: told)
    path.unlink()
    scan(app.stock)
    model(path, 2, title="new")
    scan(app.stock)
    found = app.stock.catalogue.details(app.stock.catalogue.at(str(path)).id)
    assert (found.about.hub, found.about.claimed, found.about.own) == ("", {}, Own())


def test_what_an_owner_wrote_is_not_undone_by_an_unchanged_sidecar(app: App, root: Path) -> None:
    path = model(root / "a.safetensors", 1)
    (root / "a.info").write_text(json.dumps({"modelyard": {"own": {"notes": "old"}}}))
    scan(app.stock)
    number = app.stock.catalogue.at(str(path)).id
    app.stock.catalogue.describe(number, lambda about: replace(about, own=Own(notes="new", favourite=True)))
    scan(app.stock, deep=True)
    assert (app.stock.catalogue.get(number).notes, app.stock.catalogue.get(number).favourite) == ("new", True)


def test_a_backup_on_another_drive_is_no_move_while_the_first_drive_is_away(
    app: App, root: Path, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    backup.mkdir()
    path = model(root / "sub" / "a.safetensors", 1)
    scan(app.stock)
    number = app.stock.catalogue.at(str(path)).id
    shutil.copy2(path, backup / path.name)
    root.rename(tmp_path / "unplugged")
    app.stock.entries.keep(Entry(path=str(backup), folder="loras"))
    scan(app.stock)
    assert app.stock.catalogue.at(str(path)).id == number
    assert app.stock.catalogue.at(str(backup / path.name)).id != number


def test_bad_files_are_results_with_names(app: App, root: Path) -> None:
    good = model(root / "good.safetensors")
    (root / "cut.safetensors").write_bytes(good.read_bytes()[:-5])
    (root / "page.safetensors").write_bytes(b"<!doctype html><html>log in</html>")
    (root / "empty.ckpt").write_bytes(b"")
    done = scan(app.stock)
    assert done.added == 4
    damaged = {one.place for one in app.stock.catalogue.page(Asking(health=("damaged",))).models}
    assert damaged == {"cut.safetensors", "page.safetensors", "empty.ckpt"}
    assert {os.path.basename(path) for path, _ in done.failed} == damaged


def test_where_comfyui_asks_for_no_ending_every_file_is_a_model_but_for_what_lies_beside_them(
    app: App, tmp_path: Path
) -> None:
    comfy = tmp_path / "ComfyUI"
    for place in ("main.py", "folder_paths.py", "comfy/__init__.py", "models/faces/list.json", "models/faces/a.png"):
        (comfy / place).parent.mkdir(parents=True, exist_ok=True)
        (comfy / place).write_bytes(b"{}")
    (comfy / "extra_model_paths.yaml").write_text("mine:\n  faces: models/faces\n  loras: models/other\n")
    faces, other = comfy / "models/faces", comfy / "models/other"
    (faces / "LICENSE").write_bytes(b"free")
    (faces / "marks.dat").write_bytes(bytes(range(1, 256)))
    (faces / "cut.safetensors").write_bytes(bytes(range(1, 256)))
    (faces / "login.task").write_bytes(b"<!doctype html><title>Log in</title>")
    (faces / "evil.dat").write_bytes(b"\x80\x02cos\nsystem\nU\x01xR.")
    model(faces / "face.safetensors")
    other.mkdir()
    (other / "marks.dat").write_bytes(b"no model")
    app.stock.entries.keep(Entry(path=str(comfy), comfy=True))
    told = scan(app.stock)
    found = {one.place: one.health for one in app.stock.catalogue.page(Asking(folder=("faces",))).models}
    assert found == {
        "marks.dat": "unverified",
        "cut.safetensors": "damaged",
        "login.task": "damaged",
        "evil.dat": "unsafe",
        "face.safetensors": "unverified",
    }
    assert not app.stock.catalogue.page(Asking(folder=("loras",))).models
    assert str(faces / "marks.dat") not in dict(told.failed)
    marks = app.stock.catalogue.at(str(faces / "marks.dat"))
    verify_models(app.stock, VerifyOptions(ids=(marks.id,)), Stop(), lambda _: None)
    assert app.stock.catalogue.get(marks.id).health == "unverified", "of no known format is no fault there"


def test_a_missing_shard_is_damage(app: App, root: Path) -> None:
    model(root / "big-00001-of-00002.safetensors")
    scan(app.stock)
    found = app.stock.catalogue.page(Asking()).models[0]
    assert (found.health, "missing-shard" in found.problems) == (Health.DAMAGED, True)


def test_a_scan_that_is_stopped_keeps_what_it_found(app: App, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelyard.jobs.scan.BATCH", 40)
    for folder in range(3):
        for number in range(50):
            model(root / f"d{folder}" / f"m{number}.safetensors", number)
    stop = Stop()
    with pytest.raises(Stopped):
        Scan(app.stock, stop, lambda _: stop.set("Enough.")).run()
    assert app.stock.catalogue.facets(Asking()).total >= 40
    assert scan(app.stock).seen == 150
    assert app.stock.catalogue.facets(Asking()).total == 150


def test_after_a_big_scan_the_words_are_one_piece(app: App, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelyard.jobs.scan.BATCH", 2)
    monkeypatch.setattr("modelyard.jobs.scan._MANY", 10)
    for number in range(12):
        model(root / f"m{number}.safetensors", number)
    scan(app.stock)
    with app.stock.catalogue.database.reading() as db:
        assert db.exec_driver_sql("SELECT count(DISTINCT segid) FROM models_words_idx").scalar_one() == 1


def test_the_report_names_the_first_models_that_are_new_changed_moved_and_gone(
    app: App, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelyard.jobs.scan._NEWS", 3)
    for number in range(5):
        model(root / f"m{number}.safetensors", number)
    told = scan(app.stock).as_dict()
    assert (told["added"], [len(models) for models in told["models"].values()]) == (5, [3])
    numbers = {one.path: one.id for one in app.stock.catalogue.page(Asking()).models}
    model(root / "m1.safetensors", 77, more="words")
    (root / "m2.safetensors").rename(root / "new.safetensors")
    (root / "m3.safetensors").unlink()
    assert scan(app.stock).as_dict()["models"] == {
        "changed": [{"id": numbers[str(root / "m1.safetensors")], "path": str(root / "m1.safetensors")}],
        "moved": [
            {
                "id": numbers[str(root / "m2.safetensors")],
                "path": str(root / "new.safetensors"),
                "before": str(root / "m2.safetensors"),
            }
        ],
        "gone": [{"id": numbers[str(root / "m3.safetensors")], "path": str(root / "m3.safetensors")}],
    }


def test_a_root_inside_a_root_has_its_own_files(app: App, root: Path) -> None:
    model(root / "a.safetensors")
    model(root / "vae" / "b.safetensors")
    app.stock.entries.keep(Entry(path=str(root / "vae"), folder="vae"))
    scan(app.stock)
    assert {one.place: one.folder for one in app.stock.catalogue.page(Asking()).models} == {
        "a.safetensors": "loras",
        "b.safetensors": "vae",
    }
    assert scan(app.stock).changed == 0


def test_the_data_folder_inside_a_root_holds_no_models(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        model(root / "a.safetensors")
        (tmp_path / "yard" / "reserve.bin").write_bytes(bytes(1000))
        (root / "way").symlink_to(tmp_path / "yard")
        app.stock.entries.keep(Entry(path=str(tmp_path)))
        scan(app.stock)
        assert listed(app.stock) == ["a.safetensors"]
        Scan(app.stock, Stop()).files([str(tmp_path / "yard" / "reserve.bin"), str(root / "way" / "reserve.bin")])
        assert listed(app.stock) == ["a.safetensors"]
        assert [one.code for one in problems_by_root(app.stock, app.stock.roots())[str(tmp_path)]] == ["overlap"]


def test_a_wrong_name_is_told_with_its_root_and_what_mends_it(app: App, root: Path) -> None:
    model(root / "sub" / "a.ckpt")
    scan(app.stock)
    (found,) = problems_by_root(app.stock, app.stock.roots())[str(root)]
    assert (found.code, found.path) == ("wrong-extension", str(root / "sub" / "a.ckpt"))
    assert ".safetensors" in found.hint
    (root / "sub" / "a.ckpt").rename(root / "sub" / "a.safetensors")
    scan(app.stock)
    assert problems_by_root(app.stock, app.stock.roots()) == {}


def test_a_sidecar_that_cannot_be_read_is_told(app: App, root: Path) -> None:
    model(root / "a.safetensors")
    (root / "a.info").write_bytes(b"{broken")
    (told,) = scan(app.stock).problems
    assert (told.code, told.path) == ("sidecar-unreadable", str(root / "a.info")) and told.words and told.hint
    assert listed(app.stock) == ["a.safetensors"]


def test_one_file_that_came_can_be_looked_at_alone(app: App, root: Path) -> None:
    scan(app.stock)
    path = model(root / "new.safetensors")
    model(root / "other.safetensors")
    (number,) = Scan(app.stock, Stop()).files([str(path), "/elsewhere/x.safetensors"])
    assert app.stock.catalogue.get(number).place == "new.safetensors"
    assert listed(app.stock) == ["new.safetensors"]


def test_a_diffusers_folder_that_came_file_by_file_is_one_model(app: App, root: Path) -> None:
    scan(app.stock)
    came = [model(root / "pipe" / part / f"{part}.safetensors", at) for at, part in enumerate(("unet", "vae"))]
    came.append(root / "pipe" / "model_index.json")
    came[-1].write_text('{"_class_name": "StableDiffusionPipeline"}')
    (number,) = Scan(app.stock, Stop()).files([str(path) for path in came])
    assert app.stock.catalogue.get(number).path == str(root / "pipe")
    assert {Path(file.path) for file in app.stock.catalogue.files(number)} == set(came[:2])


def test_the_library_comes_back_when_the_database_is_deleted(app: App, root: Path, tmp_path: Path) -> None:
    model(root / "a.safetensors")
    (root / "a.info").write_text(
        json.dumps({"name": "From sidecar", "modelyard": {"own": {"notes": "kept", "favourite": True}}})
    )
    scan(app.stock)
    app.close()
    for file in (tmp_path / "yard").glob("modelyard.db*"):
        file.unlink()
    with App({"MODELYARD_HOME": str(tmp_path / "yard")}) as fresh:
        scan(fresh.stock)
        (found,) = fresh.stock.catalogue.page(Asking()).models
        assert (found.title, found.notes, found.favourite) == ("From sidecar", "kept", True)


def test_a_model_that_is_renamed_while_a_scan_runs_is_there_once_under_its_new_name(
    app: App, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = model(root / "a.safetensors")
    scan(app.stock)
    number = app.stock.catalogue.at(str(path)).id
    model(path, 3)  # it changed, so the scan has something to write
    keep = app.stock.catalogue.keep_found

    def late(*told: Any) -> Kept:
        monkeypatch.setattr(app.stock.catalogue, "keep_found", keep)
        rename(app.stock, number, "b")
        return keep(*told)

    monkeypatch.setattr(app.stock.catalogue, "keep_found", late)
    done = scan(app.stock)
    assert (done.added, done.gone) == (0, 0)
    found = app.stock.catalogue.page(Asking()).models
    assert [(one.id, Path(one.path).name) for one in found] == [(number, "b.safetensors")]
