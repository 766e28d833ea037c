"""Duplicates by measured bytes alone; their space comes back, and no name and no byte is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from modelyard.app import App
from modelyard.catalogue.asking import Asking
from modelyard.jobs.dedupe import DedupeOptions, dedupe, duplicates, recover_shares
from modelyard.jobs.finding import keep_place
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.owning import Change, change_own
from modelyard.library.roots.entries import Entry
from modelyard.library.shifting.failpoint import VARIABLE
from modelyard.net.stop import Stop
from programs.installed import trees
from running import script

from .library import library, model, scanned


def known(app: App) -> None:
    scanned(app)
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)


def do(app: App) -> dict[str, Any]:
    return dedupe(app.stock, DedupeOptions(), Stop(), lambda _: None)


def states(app: App) -> dict[str, str]:
    groups = duplicates(app.stock).groups
    return {Path(one.path).name: one.reason or one.state for group in groups for one in group.files}


def test_equal_files_share_one_place_and_stay_what_they_are(app: App, root: Path) -> None:
    first, second = model(root / "a.safetensors", 1), model(root / "sub" / "other-name.safetensors", 1)
    third = model(root / "a2.safetensors", 2)
    known(app)
    change_own(app.stock, app.stock.catalogue.at(str(second)).id, Change(favourite=True))
    was, size = first.read_bytes(), first.stat().st_size
    found = duplicates(app.stock)
    assert (found.frees, len(found.groups), found.unmeasured) == (size, 1, 0)
    assert states(app) == {"other-name.safetensors": "kept", "a.safetensors": "double"}
    told = do(app)
    assert (told["linked"], told["failed"], told["freed"]) == (1, 0, size)
    assert first.read_bytes() == second.read_bytes() == was
    assert third.stat().st_nlink == 1
    assert [path.name for path in root.rglob(".*")] == []
    assert duplicates(app.stock).groups == [] or told["results"][0]["means"] == "reflink"
    for path in (first, second):
        details = app.stock.catalogue.details(app.stock.catalogue.at(str(path)).id)
        assert details.files[0].sha256 and details.model.sha256
        assert app.stock.yard.proofs.of(path) is not None
    again = scanned(app)
    assert (again.added, again.moved, again.gone) == (0, 0, 0)
    assert app.stock.catalogue.unmeasured() == []


def test_same_names_and_sizes_are_no_duplicates(app: App, root: Path) -> None:
    model(root / "a.safetensors", 1)
    model(root / "sub" / "a.safetensors", 2)
    known(app)
    assert duplicates(app.stock).groups == []


def test_what_is_not_measured_is_no_duplicate_yet(app: App, root: Path) -> None:
    model(root / "a.safetensors", 1)
    model(root / "b.safetensors", 1)
    scanned(app)
    found = duplicates(app.stock)
    assert (found.groups, found.unmeasured) == ([], 2)


def test_hard_links_share_their_place_already(app: App, root: Path) -> None:
    first = model(root / "a.safetensors", 1)
    os.link(first, root / "b.safetensors")
    known(app)
    assert duplicates(app.stock).groups == []
    third = model(root / "c.safetensors", 1)
    known(app)
    os.utime(third)
    known(app)
    assert sorted(states(app).values()) == ["double", "kept", "shared"]
    assert duplicates(app.stock).frees == first.stat().st_size


def test_the_same_tensors_under_another_header_are_told_and_never_linked(app: App, root: Path) -> None:
    first, second = model(root / "a.safetensors", 1), model(root / "b.safetensors", 1, note="another header")
    known(app)
    found = duplicates(app.stock)
    assert found.groups == []
    assert [sorted(Path(one.path).name for one in alike.files) for alike in found.alike] == [
        ["a.safetensors", "b.safetensors"]
    ]
    assert do(app)["linked"] == 0
    assert not first.samefile(second)


def test_trees_whose_programs_write_headers_and_blobs_are_left_alone(app: App, root: Path) -> None:
    model(root / "a.safetensors", 1)
    model(root / "swarm" / "Models" / "s.safetensors", 1)
    (root / "swarm" / "Data").mkdir()
    (root / "swarm" / "Data" / "Settings.fds").write_text("")
    trees.swarm(root / "swarm2")
    model(root / "swarm2" / "Models" / "LLM" / "s2.safetensors", 1)
    model(root / "ollama" / "blobs" / "o.safetensors", 1)
    (root / "ollama" / "manifests").mkdir()
    known(app)
    assert states(app) == {
        "a.safetensors": "kept",
        "s.safetensors": "headers-rewritten",
        "s2.safetensors": "headers-rewritten",
        "o.safetensors": "ollama",
    }
    assert duplicates(app.stock).frees == 0
    assert do(app)["linked"] == 0


def test_a_swarm_that_was_told_to_leave_its_files_alone_shares_them(app: App, root: Path) -> None:
    trees.swarm(root / "swarm", careful=True)
    model(root / "a.safetensors", 1)
    model(root / "swarm" / "Models" / "Lora" / "s.safetensors", 1)
    known(app)
    assert sorted(states(app).values()) == ["double", "kept"]


def test_programs_are_looked_for_only_where_something_is_there_twice(
    app: App, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked(_: object) -> tuple[Path, ...]:
        raise AssertionError("the whole machine was searched")

    monkeypatch.setattr("modelyard.jobs.dedupe.rewritten", looked)
    model(root / "a.safetensors", 1)
    model(root / "b.safetensors", 2)
    known(app)
    assert duplicates(app.stock).groups == []
    model(root / "c.safetensors", 1)
    known(app)
    assert len(duplicates(app.stock, ()).groups) == 1
    with pytest.raises(AssertionError, match="searched"):
        duplicates(app.stock)


def test_a_read_only_root_is_not_touched(app: App, root: Path, tmp_path: Path) -> None:
    fixed = tmp_path / "fixed"
    model(root / "a.safetensors", 1)
    path = model(fixed / "b.safetensors", 1)
    app.stock.entries.keep(Entry(path=str(fixed), folder="vae", read_only=True))
    known(app)
    assert states(app) == {"a.safetensors": "kept", "b.safetensors": "read-only"}
    do(app)
    assert path.stat().st_nlink == 1


def test_bytes_that_rotted_after_they_were_measured_are_not_linked(app: App, root: Path) -> None:
    first, second = model(root / "a.safetensors", 1), model(root / "b.safetensors", 1)
    known(app)
    stamp = second.stat()
    with second.open("r+b") as file:
        file.seek(-10, os.SEEK_END)
        file.write(b"rot")
    os.utime(second, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    rotten = second.read_bytes()
    told = do(app)
    assert [one["error"]["code"] for one in told["results"]] == ["damaged"]
    assert second.read_bytes() == rotten != first.read_bytes()
    assert sorted(path.name for path in root.iterdir()) == ["a.safetensors", "b.safetensors"]


def test_a_file_that_was_changed_since_is_not_linked(app: App, root: Path) -> None:
    model(root / "a.safetensors", 1)
    second = model(root / "b.safetensors", 1)
    known(app)
    os.utime(second, (1, 1))
    told = do(app)
    assert [one["error"]["code"] for one in told["results"]] == ["busy"]
    assert second.stat().st_nlink == 1


@pytest.mark.skipif(sys.platform != "linux", reason="no leases")
@pytest.mark.parametrize("name", ["a.safetensors", "b.safetensors"])
def test_a_file_that_is_open_for_writing_is_not_linked(app: App, root: Path, name: str) -> None:
    model(root / "a.safetensors", 1)
    model(root / "b.safetensors", 1)
    known(app)
    with (root / name).open("r+b"):
        told = do(app)
    assert [one["error"]["code"] for one in told["results"]] == ["busy"]
    assert (root / name).stat().st_nlink == 1
    assert do(app)["linked"] == 1


@pytest.mark.root
def test_another_disk_keeps_its_own_copy_and_shares_among_itself(app: App, root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=10m", "tmpfs", other], check=True)
    try:
        first = model(root / "a.safetensors", 1)
        second, third = model(other / "b.safetensors", 1), model(other / "c.safetensors", 1)
        app.stock.entries.keep(Entry(path=str(other), folder="vae"))
        known(app)
        assert sorted(states(app).values()) == ["double", "kept", "other-device"]
        assert do(app)["linked"] == 1
        assert second.samefile(third)
        assert first.stat().st_nlink == 1
    finally:
        subprocess.run(["umount", other], check=True)


@pytest.mark.root
@pytest.mark.skipif(shutil.which("mkfs.xfs") is None, reason="no XFS here")
def test_where_the_disk_can_files_stay_two_and_share_their_bytes(tmp_path: Path) -> None:
    image, folder = tmp_path / "disk.img", tmp_path / "disk"
    folder.mkdir()
    image.touch()
    os.truncate(image, 400 << 20)
    subprocess.run(["mkfs.xfs", "-q", "-m", "reflink=1", image], check=True)
    if subprocess.run(["mount", "-o", "loop", image, folder], capture_output=True).returncode:
        pytest.skip("no loop devices here")
    try:
        with library(folder) as (app, root):
            first, second = model(root / "a.safetensors", 1), model(root / "b.safetensors", 1)
            os.utime(second, (1, 1))
            known(app)
            was = first.read_bytes()
            assert [one["means"] for one in do(app)["results"]] == ["reflink"]
            assert not first.samefile(second)
            assert second.read_bytes() == was
            assert second.stat().st_mtime == 1
            assert duplicates(app.stock).groups == []
            assert scanned(app).changed == 0
            second.write_bytes(b"a write here is not seen there")
            assert first.read_bytes() == was
    finally:
        subprocess.run(["umount", folder], check=True)


CHILD = """
import sys
from modelyard.app import App
from modelyard.jobs.dedupe import DedupeOptions, dedupe
from modelyard.net.stop import Stop
with App({"MODELYARD_HOME": sys.argv[1]}) as app:
    dedupe(app.stock, DedupeOptions(), Stop(), lambda _: None)
"""


@pytest.mark.parametrize("point", ["sharing", "linked", "replaced", "shared"])
def test_killed_anywhere_both_files_are_whole_and_nothing_is_left_beside(tmp_path: Path, point: str) -> None:
    with library(tmp_path) as (app, root):
        first, second = model(root / "a.safetensors", 1), model(root / "b.safetensors", 1)
        was = first.read_bytes()
        os.utime(second, (1, 1))
        known(app)
    assert script(CHILD, tmp_path / "yard", env={VARIABLE: point}).code == 137
    with library(tmp_path) as (app, root):
        recover_shares(app.stock)
        assert sorted(path.name for path in root.iterdir()) == ["a.safetensors", "b.safetensors"]
        assert first.read_bytes() == second.read_bytes() == was
        scanned(app)
        assert app.stock.catalogue.unmeasured() == [], "what was measured is still known"
        done = do(app)
        assert done["failed"] == 0
        assert first.read_bytes() == second.read_bytes() == was


def test_folders_that_a_program_elsewhere_writes_headers_in_are_left_alone(
    app: App, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    swarm = trees.swarm(tmp_path / "SwarmUI")
    settings = swarm / "Data" / "Settings.fds"
    settings.write_text(settings.read_text().replace("ModelRoot: Models", f"ModelRoot: {root}/shared"))
    keep_place(app.stock, str(swarm))
    model(root / "a.safetensors", 1)
    model(root / "shared" / "Lora" / "s.safetensors", 1)
    known(app)
    assert states(app) == {"a.safetensors": "kept", "s.safetensors": "headers-rewritten"}
    assert do(app)["linked"] == 0


def test_in_folders_where_every_file_is_a_model_no_database_and_no_unknown_format_is_joined(
    app: App, root: Path
) -> None:
    home = root.parent / "ComfyUI"
    trees.comfy(home)
    (home / "extra_model_paths.yaml").write_text(f"x:\n  base_path: {home}/extra\n  wildcards: wildcards\n")
    cards, data = home / "extra" / "wildcards", os.urandom(5000)
    names = ("state.db", "state.sqlite-wal", "run.sh", "x.so", "x.so.1", "t.exe", "a.zip", "Thumbs.db", "desktop.ini")
    for folder in (cards / "p", cards / "q"):
        folder.mkdir(parents=True)
        for name in (*names, "style.wildcard"):
            (folder / name).write_bytes(data)
        model(folder / "true.safetensors", 5)
    app.stock.entries.keep(Entry(path=str(home), comfy=True))
    known(app)
    listed = {one.place for one in app.stock.catalogue.page(Asking()).models}
    assert listed == {f"{folder}/{name}" for folder in "pq" for name in ("style.wildcard", "true.safetensors")}
    assert sorted(set(states(app).items())) == [("style.wildcard", "unknown-format"), ("true.safetensors", "double")]
    assert (do(app)["linked"], app.stock.catalogue.unmeasured()) == (1, [])
    assert not (cards / "p" / "style.wildcard").samefile(cards / "q" / "style.wildcard")
    assert not (cards / "p" / "state.db").samefile(cards / "q" / "state.db")
