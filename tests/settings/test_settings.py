"""Settings: where a value comes from, what may be shown of it, and who hears of a change."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest

from modelyard.errors import BadValue
from modelyard.settings import TABLE, Settings


def test_a_flag_beats_a_variable_and_a_variable_beats_the_file(tmp_path: Path) -> None:
    Settings(tmp_path, {}).set("tasks.at-once", "7")
    environ = {"MODELYARD_TASKS_AT_ONCE": "8"}
    assert Settings(tmp_path, {}).explain("tasks.at-once") == (7, "file")
    assert Settings(tmp_path, environ).explain("tasks.at-once") == (8, "MODELYARD_TASKS_AT_ONCE")
    assert Settings(tmp_path, environ, {"tasks.at-once": "9"}).explain("tasks.at-once") == (9, "flag")
    assert Settings(tmp_path / "other", {}).explain("tasks.at-once") == (4, "default")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MODELYARD_TASKS_AT_ONCE", "many"),
        ("MODELYARD_LIMIT_SCHEDULE", "someday"),
        ("MODELYARD_TASKS_QUIET", "noday 08:00-09:00"),
        ("MODELYARD_PROXY", "ftp://host"),
        ("MODELYARD_DATABASE", "mysql://me:secret@host/x"),
        ("MODELYARD_SERVER_PORT", "70000"),
    ],
)
def test_a_variable_that_cannot_be_read_is_named_and_does_not_hide_the_others(
    tmp_path: Path, name: str, text: str
) -> None:
    settings = Settings(tmp_path, {name: text})
    with pytest.raises(BadValue, match=name):
        settings.check()
    (bad,) = [row for row in settings.describe() if row.trouble]
    assert bad.variable == name and bad.value is None and bad.origin == name
    assert len(settings.describe()) == len(TABLE)
    assert "me:secret" not in str(settings.describe())


def test_passwords_are_masked_in_what_is_shown_and_the_file_is_for_its_owner(tmp_path: Path) -> None:
    settings = Settings(tmp_path, {})
    row = settings.change("database", "postgresql://me:secret@db.example/yard")
    assert row.value == "postgresql://…@db.example/yard" and row.secret and row.restart
    assert settings["database"] == "postgresql://me:secret@db.example/yard"
    assert "secret@" not in json.dumps([each.as_dict() for each in settings.describe()])
    assert stat.S_IMODE((tmp_path / "settings.json").stat().st_mode) == 0o600


def test_an_unknown_name_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(BadValue) as caught:
        Settings(tmp_path, {}).change("task.at-once", "3")
    assert "tasks.at-once" in caught.value.hint
    with pytest.raises(BadValue):
        Settings(tmp_path, {}).describe("nothing")
    assert not (tmp_path / "settings.json").exists()


def test_changes_are_told_once_each_and_no_more_after_leaving(tmp_path: Path) -> None:
    settings, told = Settings(tmp_path, {}), list[str]()
    leave = settings.on_change(told.append)
    settings.set("tasks.at-once", "5")
    settings.set("tasks.at-once", "5")
    settings.set("limit.total", "5MB/s")
    settings.reset("tasks.at-once")
    assert told == ["tasks.at-once", "limit.total", "tasks.at-once"]
    leave()
    settings.reset()
    assert len(told) == 3


def test_what_another_process_wrote_is_told_at_the_next_look(tmp_path: Path) -> None:
    settings, told = Settings(tmp_path, {}), list[str]()
    settings.on_change(told.append)
    Settings(tmp_path, {}).set("limit.total", "1MB/s")
    assert told == []
    settings.look_again()
    settings.look_again()
    assert told == ["limit.total"]


def test_a_damaged_file_is_told_until_it_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text("{")
    settings = Settings(tmp_path, {})
    settings.on_change(lambda name: None)
    with pytest.raises(BadValue, match="damaged"):
        settings.describe("xet")
    with pytest.raises(BadValue):
        settings.set("xet", "off")
    settings.look_again()
    settings.reset()
    assert settings["xet"] is True


def test_many_threads_lose_no_change(tmp_path: Path) -> None:
    settings, names = Settings(tmp_path, {}), ["tasks.at-once", "tasks.per-hub", "tasks.retries", "files.at-once"]
    threads = [threading.Thread(target=_count_up, args=(settings, name)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [settings[name] for name in names] == [20] * 4


def _count_up(settings: Settings, name: str) -> None:
    for number in range(1, 21):
        settings.set(name, str(number))
