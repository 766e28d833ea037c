"""The library from Python: found, cared for, and models that a program waits for."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import modelyard
from jobs.library import model
from modelyard.errors import BadValue, Busy, NoSuchModel, NotInTrash, TargetExists
from modelyard.jobs.lockfile import Verdict
from modelyard.python.written import Synced
from modelyard.server.folder import held
from modelyard.testing import PracticeHub
from modelyard.testing import civitai_data as practice
from modelyard.testing.models import safetensors_of_size


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "loras"
    folder.mkdir()
    return folder


@pytest.fixture
def yard(hub: PracticeHub, tmp_path: Path, root: Path) -> Iterator[modelyard.Modelyard]:
    hub.hf.add_repo("me/model", {"m.safetensors": 200_000})
    environ = {**os.environ, **hub.env(), "MODELYARD_HOME": str(tmp_path / "yard")}
    with modelyard.Modelyard(environ=environ, settings={"retry.first": "0.05"}) as yard:
        yard.library.add(root, folder="loras")
        yield yard


def test_models_are_scanned_measured_listed_and_verified(yard: modelyard.Modelyard, root: Path) -> None:
    for number in range(3):
        model(root / f"m{number}.safetensors", number)
    steps: list[str] = []
    assert yard.library.scan(on_step=lambda step: steps.append(step.note))["added"] == 3
    assert steps
    assert yard.library.measure()["measured"] == 3
    found = list(yard.library.models("m1", kind=["lora"]))
    assert [one.name for one in found] == ["m1"]
    assert yard.library.show(found[0].path).model.sha256
    assert yard.library.verify()["counts"] == {"measured": 3}
    with pytest.raises(NoSuchModel):
        yard.library.show(99)


def test_a_running_service_keeps_the_library_to_itself(yard: modelyard.Modelyard, root: Path) -> None:
    model(root / "a.safetensors")
    yard.library.scan()
    library = yard.library
    changes = (
        library.scan,
        lambda: library.change(1, notes="x"),
        lambda: library.rename(1, "b"),
        lambda: library.move(1, folder="loras"),
        lambda: library.trash(1),
        library.empty_trash,
        lambda: library.dedupe(everything=True),
        lambda: library.used(root / "a.safetensors"),
    )
    with held(yard.app.folder):
        for change in changes:
            with pytest.raises(Busy):
                change()
        assert library.show(1).model.path == str(root / "a.safetensors") and library.trashed() == []


def test_a_needed_model_is_fetched_and_every_waiter_is_told(yard: modelyard.Modelyard, root: Path) -> None:
    told: list[Path] = []
    heard = threading.Event()
    first = yard.library.ensure("hf:me/model/m.safetensors", folder="loras", on_ready=told.append)
    first.on_ready(lambda path: (told.append(path), heard.set()))
    path = first.wait(30)
    assert heard.wait(30)
    assert path == root / "m.safetensors" and told == [path, path] and first.state == "ready"
    second = yard.library.ensure("hf:me/model/m.safetensors", folder="loras", on_ready=told.append)
    assert second.state == "ready" and len(told) == 3, "it is here: told at once"


def test_a_model_that_cannot_be_had_says_what_may_stand_in(yard: modelyard.Modelyard, root: Path) -> None:
    model(root / "other.safetensors")
    yard.library.scan()
    wanted = yard.library.ensure("hf:me/nothing/x.safetensors", folder="loras")
    with pytest.raises(modelyard.YardError) as error:
        wanted.wait(30)
    assert error.value.code == "model-not-found" and wanted.state == "missing" and wanted.path is None
    assert [one.title for one in wanted.details.fallbacks] == ["other"] and wanted.details.steps


def test_what_an_owner_writes_is_kept_beside_the_model_and_found_by_it(yard: modelyard.Modelyard, root: Path) -> None:
    path, library = model(root / "a.safetensors"), yard.library
    library.scan()
    assert library.change(path, title="Ink", rating=5, favourite=True, tags=["Mine"]) == ()
    assert library.tag(path, add=["style"], remove=["mine"]) == ()
    known = library.show(path)
    assert (known.model.title, known.model.rating, known.own_tags) == ("Ink", 5, ("style",))
    assert [one.title for one in library.models("ink", tags=["style"], favourite=(True,))] == ["Ink"]
    assert "Ink" in (root / "a.info").read_text()
    library.change(path, rating=0)
    assert not library.show(path).model.rating, "what is left out stays, 0 takes a rating away"
    assert library.show(path).model.favourite
    for said in ({"rating": 6}, {"title": 3}, {"tags": [1]}):
        with pytest.raises(BadValue):
            library.change(path, **said)


def test_models_are_renamed_moved_trashed_and_put_back(yard: modelyard.Modelyard, root: Path) -> None:
    first, library = model(root / "a.safetensors"), yard.library
    other = root.parent / "more"
    other.mkdir()
    library.add(other, folder="loras")
    model(root / "b.safetensors", 1)
    library.scan()
    number = library.show(first).model.id
    assert library.rename(number, "nicer") == root / "nicer.safetensors"
    with pytest.raises(TargetExists):
        library.rename(number, "b")
    moved, lost = library.move(root / "nicer.safetensors", 99, root=other, sub="style")
    assert moved.path == str(other / "style/nicer.safetensors") and Path(moved.path).is_file()
    assert lost.error and lost.error["code"] == "no-such-model"
    entry = library.trash(number)
    assert not Path(moved.path).exists() and [one.id for one in library.trashed()] == [entry.id]
    assert library.undo(entry.id) == Path(moved.path) and library.show(number).model.path == moved.path
    with pytest.raises(NotInTrash):
        library.undo(entry.id)
    again = library.trash(number)
    assert library.empty_trash(older_than=1) == [] and library.empty_trash(everything=True, dry_run=True) == [again]
    found_nothing: list[str] = []
    assert library.empty_trash(*found_nothing) == [] and [one.id for one in library.trashed()] == [again.id]
    assert library.empty_trash(again.id) == [again] and library.trashed() == []


def test_duplicates_room_and_uses_are_told_and_given_back(yard: modelyard.Modelyard, root: Path) -> None:
    library = yard.library
    size = model(root / "a.safetensors", 7).stat().st_size
    model(root / "b.safetensors", 7)
    library.scan()
    library.measure()
    (group,) = library.duplicates().groups
    assert group.frees == size == library.space().duplicates
    assert library.used(root / "a.safetensors", root / "unknown", at=1_760_000_000.0) == 1
    ((day, times),) = library.uses(root / "a.safetensors")
    assert day.startswith("2025-10-") and times == 1
    assert {one.title for one in library.unused(days=0)} == {"a", "b"}
    with pytest.raises(BadValue):
        library.dedupe(*[])
    told = library.dedupe(group.sha256)
    assert (told["linked"], told["failed"]) == (1, 0), "by reflink or hard link"
    assert library.duplicates().frees == 0 and (root / "b.safetensors").stat().st_size == size


def test_two_models_are_compared_and_newer_versions_told(
    hub: PracticeHub, yard: modelyard.Modelyard, root: Path
) -> None:
    library = yard.library
    made = [
        practice.Version(number, f"v{number}", [practice.ModelFile(number, "a.safetensors", safetensors_of_size(9000))])
        for number in (702, 701)
    ]
    hub.civitai.add_model(practice.Model(700, "Several", "LORA", made))
    old, other = model(root / "old.safetensors"), model(root / "b.safetensors", one="1")
    (root / "old.civitai.info").write_text(json.dumps({"id": 701, "modelId": 700}))
    library.scan()
    assert library.compare(old, other).facts and library.compare(old, old).same_tensors is not False
    assert [(one.version.id, bool(one.here)) for one in library.versions(old)] == [("702", False), ("701", True)]
    assert library.look_for_versions(old, any_base=True)["asked"] == 1
    assert [one.version.id for one in library.newer()] == ["702"]
    library.ignore(old)
    assert library.newer() == [] and len(library.newer(ignored=True)) == 1
    assert library.versions(other) == []


def test_a_library_is_written_down_and_fetched_again_by_its_lockfile(yard: modelyard.Modelyard, root: Path) -> None:
    library, lock = yard.library, root.parent / "lock.json"
    yard.start("hf:me/model/m.safetensors", to=f"{root}/").wait()
    model(root / "mine.safetensors")
    library.scan()
    library.measure()
    library.export(lock, kind=["lora", "unknown"])
    assert library.sync(lock).complete
    library.export(lock, kind=["lora", "unknown"])
    kept = (root / "mine.safetensors").read_bytes()
    with pytest.raises(TargetExists):
        library.export(root / "mine.safetensors")
    assert (root / "mine.safetensors").read_bytes() == kept and lock.stat().st_mode & 0o044
    for path in root.glob("*.safetensors"):
        path.unlink()
    library.scan()
    assert {one.state for one in library.sync(lock).left} == {"missing"}
    told = library.sync(lock, apply=True)
    assert [one.path for one in told.fetched] == [root / "m.safetensors"] and not told.complete
    assert [one.place for one in told.left] == ["mine.safetensors"], "no hub has it"
    again = {one.place: one.state for one in library.sync(lock).files}
    assert again == {"m.safetensors": "here", "mine.safetensors": "missing"}


def test_a_strangers_lockfile_reaches_no_inner_service_keeps_no_key_and_writes_only_models(
    yard: modelyard.Modelyard, hub: PracticeHub, root: Path
) -> None:
    def line(place: str, *addresses: str) -> dict[str, object]:
        files = [{"place": place, "size": 5, "address": address} for address in addresses]
        return {"title": "t", "folder": "loras", "place": place, "files": files}

    inner = hub.add_file("inner.safetensors", 1000)
    key = f"{hub.url}/api/download/models/201?token={'0123456789abcdef' * 2}"
    (root / "out").symlink_to(root.parent)
    models = [line("evil.py", inner), line("run.sh", inner), line("a.safetensors", inner), line("b.safetensors", key)]
    models += [line("out/c.safetensors", inner), line("all.safetensors", "hf:me/model", "hf:me/two")]
    hub.hf.add_repo("me/two", {"a.safetensors": 1000, "b.safetensors": 1000})
    lock = root.parent / "lock.json"
    lock.write_text(json.dumps({"modelyard": 1, "made": "x", "models": models}))
    told = yard.library.sync(lock, apply=True)
    assert [one.path.name for one in told.fetched] == ["b.safetensors", "all.safetensors"] and not told.complete
    assert hub.log.find("*inner*") == [] and all(one.reason for one in told.left)
    assert not yard.app.keys.list() and not (root.parent / "c.safetensors").exists()
    assert {path.name for path in root.iterdir() if path.is_file()} == {"b.safetensors", "all.safetensors"}


def test_more_files_of_an_address_do_not_stand_for_the_lines_that_are_left() -> None:
    missing, here = (Verdict("t", "loras", "p", state, 1) for state in ("missing", "here"))
    fetched = [modelyard.Model(Path(name), 1, "", False, "", 1) for name in "ab"]
    assert Synced([missing, here], fetched[:1], []).complete
    assert not Synced([missing, missing], fetched, [missing]).complete
    assert not Synced([msgspec.structs.replace(here, state="unmeasured"), missing], fetched, []).complete


def test_a_backup_brings_an_owners_words_back(yard: modelyard.Modelyard, root: Path) -> None:
    library, file = yard.library, root.parent / "backup.json"
    path = model(root / "a.safetensors")
    library.scan()
    library.change(path, notes="with 0.7")
    assert library.backup(file) == file.stat().st_size
    assert json.loads(file.read_bytes())["models"][0]["own"]["notes"] == "with 0.7"
    library.change(path, notes="")
    assert library.restore(file, dry_run=True).words == 1 and library.show(path).about.own.notes == ""
    assert library.restore(file).words == 1 and library.show(path).about.own.notes == "with 0.7"
    (root.parent / "text").write_text("mine")
    with pytest.raises(TargetExists):
        library.backup(root.parent / "text")
