"""A backup is read whole or refused with a reason; whatever a file holds, nothing else happens."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.errors import BadValue, UnsafePath, YardError
from modelyard.jobs.backup import form
from modelyard.jobs.backup.form import Backup, read_backup

FILE = {"place": "a.gguf", "size": 1, "mtime_ns": 1, "inode": 1}
MODEL: dict[str, Any] = {"root": "/r", "folder": "loras", "place": "a.gguf", "size": 1, "files": [FILE]}


def backup(**more: Any) -> bytes:
    return msgspec.json.encode({"modelyard_backup": 1, "made": "", "models": [MODEL], **more})


def with_model(**more: Any) -> bytes:
    return backup(models=[MODEL | more])


def test_what_fits_is_read() -> None:
    assert read_backup(with_model(uses=3, days={"2026-01-02": 3})).models[0].days == {"2026-01-02": 3}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        backup()[:-1],
        backup(modelyard_backup=2),
        backup(modelyard_backup="1"),
        backup(unheard=1),
        backup(settings={"x": 1}),
        backup(roots=[{"path": "/x", "run": "rm"}]),
        backup(profiles={"x": {"secret": "y"}}),
        backup(hooks=[{"name": "x", "on": ["task-done"], "run": ["rm"]}]),
        backup(schedule=[{"name": "x", "cron": "* * * * *", "options": {"kind": "scan"}}]),
        backup(searches=[{"text": "a\0b", "times": 1, "at": 1}]),
        with_model(size=-1),
        with_model(size=2**64),
        with_model(size=True),
        with_model(uses="3"),
        with_model(uses=2**31),
        with_model(days={"yesterday": 1}),
        with_model(days={"2026-01-02": -1}),
        with_model(sha256="XYZ"),
        with_model(checked=1e300),
        with_model(own={"rating": 6}),
        with_model(own={"notes": None}),
        with_model(ignored=["x" * 201]),
        with_model(added=1).replace(b'"added":1', b'"added":NaN'),
        with_model(added=1).replace(b'"added":1', b'"added":1e999'),
        b'{"modelyard_backup":1,"made":"","models":' + b"[" * 100_000,
        b'{"modelyard_backup":1,"x":' + b'{"a":' * 100_000,
        b'{"modelyard_backup":1,"made":"","models":[],"schedule":[{"name":"x","cron":"","options":{"_wanted":'
        + b'{"a":' * 100_000,
    ],
    ids=range(31),
)
def test_what_is_no_backup_is_told(data: bytes) -> None:
    with pytest.raises(BadValue) as told:
        read_backup(data)
    assert len(told.value.message) < 500


@pytest.mark.parametrize("place", ["../x", "/etc/x", "a/../../x", "a\0b", ".."])
def test_a_place_that_leads_out_of_its_root_refuses_the_whole(place: str) -> None:
    with pytest.raises(UnsafePath):
        read_backup(with_model(place=place))
    with pytest.raises(UnsafePath):
        read_backup(with_model(files=[FILE | {"place": place}]))


def test_one_that_is_too_large_is_refused_before_it_is_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "LARGEST", 1000)
    with pytest.raises(BadValue, match="more than"):
        read_backup(backup(made="x" * 1000))
    monkeypatch.setattr(form, "LARGEST", 10**9)
    monkeypatch.setattr(form, "_MOST_OBJECTS", 5)
    with pytest.raises(BadValue, match="more than"):
        read_backup(backup(models=[MODEL] * 3))


@given(
    st.binary(max_size=300)
    | st.builds(lambda at, byte: backup()[:at] + byte + backup()[at + 1 :], st.integers(0, 150), st.binary(max_size=2))
)
def test_any_bytes_are_a_backup_or_an_error_of_ours(data: bytes) -> None:
    with contextlib.suppress(YardError):
        assert isinstance(read_backup(data), Backup)
