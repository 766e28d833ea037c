"""What is removed can be put back: with its sidecars, its owner's words and its number, also without the database."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.catalogue.asking import Asking
from modelyard.errors import DiskFull, NoSuchFile, NoSuchModel, NotInTrash, ReadOnlyDisk, TargetExists, UnsafePath
from modelyard.jobs.carrying import recover
from modelyard.jobs.manifests import TRASH
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.moving import MoveOptions, Outcome, each, move, move_models, rename
from modelyard.jobs.owning import Change, change_own, report_uses
from modelyard.jobs.trash import empty, empty_old, listed, put_away, put_back
from modelyard.jobs.watch import look
from modelyard.library.roots.entries import Entry
from modelyard.library.shifting.failpoint import VARIABLE
from modelyard.net.stop import Stop
from modelyard.values.week import DAY
from running import script

from .library import library, model, scanned


def below(root: Path) -> set[str]:
    """Every file of a root, the trash left out."""
    return {
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() and TRASH not in path.relative_to(root).parts
    }


def number(app: App, path: Path) -> int:
    return app.stock.catalogue.at(str(path)).id


def count(app: App) -> int:
    return app.stock.catalogue.facets(Asking()).total


def nice(app: App, root: Path) -> int:
    """A model with sidecars, measured, known, used and loved."""
    path = model(root / "sub" / "nice.safetensors", 1)
    (root / "sub" / "nice.preview.png").write_bytes(b"x")
    (root / "sub" / "nice.civitai.info").write_text(json.dumps({"id": 5, "modelId": 3}))
    model(root / "sub" / "nice2.safetensors", 2)
    (root / "sub" / "nice2.png").write_bytes(b"y")
    scanned(app)
    found = number(app, path)
    change_own(app.stock, found, Change(notes="with 0.7", favourite=True))
    report_uses(app.stock, [{"path": str(path)}])
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)
    scanned(app)
    return found


# --- trash ----------------------------------------------------------------------------------------


def test_a_removed_model_comes_back_as_it_was(app: App, root: Path) -> None:
    one = nice(app, root)
    before, files, was = app.stock.catalogue.details(one), below(root), app.stock.catalogue.get(one)
    kept = put_away(app.stock, one)
    assert below(root) == {"sub/nice2.safetensors", "sub/nice2.png"} | {
        name for name in files if name.startswith("sub/nice2")
    }
    assert [entry.id for entry in listed(app.stock)] == [kept.id]
    assert (kept.title, kept.size) == (was.title, was.size)
    assert scanned(app).seen == count(app) == 1
    assert put_back(app.stock, kept.id) == was.path
    after = app.stock.catalogue.details(one)
    assert below(root) == files
    assert (after.model, after.about, after.files) == (before.model, before.about, before.files)
    assert app.stock.yard.proofs.of(Path(was.path)) is not None
    assert listed(app.stock) == []
    again = scanned(app)
    assert (again.seen, again.added, again.changed, again.gone) == (2, 0, 0, 0)


def test_programs_that_search_a_root_do_not_see_what_was_removed(app: App, root: Path) -> None:
    put_away(app.stock, nice(app, root))
    kept = [path for path in (root / TRASH).rglob("*") if path.is_file() and path.name != "manifest.json"]
    assert kept and {path.suffix for path in kept} == {".trashed"}


def test_the_trash_outlives_the_database(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        kept = put_away(app.stock, nice(app, root))
        path = kept.path
    for file in (tmp_path / "yard").glob("modelyard.db*"):
        file.unlink()
    (tmp_path / "yard" / "proofs.db").unlink()
    with library(tmp_path) as (app, _):
        assert [one.id for one in listed(app.stock)] == [kept.id]
        assert put_back(app.stock, kept.id) == path
        found = app.stock.catalogue.at(path)
        assert (found.notes, found.favourite, found.uses) == ("with 0.7", True, 1)


def test_nothing_is_put_back_over_another_file(app: App, root: Path) -> None:
    kept = put_away(app.stock, nice(app, root))
    other = model(root / "sub" / "nice.safetensors", 9)
    was = other.read_bytes()
    with pytest.raises(TargetExists):
        put_back(app.stock, kept.id)
    assert other.read_bytes() == was
    assert [one.id for one in listed(app.stock)] == [kept.id]
    other.rename(root / "sub" / "other.safetensors")
    assert put_back(app.stock, kept.id) == str(other)


def test_a_sidecar_that_another_model_needs_stays_with_it(app: App, root: Path) -> None:
    first, second = model(root / "a.safetensors", 1), model(root / "a.ckpt", 2)
    (root / "a.png").write_bytes(b"both")
    (root / "ab.png").write_bytes(b"another's")
    scanned(app)
    kept = put_away(app.stock, number(app, first))
    assert below(root) == {"a.ckpt", "a.png", "ab.png"}
    also = put_away(app.stock, number(app, second))
    assert below(root) == {"ab.png"}
    put_back(app.stock, kept.id)
    assert (root / "a.png").read_bytes() == b"both"
    with pytest.raises(TargetExists):
        put_back(app.stock, also.id)
    (root / "a.png").unlink()
    put_back(app.stock, also.id)
    assert below(root) == {"a.safetensors", "a.ckpt", "a.png", "ab.png"}


def test_a_set_and_a_pipeline_go_as_a_whole(app: App, root: Path) -> None:
    for at in (1, 2):
        model(root / f"big-0000{at}-of-00002.safetensors", at)
    (root / "big.safetensors.index.json").write_text("{}")
    model(root / "pipe" / "unet" / "w.safetensors", 3)
    (root / "pipe" / "model_index.json").write_text("{}")
    scanned(app)
    files = below(root)
    kept = [put_away(app.stock, one.id) for one in app.stock.catalogue.page(Asking()).models]
    assert below(root) == set()
    for one in kept:
        put_back(app.stock, one.id)
    assert below(root) == files
    again = scanned(app)
    assert (again.seen, again.added, again.changed, again.gone) == (2, 0, 0, 0)


def test_emptying_removes_for_ever_and_only_what_is_meant(app: App, root: Path) -> None:
    one = nice(app, root)
    kept = put_away(app.stock, one)
    other = put_away(app.stock, number(app, root / "sub" / "nice2.safetensors"))
    assert {entry.id for entry in empty(app.stock, dry_run=True)} == {kept.id, other.id}
    assert empty(app.stock, older=DAY) == []
    assert [entry.id for entry in empty(app.stock, [kept.id])] == [kept.id]
    assert [entry.id for entry in listed(app.stock)] == [other.id]
    with pytest.raises(NoSuchModel):
        app.stock.catalogue.get(one)
    with pytest.raises(NotInTrash):
        put_back(app.stock, kept.id)
    empty(app.stock)
    assert list((root / TRASH).iterdir()) == []


def test_what_lies_there_long_enough_is_removed_by_itself(app: App, root: Path) -> None:
    put_away(app.stock, nice(app, root))
    assert empty_old(app.stock) == 0
    now = app.stock.wall()
    app.stock.wall = lambda: now + 31 * DAY
    app.settings.set("library.trash", "0")
    assert empty_old(app.stock) == 0
    app.settings.set("library.trash", "30")
    assert empty_old(app.stock) == 1


def test_a_read_only_root_keeps_everything(app: App, root: Path) -> None:
    one = nice(app, root)
    kept = put_away(app.stock, number(app, root / "sub" / "nice2.safetensors"))
    app.stock.entries.keep(Entry(path=str(root), folder="loras", read_only=True))
    files = below(root)
    for act in (
        lambda: put_away(app.stock, one),
        lambda: rename(app.stock, one, "new"),
        lambda: put_back(app.stock, kept.id),
        lambda: empty(app.stock),
    ):
        with pytest.raises(ReadOnlyDisk):
            act()
    assert below(root) == files
    assert len(listed(app.stock)) == 1


@pytest.mark.parametrize("source", ["../outside.bin", "/etc/cron.d/x", "sub/../../x", "", ".modelyard-trash/x/y"])
def test_a_manifest_that_somebody_made_leads_nowhere(app: App, root: Path, source: str) -> None:
    kept = put_away(app.stock, nice(app, root))
    path = root / TRASH / kept.id / "manifest.json"
    told = json.loads(path.read_bytes())
    for file in told["files"]:
        file["source"] = source
    path.write_text(json.dumps(told))
    with pytest.raises(UnsafePath):
        put_back(app.stock, kept.id)
    assert not (root.parent / "outside.bin").exists()


def test_a_trash_that_is_a_link_is_not_used(app: App, root: Path, tmp_path: Path) -> None:
    one = nice(app, root)
    (tmp_path / "outside").mkdir()
    (root / TRASH).symlink_to(tmp_path / "outside")
    files = below(root)
    with pytest.raises(UnsafePath):
        put_away(app.stock, one)
    assert below(root) == files
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_root_behind_a_link_has_its_trash_where_it_truly_lies(tmp_path: Path) -> None:
    true = tmp_path / "disk" / "models"
    true.mkdir(parents=True)
    (tmp_path / "loras").symlink_to(true)
    with library(tmp_path) as (app, root):
        path = model(root / "sub" / "a.safetensors", 1)
        scanned(app)
        one = number(app, path)
        kept = put_away(app.stock, one)
        assert kept.root == str(true)
        assert put_back(app.stock, kept.id) == str(path)
        assert rename(app.stock, one, "b") == str(root / "sub" / "b.safetensors")
        again = scanned(app)
        assert (again.seen, again.added, again.changed, again.gone) == (1, 0, 0, 0)
        kept = put_away(app.stock, one)
        (true / "sub").rmdir()
        (tmp_path / "loras").unlink()
        true.rename(tmp_path / "loras")
        assert put_back(app.stock, kept.id) == str(root / "sub" / "b.safetensors")
        put_away(app.stock, one)
        assert len(empty(app.stock)) == 1


def test_a_model_that_is_a_link_goes_alone_and_what_it_leads_to_stays(app: App, root: Path) -> None:
    true = model(root / "blobs" / "x.safetensors", 1)
    link = root / "snapshots" / "a.safetensors"
    link.parent.mkdir()
    link.symlink_to("../blobs/x.safetensors")
    scanned(app)
    one = number(app, link)
    with pytest.raises(UnsafePath):
        move(app.stock, one, app.stock.roots().all[0], "elsewhere")
    kept = put_away(app.stock, one)
    assert not link.is_symlink() and true.is_file()
    put_back(app.stock, kept.id)
    assert link.resolve() == true
    rename(app.stock, one, "b")
    assert (root / "snapshots" / "b.safetensors").resolve() == true


# --- rename and move ------------------------------------------------------------------------------


def test_a_renamed_model_keeps_its_number_words_hashes_and_sidecars(app: App, root: Path) -> None:
    one = nice(app, root)
    before = app.stock.catalogue.details(one)
    assert rename(app.stock, one, "Nicer.SAFETENSORS") == str(root / "sub" / "Nicer.safetensors")
    after = app.stock.catalogue.details(one)
    assert {name for name in below(root) if "Nicer" in name} >= {
        "sub/Nicer.safetensors",
        "sub/Nicer.preview.png",
        "sub/Nicer.civitai.info",
    }
    assert after.model.preview == str(root / "sub" / "Nicer.preview.png")
    assert (after.about, after.model.sha256, after.model.uses) == (before.about, before.model.sha256, 1)
    assert [found.id for found in app.stock.catalogue.page(Asking(text="nicer")).models] == [one]
    assert app.stock.yard.proofs.of(root / "sub" / "Nicer.safetensors") is not None
    again = scanned(app)
    assert (again.added, again.changed, again.moved, again.gone) == (0, 0, 0, 0)


def test_the_watcher_takes_our_own_moves_for_what_they_are(app: App, root: Path) -> None:
    one = nice(app, root)
    old = root / "sub" / "nice.safetensors"
    new = Path(move(app.stock, one, app.stock.roots().all[0], "style/new"))
    look(app.stock, [str(old), str(new)], Stop())
    assert (count(app), number(app, new), app.stock.catalogue.get(one).gone) == (2, one, 0.0)
    assert app.stock.catalogue.page(Asking(gone=True)).models == []


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/b", "a\\b", "a\0b", "..", ".hidden", "", " . "])
def test_names_that_are_no_names_are_refused(app: App, root: Path, name: str) -> None:
    one = nice(app, root)
    files = below(root)
    with pytest.raises(UnsafePath):
        rename(app.stock, one, name)
    assert below(root) == files


@pytest.mark.parametrize("sub", ["../x", "a/../../x", ".hidden", "a\0b", "custom_nodes/evil", TRASH])
def test_folders_that_are_none_for_models_are_refused(app: App, root: Path, sub: str) -> None:
    one = nice(app, root)
    files = below(root)
    with pytest.raises(UnsafePath):
        move(app.stock, one, app.stock.roots().all[0], sub)
    assert below(root) == files


def test_a_folder_that_is_a_link_out_of_the_roots_is_refused(app: App, root: Path, tmp_path: Path) -> None:
    one = nice(app, root)
    (tmp_path / "outside").mkdir()
    (root / "way").symlink_to(tmp_path / "outside")
    with pytest.raises(UnsafePath):
        move(app.stock, one, app.stock.roots().all[0], "way")
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_renamed_set_has_a_list_of_its_tensors_that_names_the_new_files(app: App, root: Path) -> None:
    for at in (1, 2):
        model(root / f"big-0000{at}-of-00002.safetensors", at)
    index = {"metadata": {"total_size": 7}, "weight_map": {"x": "big-00001-of-00002.safetensors"}}
    (root / "big.safetensors.index.json").write_text(json.dumps(index))
    scanned(app)
    one = number(app, root / "big-00001-of-00002.safetensors")
    rename(app.stock, one, "small")
    assert below(root) == {
        "small-00001-of-00002.safetensors",
        "small-00002-of-00002.safetensors",
        "small.safetensors.index.json",
    }
    told = json.loads((root / "small.safetensors.index.json").read_bytes())
    assert told == {"metadata": {"total_size": 7}, "weight_map": {"x": "small-00001-of-00002.safetensors"}}
    assert scanned(app).changed == 0


def test_one_that_fails_does_not_stop_the_others(app: App, root: Path) -> None:
    for name in ("a", "b", "c"):
        model(root / f"{name}.safetensors", ord(name))
    model(root / "to" / "b.safetensors", 9)
    scanned(app)
    ids = tuple(number(app, root / f"{name}.safetensors") for name in ("a", "b", "c"))
    told = move_models(app.stock, MoveOptions(ids=(*ids, 999), folder="loras", sub="to"), Stop(), lambda _: None)
    assert (told["moved"], told["failed"]) == (2, 2)
    assert [one.get("error", {}).get("code", "") for one in told["results"]] == [
        "",
        "target-exists",
        "",
        "no-such-model",
    ]
    assert below(root) == {"b.safetensors", "to/a.safetensors", "to/b.safetensors", "to/c.safetensors"}


def test_a_root_inside_another_is_a_root_of_its_own(app: App, root: Path) -> None:
    inner = root / "inner"
    inner.mkdir()
    app.stock.entries.keep(Entry(path=str(inner), folder="vae"))
    path = model(inner / "v.safetensors", 1)
    scanned(app)
    one = number(app, path)
    kept = put_away(app.stock, one)
    assert kept.root == str(inner)
    put_back(app.stock, kept.id)
    assert app.stock.catalogue.get(one).folder == "vae"
    outer = app.stock.roots().by_folder()["loras"][0]
    move(app.stock, one, outer, "")
    assert app.stock.catalogue.get(one).folder == "loras"


def test_a_pipeline_that_holds_another_root_stays(app: App, root: Path) -> None:
    model(root / "pipe" / "unet" / "w.safetensors", 3)
    (root / "pipe" / "model_index.json").write_text("{}")
    scanned(app)
    app.stock.entries.keep(Entry(path=str(root / "pipe" / "unet"), folder="vae"))
    with pytest.raises(UnsafePath):
        put_away(app.stock, number(app, root / "pipe"))
    assert below(root) == {"pipe/unet/w.safetensors", "pipe/model_index.json"}


def test_a_place_where_a_model_is_gone_may_be_taken(app: App, root: Path) -> None:
    old, new = model(root / "old.safetensors", 1), model(root / "new.safetensors", 2)
    scanned(app)
    lost, one = number(app, old), number(app, new)
    change_own(app.stock, lost, Change(notes="not forgotten"))
    old.unlink()
    (root / "old.info").unlink()
    scanned(app)
    rename(app.stock, one, "old")
    assert app.stock.catalogue.at(str(old)).id == one
    assert app.stock.catalogue.get(lost).notes == "not forgotten"


def test_a_model_that_is_gone_cannot_be_moved(app: App, root: Path) -> None:
    one = nice(app, root)
    (root / "sub" / "nice.safetensors").unlink()
    with pytest.raises(NoSuchFile):
        put_away(app.stock, one)
    assert listed(app.stock) == []


@pytest.mark.root
def test_another_disk_gets_proven_copies_and_a_full_one_nothing(app: App, root: Path, tmp_path: Path) -> None:
    one = nice(app, root)
    files, before = below(root), app.stock.catalogue.details(one)
    for name, size in (("large", "200m"), ("small", "20k")):
        (tmp_path / name).mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", tmp_path / name], check=True)
        app.stock.entries.keep(Entry(path=str(tmp_path / name), folder=name))
    app.settings.set("disk.reserve", "1KB")
    try:
        with pytest.raises(DiskFull):
            move(app.stock, one, app.stock.roots().by_folder()["small"][0])
        assert (below(root), below(tmp_path / "small")) == (files, set())
        move(app.stock, one, app.stock.roots().by_folder()["large"][0], "a/b")
        after = app.stock.catalogue.details(one)
        assert below(tmp_path / "large") >= {"a/b/nice.safetensors", "a/b/nice.preview.png"}
        assert not [name for name in below(root) if name.startswith("sub/nice.")]
        assert (after.about, after.model.sha256, after.files[0].sha256) == (
            before.about,
            before.model.sha256,
            before.files[0].sha256,
        )
        assert app.stock.yard.proofs.of(Path(after.model.path)) is not None
        assert (scanned(app).changed, count(app)) == (0, 2)
    finally:
        for name in ("large", "small"):
            subprocess.run(["umount", tmp_path / name], check=True)


# --- crashes --------------------------------------------------------------------------------------

CHILD = """
import sys
from modelyard.app import App
from modelyard.jobs import carrying
from modelyard.jobs.moving import move, rename
from modelyard.jobs.trash import empty, listed, put_away, put_back
with App({"MODELYARD_HOME": sys.argv[1]}) as app:
    what, number = sys.argv[2], int(sys.argv[3])
    if what == "put_away":
        put_away(app.stock, number)
    elif what == "put_back":
        put_back(app.stock, listed(app.stock)[0].id)
    elif what == "empty":
        empty(app.stock)
    elif what == "move":
        carrying.on_one_device = lambda paths: False  # every file by a proven copy
        move(app.stock, number, app.stock.roots().all[0], "to/deep")
    else:
        rename(app.stock, number, "renamed")
"""


RENAMES = ("journaled", "landed", "landed:2", "landed:4", "synced", "settled")
COPIES = (
    "journaled",
    "copied",
    "copied:3",
    "proven",
    "landed",
    "landed:3",
    "synced",
    "settled",
    "removed",
    "removed:2",
)


@pytest.mark.parametrize(
    ("what", "point"),
    [
        ("put_away", "manifest"),
        *((what, point) for what in ("put_away", "put_back", "rename") for point in RENAMES),
        *(("move", point) for point in COPIES),
    ],
)
def test_killed_anywhere_files_and_catalogue_agree_afterwards(tmp_path: Path, what: str, point: str) -> None:
    with library(tmp_path) as (app, root):
        one = nice(app, root)
        whole = {path.rsplit("/", 1)[-1].removeprefix("nice") for path in below(root) if path.startswith("sub/nice.")}
        if what == "put_back":
            put_away(app.stock, one)
    assert script(CHILD, tmp_path / "yard", what, one, env={VARIABLE: point}).code == 137
    with library(tmp_path) as (app, root):
        recover(app.stock)
        found = app.stock.catalogue.get(one)
        path = Path(found.path)
        assert path.is_file()
        assert bool(found.gone) == (TRASH in path.parts) == bool(listed(app.stock))
        ending = ".trashed" if found.gone else ""
        stem = path.name.removesuffix(ending).removesuffix(".safetensors")
        together = {name.name.removesuffix(ending).removeprefix(stem) for name in path.parent.glob(f"{stem}.*")}
        assert together == whole
        everywhere = [
            name for name in root.rglob("*") if name.is_file() and name.name.startswith(("nice.", "renamed."))
        ]
        assert len(everywhere) == len(whole)
        again = scanned(app)
        assert (again.added, again.changed, again.moved, again.gone) == (0, 0, 0, 0)
        assert app.stock.catalogue.get(one).notes == "with 0.7"


def test_killed_while_emptying_nothing_half_removed_is_shown(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        one = nice(app, root)
        put_away(app.stock, one)
    assert script(CHILD, tmp_path / "yard", "empty", one, env={VARIABLE: "emptying"}).code == 137
    with library(tmp_path) as (app, root):
        assert listed(app.stock) == []
        empty(app.stock)
        assert list((root / TRASH).iterdir()) == []


def test_two_at_once_on_one_model_one_does_it_and_one_is_told(app: App, root: Path) -> None:
    one = nice(app, root)

    def act(at: int) -> list[Outcome]:
        return each((one,), lambda found: Outcome(id=found, path=rename(app.stock, found, f"name{at}")))

    with ThreadPoolExecutor(8) as pool:
        told = [outcome for outcomes in pool.map(act, range(8)) for outcome in outcomes]
    assert any(outcome.error is None for outcome in told)
    assert {outcome.error["code"] for outcome in told if outcome.error} <= {"busy", "no-such-file"}
    path = Path(app.stock.catalogue.get(one).path)
    assert path.is_file() and path.with_suffix(".preview.png").is_file()
    assert len([name for name in below(root) if name.endswith(".safetensors")]) == 2


def test_many_at_once_with_one_aim_move_it_once(app: App, root: Path) -> None:
    one = nice(app, root)
    to = app.stock.roots().all[0]

    def act(_: int) -> list[Outcome]:
        return each((one,), lambda found: Outcome(id=found, path=move(app.stock, found, to, "x")))

    with ThreadPoolExecutor(8) as pool:
        told = [outcome for outcomes in pool.map(act, range(16)) for outcome in outcomes]
    assert sum(outcome.error is None for outcome in told) == 1
    assert app.stock.catalogue.get(one).path == str(root / "x" / "nice.safetensors")
    assert (root / "x" / "nice.safetensors").is_file() and (root / "x" / "nice.preview.png").is_file()
