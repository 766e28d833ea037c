"""Idempotency-Keys in the real database."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard.errors import Busy, DiskFull, KeyReused, OutcomeUnknown
from modelyard.server.messages import Reply
from modelyard.server.once_kept import OnceKept
from modelyard.store.database import Database
from postgres import Cluster

LONG = "n" * 80 + "\0" + "k" * 200
MARK = b"m" * 32


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database."""
    database = Database(tmp_path, "")
    yield database
    database.close()


def once_of(database: Database) -> OnceKept:
    return OnceKept(database, lambda: 1000.0)


def test_an_answer_outlives_the_process_that_gave_it(database: Database) -> None:
    once = once_of(database)
    assert once.begin("a\0b", MARK) is None
    once.keep("a\0b", Reply(201, b"{}"))
    assert once_of(database).begin("a\0b", MARK) == Reply(201, b"{}")
    with pytest.raises(KeyReused):
        once_of(database).begin("a\0b", b"x" * 32)
    assert once_of(database).begin("a b\0", MARK) is None


def test_a_retry_while_the_answer_is_written_is_not_begun_anew(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    once, real, told = once_of(database), database.writing, []

    @contextlib.contextmanager
    def writing() -> Iterator[Any]:
        with real() as db:
            with pytest.raises(Busy):
                once.begin("a\0b", MARK)
            told.append("busy")
            yield db

    assert once.begin("a\0b", MARK) is None
    monkeypatch.setattr(database, "writing", writing)
    once.keep("a\0b", Reply(201, b"{}"))
    assert told == ["busy"] and once.begin("a\0b", MARK) == Reply(201, b"{}")


def test_what_was_begun_before_a_kill_is_not_begun_again(database: Database) -> None:
    assert once_of(database).begin("a\0b", MARK, note=True) is None
    after = once_of(database)
    with pytest.raises(OutcomeUnknown):
        after.begin("a\0b", MARK, note=True)
    with pytest.raises(KeyReused):
        after.begin("a\0b", b"x" * 32, note=True)
    assert OnceKept(database, lambda: 1000.0 + 86401).begin("a\0b", MARK) is None  # a day later


def test_an_answer_takes_the_place_of_its_note_and_a_failure_takes_it_away(database: Database) -> None:
    once = once_of(database)
    assert once.begin("a\0b", MARK, note=True) is None and once.begin("a\0c", MARK, note=True) is None
    once.keep("a\0b", Reply(200, b"[]"))
    once.drop("a\0c")
    assert once_of(database).begin("a\0b", MARK, note=True) == Reply(200, b"[]")
    assert once_of(database).begin("a\0c", MARK, note=True) is None


def test_an_answer_that_is_durable_stays_when_something_fails_after_it(database: Database) -> None:
    once = once_of(database)
    assert once.begin("a\0b", MARK, note=True) is None
    with database.writing() as db:
        once.keep_within(db, "a\0b", Reply(200, b"[]"))
    once.drop("a\0b")
    assert once_of(database).begin("a\0b", MARK, note=True) == Reply(200, b"[]")


def test_an_answer_with_a_secret_is_told_again_and_never_gets_to_the_disk(database: Database, tmp_path: Path) -> None:
    told, now = Reply(201, b"yard_canary"), [1000.0]
    once = OnceKept(database, lambda: now[0])
    assert once.begin("a\0b", MARK, note=True) is None
    once.keep("a\0b", told, secret=True)
    assert once.begin("a\0b", MARK, note=True) == told
    assert not any(b"yard_canary" in path.read_bytes() for path in tmp_path.iterdir())
    with pytest.raises(OutcomeUnknown):  # after a restart nobody has it, and nobody makes a second one
        once_of(database).begin("a\0b", MARK, note=True)
    now[0] += 601  # nor does it stay in memory for long, whatever is asked next
    assert once.begin("b\0b", MARK) is None and not once._secret
    with pytest.raises(OutcomeUnknown):
        once.begin("a\0b", MARK, note=True)


def test_what_cannot_be_noted_is_not_begun_and_its_key_stays_free(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = once_of(database)

    @contextlib.contextmanager
    def full() -> Iterator[Any]:
        raise DiskFull("The disk is full.")
        yield

    with monkeypatch.context() as patched:
        patched.setattr(database, "writing", full)
        with pytest.raises(DiskFull):
            once.begin("a\0b", MARK, note=True)
    assert once.begin("a\0b", MARK, note=True) is None


def test_long_names_and_keys_fit_into_postgresql(postgres: Cluster, tmp_path: Path) -> None:
    database = Database(tmp_path, postgres.database())
    with contextlib.closing(database):
        once = once_of(database)
        assert once.begin(LONG, MARK) is None
        once.keep(LONG, Reply(201, b"{}"))
        assert once.begin(LONG, MARK) == Reply(201, b"{}")
