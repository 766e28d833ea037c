import os
import sqlite3

import pytest
import sqlalchemy as sa

from modelyard.errors import BadValue, DiskError, NotSupported
from modelyard.store import shelves
from modelyard.store.database import FILE, Database
from modelyard.store.schema import HEAD, counters, metadata
from modelyard.store.upgrade import upgrade, version_of


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request):
    return request.getfixturevalue("postgres").empty() if request.param == "postgresql" else ""


@pytest.fixture
def database(tmp_path, url):
    database = Database(tmp_path, url)
    yield database
    database.close()


def put(database, name="a", value=1):
    with database.writing() as db:
        db.execute(counters.insert().values(name=name, value=value))


def kept(database):
    with database.reading() as db:
        return dict(db.execute(sa.select(counters.c.name, counters.c.value)).all())


def test_what_was_written_is_there_after_reopening(tmp_path, url):
    first = Database(tmp_path, url)
    put(first)
    first.close()
    second = Database(tmp_path, url)
    assert kept(second) == {"a": 1}
    second.close()


def test_a_block_that_raises_changes_nothing(database):
    def fails():
        with database.writing() as db:
            db.execute(counters.insert().values(name="a", value=1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert kept(database) == {}


def test_the_migrations_make_the_tables_that_the_code_expects(database):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.reading() as db:
        # The full-text index is the one thing that each database makes in its own words.
        ours = {
            "compare_type": True,
            "include_object": lambda _o, name, *_: not str(name).startswith(("models_words", "words_vector")),
        }
        context = MigrationContext.configure(db, opts=ours)
        assert shelves.models.name in metadata.tables
        assert compare_metadata(context, metadata) == []


def test_every_step_can_be_undone_and_done_again(database):
    upgrade(database.engine, "base")
    with database.reading() as db:
        assert version_of(db) is None
        assert not sa.inspect(db).has_table("tasks")
    upgrade(database.engine)
    put(database)
    assert kept(database) == {"a": 1}


def test_an_upgrade_that_dies_half_way_leaves_the_old_version(database, monkeypatch):
    upgrade(database.engine, "base")

    def dies(*_args, **_more):
        raise RuntimeError("killed")

    from alembic import op

    monkeypatch.setattr(op, "create_index", dies)
    with pytest.raises(RuntimeError):
        upgrade(database.engine)
    monkeypatch.undo()
    with database.reading() as db:
        assert not sa.inspect(db).has_table("answers")
    upgrade(database.engine)
    with database.reading() as db:
        assert version_of(db) == HEAD


def test_a_database_of_a_newer_version_is_refused_and_not_touched(tmp_path, url):
    first = Database(tmp_path, url)
    with first.writing() as db:
        db.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    first.close()
    with pytest.raises(NotSupported, match="9999"):
        Database(tmp_path, url)


def test_sqlite_commits_survive_a_power_cut(tmp_path):
    database = Database(tmp_path)
    with database.reading() as db:
        assert db.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert db.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    database.close()


def test_a_file_that_is_no_database_is_a_typed_error_and_stays(tmp_path):
    (tmp_path / FILE).write_bytes(b"not a database" * 1000)
    with pytest.raises(DiskError):
        Database(tmp_path)
    assert (tmp_path / FILE).read_bytes().startswith(b"not a database")


@pytest.mark.parametrize(("url", "error"), [("nonsense", BadValue), ("mysql://host/name", NotSupported)])
def test_an_unfit_url_is_refused_with_a_hint(tmp_path, url, error):
    with pytest.raises(error) as told:
        Database(tmp_path, url)
    assert told.value.hint


def test_a_password_in_the_url_is_never_told(tmp_path):
    with pytest.raises(DiskError) as told:
        Database(tmp_path, "postgresql://me:secretword@127.0.0.1:1/none")
    assert "secretword" not in str(told.value.as_dict())


def test_a_full_disk_is_told_as_such_and_the_reserve_given_up(tmp_path):
    database = Database(tmp_path)
    assert (tmp_path / "reserve.bin").exists()
    with database.reading() as db:
        pages = db.exec_driver_sql("PRAGMA page_count").scalar()
    rows = [{"name": f"{number}" * 20, "value": number} for number in range(1000)]

    def fill():
        with database.writing() as db:
            db.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            db.execute(counters.insert(), rows)

    with pytest.raises(DiskError) as told:
        fill()
    assert told.value.code == "disk-full"
    assert not (tmp_path / "reserve.bin").exists()
    database.close()


def test_two_writers_take_turns(database):
    import threading

    def many(start):
        for number in range(start, start + 50):
            put(database, str(number))

    threads = [threading.Thread(target=many, args=(start,)) for start in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept(database)) == 150


def test_the_file_is_for_its_owner_only(tmp_path):
    Database(tmp_path / "new").close()
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0
    assert os.access(tmp_path / "new" / FILE, os.R_OK)
    with sqlite3.connect(tmp_path / "new" / FILE) as db:
        assert db.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)
    db.close()
