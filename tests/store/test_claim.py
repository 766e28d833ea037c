"""One process runs the tasks of a PostgreSQL database, and knows when it is no longer the one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from modelyard.errors import Busy
from modelyard.store.database import Database
from postgres import Cluster


@pytest.fixture
def pair(postgres: Cluster, tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    url = postgres.database()
    first, second = Database(tmp_path / "a", url), Database(tmp_path / "b", url)
    yield first, second
    first.close()
    second.close()


def cut_off(by: Database) -> None:
    """End the connection that has the lock, as a restart of the server or a firewall does."""
    with by.reading() as db:
        ended = db.execute(
            sa.text("SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7980")
        )
        assert ended.scalars().all() == [True]


def test_a_second_process_is_refused_until_the_first_one_ends(pair: tuple[Database, Database]) -> None:
    first, second = pair
    first.claim()
    first.claim()
    with pytest.raises(Busy):
        second.claim()
    first.close()
    second.claim()


def test_a_claim_that_went_with_its_connection_is_taken_again(pair: tuple[Database, Database]) -> None:
    first, second = pair
    first.claim()
    cut_off(second)
    first.claim()
    with pytest.raises(Busy):
        second.claim()


def test_whoever_was_cut_off_is_told_when_another_process_has_the_claim(pair: tuple[Database, Database]) -> None:
    first, second = pair
    first.claim()
    cut_off(second)
    second.claim()
    with pytest.raises(Busy):
        first.claim()
    second.close()
    first.claim()
