"""What only the database knew comes back from a backup: on both databases, once or twice, and nothing else is lost."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from jobs.library import model, scanned
from modelyard.app import App
from modelyard.catalogue.model import Health
from modelyard.errors import DiskError
from modelyard.jobs.addressing import forget
from modelyard.jobs.backup.form import Backup, PeriodicRecord, Words, read_backup
from modelyard.jobs.backup.restoring import restore
from modelyard.jobs.backup.writing import backup_json
from modelyard.jobs.checking import VERIFY, VerifyOptions
from modelyard.jobs.hooks.entries import Hook
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.owning import Change, change_own, report_uses
from modelyard.jobs.profiles import Profile
from modelyard.jobs.queued import Options, draft
from modelyard.jobs.scan import SCAN, ScanOptions
from modelyard.jobs.trash import put_away
from modelyard.library.roots.entries import Entry
from modelyard.net.stop import Stop
from modelyard.tasks.periodic import entries, keep
from modelyard.values.about import About, Picture

DAY = 86400
CANARY = "hf_CanaryCanaryCanaryCanary01"


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Any]:
    """Opens an App on a data folder and a database that are both new; the models stay."""

    @contextmanager
    def opened() -> Iterator[App]:
        shutil.rmtree(tmp_path / "yard", ignore_errors=True)
        environ = {"MODELYARD_HOME": str(tmp_path / "yard")}
        if request.param == "postgresql":
            environ["MODELYARD_DATABASE"] = request.getfixturevalue("postgres").database()
        with App(environ) as app:
            yield app

    return opened


def rooted(app: App, folder: Path) -> None:
    """Two roots; in one of them nothing is ever written."""
    for name, read_only in (("loras", False), ("shared", True)):
        (folder / name).mkdir(exist_ok=True)
        app.stock.entries.keep(Entry(path=str(folder / name), folder="loras", read_only=read_only))


def measured(app: App) -> None:
    scanned(app)
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)


def written(app: App) -> Backup:
    return read_backup(b"".join(backup_json(app.holdings())))


def answers(app: App) -> dict[str, Any]:
    """Everything that is asked of a catalogue, by the models' paths: numbers may be others."""
    found = {}
    catalogue = app.stock.catalogue
    newer = {(one.model, one.version.id): one.ignored for one in catalogue.newer(ignored=True)}
    for known in catalogue.keepsakes():
        details = catalogue.details(known.id)
        told = msgspec.to_builtins(details.model)
        told = {name: value for name, value in told.items() if name != "id"}
        shown = {version: ignored for (number, version), ignored in newer.items() if number == known.id}
        files = [msgspec.to_builtins(file) for file in known.files]
        found[known.path] = (
            told,
            details.about,
            details.tags,
            details.own_tags,
            files,
            known.days,
            shown,
            known.ignored,
        )
    return found | {"searches": catalogue.searches()}


def ids(app: App) -> dict[str, int]:
    return {Path(one.path).relative_to(Path(one.root).parent).as_posix(): one.id for one in app.stock.catalogue.spots()}


def lived_in(app: App, folder: Path) -> dict[str, int]:
    """A library in which somebody has worked for a while."""
    for number, place in enumerate(
        ("loras/a.safetensors", "loras/a.ckpt", "shared/b.safetensors", "loras/sub/c.safetensors")
    ):
        model(folder / place, number)
    shutil.copy2(folder / "shared" / "b.safetensors", folder / "loras" / "b.safetensors")  # the same bytes twice
    measured(app)
    known = ids(app)
    for place in ("loras/a.safetensors", "loras/a.ckpt", "shared/b.safetensors"):
        words = Change(
            title=f"My {place}",
            notes="Token: ohwx\nzweite Zeile ✓",
            rating=4,
            favourite=True,
            tags=("x", place),
            group="me",
        )
        change_own(app.stock, known[place], words)
    change_own(app.stock, known["loras/b.safetensors"], Change(notes="the copy"))
    catalogue = app.stock.catalogue
    now = time.time()
    report_uses(
        app.stock,
        [{"path": str(folder / "shared/b.safetensors"), "at": now - age * DAY} for age in (400, 400, 3, 0)]
        + [{"path": str(folder / "loras/a.ckpt"), "at": now - 9 * DAY}],
    )
    gone = About(
        hub="civitai",
        model_id="12",
        version_id="34",
        name="Lost",
        description="<b>what it was</b>",
        pictures=(Picture("https://image.civitai.com/x.png"),),
        gone=True,
        asked="2026-01-02T03:04:05Z",
    )
    catalogue.describe(known["shared/b.safetensors"], lambda about: replace(gone, own=about.own))
    catalogue.write(known["shared/b.safetensors"], {"asked": 1_760_000_000.0})
    catalogue.ignore_version(known["shared/b.safetensors"], "99", on=True)
    catalogue.checked(known["loras/sub/c.safetensors"], ["zero-filled"], good=False, at=now + 60)
    catalogue.checked(known["shared/b.safetensors"], [], good=True, at=now + 60)
    for text in ("anime style", "ohwx", "anime style"):
        catalogue.remember_search(text)
    return known


def test_database_deleted_scanned_and_restored_the_same_answers(fresh: Callable[[], Any], tmp_path: Path) -> None:
    with fresh() as app:
        rooted(app, tmp_path)
        lived_in(app, tmp_path)
        before = answers(app)
        backup = written(app)
    with fresh() as app:
        rooted(app, tmp_path)
        scanned(app)
        lost = answers(app)
        assert lost != before
        tried = restore(app.holdings(), backup, dry_run=True)
        assert answers(app) == lost, "a dry run changes nothing"
        told = restore(app.holdings(), backup)
        assert msgspec.structs.replace(tried, dry_run=False) == told
        assert answers(app) == before
        assert (told.models, told.missing, told.hashes, told.searches, told.ignored) == (5, 0, 5, 2, 1)
        assert not app.stock.catalogue.unmeasured(), "nothing need be hashed again"
        again = restore(app.holdings(), backup)
        assert (again.changed, again.searches, again.settings, again.left) == (0, 0, [], [])
        assert answers(app) == before
        assert scanned(app).changed == 0
        assert answers(app) == before, "nor does a scan take anything away"
        assert written(app).models == backup.models


def test_words_in_a_root_that_may_be_written_stand_beside_the_model_again(
    tmp_path: Path, yard: tuple[App, Path]
) -> None:
    app, root = yard
    path = model(root / "a.safetensors")
    scanned(app)
    (number,) = ids(app).values()
    change_own(app.stock, number, Change(notes="mine"))
    backup = written(app)
    (root / "a.info").unlink()
    app.stock.catalogue.forget([number])
    scanned(app)
    assert restore(app.holdings(), backup).words == 1
    assert b"mine" in path.with_suffix(".info").read_bytes()


def test_what_an_owner_wrote_since_stays_unless_the_backup_is_to_stand(yard: tuple[App, Path]) -> None:
    app, root = yard
    model(root / "a.safetensors")
    scanned(app)
    (number,) = ids(app).values()
    app.settings.set("tasks.at-once", "6")
    app.profiles.keep("p", Profile(to="/then"))
    change_own(app.stock, number, Change(title="then", notes="then", tags=("then",)))
    backup = written(app)
    app.settings.set("tasks.at-once", "7")
    app.profiles.keep("p", Profile(to="/now"))
    change_own(app.stock, number, Change(title="", notes="now", tags=("now",), rating=3, group="now"))

    def own() -> Words:
        return msgspec.convert(msgspec.to_builtins(app.stock.catalogue.details(number).about.own), Words)

    told = restore(app.holdings(), backup)
    assert own() == Words(title="then", notes="now", tags=("now",), rating=3, group="now")
    assert (told.settings, told.profiles, app.settings["tasks.at-once"]) == ([], [], 7)
    told = restore(app.holdings(), backup, instead=True)
    assert own() == Words(title="then", notes="then", tags=("then",), rating=3, group="now")
    assert (told.settings, told.profiles, app.settings["tasks.at-once"]) == (["tasks.at-once"], ["p"], 6)
    assert app.profiles.get("p").to == "/then"
    assert restore(app.holdings(), backup, instead=True).changed == 0


def test_uses_of_before_and_after_the_loss_add_up_and_never_count_twice(yard: tuple[App, Path]) -> None:
    app, root = yard
    path = model(root / "a.safetensors")
    scanned(app)
    report_uses(app.stock, [{"path": str(path), "at": time.time() - age * DAY} for age in (5, 5, 9)])
    backup = written(app)
    app.stock.catalogue.forget(ids(app).values())
    scanned(app)
    report_uses(app.stock, [{"path": str(path), "at": time.time() - DAY}])
    for _ in range(2):
        restore(app.holdings(), backup)
        (known,) = app.stock.catalogue.keepsakes()
        assert (known.uses, sorted(known.days.values())) == (4, [1, 1, 2])


def test_a_file_that_was_touched_gets_no_hash_and_other_bytes_no_words(yard: tuple[App, Path]) -> None:
    app, root = yard
    touched, other = model(root / "touched.safetensors", 1), model(root / "other.safetensors", 2)
    measured(app)
    for number in ids(app).values():
        change_own(app.stock, number, Change(notes="mine"))
        app.stock.catalogue.checked(number, [], good=True, at=time.time() + 60)
    backup = written(app)
    for path in root.glob("*.info"):
        path.unlink()
    app.stock.catalogue.forget(ids(app).values())
    app.proofs.close()
    (app.folder / "proofs.db").unlink()
    os.utime(touched)
    model(other, 3)
    scanned(app)
    measure_models(app.stock, MeasureOptions(ids=(ids(app)["loras/other.safetensors"],)), Stop(), lambda _: None)
    told = restore(app.holdings(), backup)
    assert (told.models, told.hashes, told.unknown) == (1, 0, ["loras/other.safetensors"])
    found = {one.place: app.stock.catalogue.get(one.id) for one in app.stock.catalogue.spots()}
    assert (found["touched.safetensors"].notes, found["other.safetensors"].notes) == ("mine", "")
    assert {one.health for one in found.values()} == {Health.UNVERIFIED}


def test_a_model_that_was_moved_is_known_by_its_hash_and_one_on_another_drive_by_its_place(
    yard: tuple[App, Path], tmp_path: Path
) -> None:
    app, root = yard
    model(root / "moved.safetensors", 1)
    model(root / "copied.safetensors", 2)
    measured(app)
    for place, number in ids(app).items():
        change_own(app.stock, number, Change(notes=place))
    backup = written(app)
    app.stock.catalogue.forget(ids(app).values())
    other = tmp_path / "drive"
    (other / "sub").mkdir(parents=True)
    shutil.move(root / "moved.safetensors", other / "sub" / "renamed.safetensors")
    shutil.copy2(root / "copied.safetensors", other / "copied.safetensors")
    shutil.rmtree(root)
    app.stock.entries.remove(str(root))
    app.stock.entries.keep(Entry(path=str(other), folder="loras", read_only=True))
    measured(app)
    told = restore(app.holdings(), backup)
    assert (told.models, told.missing) == (2, 0)
    notes = {one.place: app.stock.catalogue.get(one.id).notes for one in app.stock.catalogue.spots()}
    assert notes == {
        "sub/renamed.safetensors": "loras/moved.safetensors",
        "copied.safetensors": "loras/copied.safetensors",
    }
    assert told.left == [f"{root}: There is no such folder here."]


def test_roots_settings_profiles_and_periodic_downloads_come_back(fresh: Callable[[], Any], tmp_path: Path) -> None:
    with fresh() as app:
        rooted(app, tmp_path)
        app.settings.set("limit.total", "5MB/s")
        app.settings.set("quarantine", "off")
        app.profiles.keep("mine", Profile(to=str(tmp_path), limit="1MB/s"))
        told = draft(app.yard, "hf:me/model", Options(to=str(tmp_path), told=True, within=str(tmp_path)), forget)
        keep(app.queue, "weekly", "30 4 * * sun", told)
        work = SCAN.draft(ScanOptions(roots=(str(tmp_path / "loras"),), gentle=True))
        keep(app.queue, "nightly", "0 3 * * *", work, work.key)
        keep(app.queue, "two", "0 3 * * *", VERIFY.draft(VerifyOptions(ids=(1, 2))))
        before = [(one.name, one.cron, one.draft) for one in entries(app.queue) if one.name != "two"]
        backup = written(app)
        assert backup.left_out == ("the periodic task two",), "its numbers mean other models there"
    with fresh() as app:
        told = restore(app.holdings(), backup)
        assert [(one.name, one.cron, one.draft) for one in entries(app.queue)] == before
        assert tuple(app.stock.entries.all()) == backup.roots
        assert (app.settings["quarantine"], app.settings["limit.total"]) == (False, "5MB/s")
        assert app.profiles.get("mine").limit == "1MB/s"
        assert (len(told.roots), told.profiles, told.schedule) == (2, ["mine"], ["nightly", "weekly"])
        assert restore(app.holdings(), backup, instead=True).schedule == []
        evil = [
            PeriodicRecord(name="x", cron="* * * * *", chore="move", said={}),
            PeriodicRecord(name="y", cron="* * * * *", chore="scan", said={"sudo": True}),
            PeriodicRecord(name="z", cron="when I like", chore="scan"),
        ]
        refused = restore(app.holdings(), msgspec.structs.replace(backup, schedule=tuple(evil)))
        assert (refused.schedule, len(refused.left)) == ([], 3)
        assert sorted(told.settings) == ["limit.total", "quarantine"]


def test_no_key_goes_into_a_backup_and_what_is_left_out_is_named(tmp_path: Path) -> None:
    (tmp_path / "loras").mkdir()
    environ = {"MODELYARD_HOME": str(tmp_path / "yard"), "HF_TOKEN": CANARY, "MODELYARD_NO_KEYRING": "1"}
    with App(environ) as app:
        rooted(app, tmp_path)
        model(tmp_path / "loras" / "a.safetensors")
        scanned(app)
        (number,) = ids(app).values()
        change_own(app.stock, number, Change(notes=f"Token: ohwx\nmy key {CANARY} here", group=CANARY))
        app.stock.catalogue.remember_search(CANARY)
        app.stock.catalogue.remember_search("plain")
        app.settings.set("proxy", f"http://me:{CANARY}@proxy.example:3128")
        app.profiles.keep("bad", Profile(to=f"/x/{CANARY}"))
        app.hooks.file.add(Hook(name="tell", on=("task-done",), webhook=f"https://x.example/{CANARY}", secret=CANARY))
        keep(
            app.queue, "signed", "30 4 * * sun", draft(app.yard, "https://x.example/m.gguf?opaque=1", Options(), forget)
        )
        app.lan_hubs.add("http://nas.local:8080")
        raw = b"".join(backup_json(app.holdings()))
        assert CANARY.encode() not in raw and b"opaque" not in raw
        backup = read_backup(raw)
        assert set(backup.left_out) == {
            "the setting proxy",
            "the profile bad",
            "the hook tell",
            "the periodic task signed",
            "the hub http://nas.local:8080 of the local network",
        }
        assert [one.text for one in backup.searches] == ["plain"]
        assert backup.models[0].own.notes == "Token: ohwx\nmy key hf_••• here"
        restore(app.holdings(), backup, instead=True)
        assert CANARY in app.stock.catalogue.get(number).notes, "a masked text never takes the place of a whole one"


def test_no_backup_sets_what_may_hold_a_password_or_a_setting_that_cannot_be_read(yard: tuple[App, Path]) -> None:
    app, _ = yard
    told = {"modelyard_backup": 1, "made": "", "models": []}
    wrong = {"database": "postgresql://evil/x", "proxy": "direct", "tasks.at-once": "-1", "unheard-of": "1"}
    backup = read_backup(
        msgspec.json.encode(told | {"settings": wrong, "profiles": {"../x": {}, "y": {"limit": "much"}}})
    )
    for dry_run in (True, False):
        done = restore(app.holdings(), backup, instead=True, dry_run=dry_run)
        assert (done.settings, done.profiles, len(done.left)) == ([], [], 6)
    assert not (app.folder / "settings.json").exists()
    assert not (app.folder / "profiles.json").exists()


def test_a_model_that_its_hub_deleted_comes_back_without_a_strangers_script(yard: tuple[App, Path]) -> None:
    app, root = yard
    model(root / "a.safetensors")
    scanned(app)
    (number,) = ids(app).values()
    about = About(
        hub="civitai", name="x", description="<script>alert(1)</script><b>y</b>", page="javascript:alert(1)", gone=True
    )
    record = msgspec.structs.replace(written(app).models[0], deleted=about)
    restore(app.holdings(), msgspec.structs.replace(written(app), models=(record,)))
    known = app.stock.catalogue.details(number).about
    assert (known.name, known.description, known.page) == ("x", "<b>y</b>", "")


def test_words_that_a_database_may_not_like_are_taken_as_far_as_it_can(
    fresh: Callable[[], Any], tmp_path: Path
) -> None:
    with fresh() as app:
        rooted(app, tmp_path)
        model(tmp_path / "shared" / "a.safetensors")
        scanned(app)
        (number,) = ids(app).values()
        odd = "a\0b \u2028 \U0001f600"
        own = Words(title="x" * 5000, notes=odd, group=odd, tags=(odd, "y" * 900))
        about = About(hub="h" * 300, model_id=odd, version_id="v" * 900, nsfw=-(10**30), gone=True)
        backup = written(app)
        record = msgspec.structs.replace(
            backup.models[0], own=own, deleted=about, uses=2**31 - 1, days={"2026-01-01": 2**31 - 1}
        )
        raw = msgspec.json.encode(msgspec.structs.replace(backup, models=(record,)))
        report_uses(app.stock, [{"path": str(tmp_path / "shared" / "a.safetensors"), "at": 1_760_000_000}])
        assert restore(app.holdings(), read_backup(raw)).words == 1
        known = app.stock.catalogue.get(number)
        assert (known.notes, known.uses) == ("ab \u2028 \U0001f600", 2**31 - 1)
        assert restore(app.holdings(), read_backup(raw)).changed == 0


def test_when_the_database_refuses_the_last_model_the_first_is_as_it_was(
    yard: tuple[App, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, root = yard
    monkeypatch.setattr("modelyard.catalogue.recalling._CHUNK", 1)
    for number in range(3):
        model(root / f"{number}.safetensors", number)
    measured(app)
    for number in ids(app).values():
        change_own(app.stock, number, Change(notes="mine"))
    backup = written(app)
    for path in root.glob("*.info"):
        path.unlink()
    app.stock.catalogue.forget(ids(app).values())
    scanned(app)
    before = answers(app)
    last = max(ids(app).values())
    with app.database.writing() as db:
        db.exec_driver_sql(
            f"CREATE TRIGGER no BEFORE UPDATE ON models WHEN new.id = {last} BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    with pytest.raises(DiskError, match="no"):
        restore(app.holdings(), backup)
    assert answers(app) == before
    with app.database.writing() as db:
        db.exec_driver_sql("DROP TRIGGER no")
    assert restore(app.holdings(), backup).words == 3


def test_a_model_that_was_gone_is_written_down_too_and_waits_for_its_drive(
    yard: tuple[App, Path], tmp_path: Path
) -> None:
    app, root = yard
    path = model(root / "a.safetensors")
    measured(app)
    (number,) = ids(app).values()
    app.stock.entries.keep(Entry(path=str(root), folder="loras", read_only=True))
    change_own(app.stock, number, Change(notes="mine"))
    away = shutil.move(path, tmp_path / "away")
    scanned(app)
    backup = written(app)
    app.stock.catalogue.forget([number])
    told = restore(app.holdings(), backup)
    assert (told.models, told.missing, told.gone, told.unknown) == (0, 0, 1, [])
    shutil.move(away, path)
    scanned(app)
    assert restore(app.holdings(), backup).words == 1
    assert [app.stock.catalogue.get(one).notes for one in ids(app).values()] == ["mine"]


def test_what_lies_in_the_trash_is_left_to_the_trash(yard: tuple[App, Path]) -> None:
    app, root = yard
    model(root / "a.safetensors", 1)
    model(root / "b.safetensors", 2)
    measured(app)
    put_away(app.stock, ids(app)["loras/a.safetensors"])
    assert [one.place for one in written(app).models] == ["b.safetensors"]
