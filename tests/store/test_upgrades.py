"""An upgrade whose process is really killed, and a database of a newer version, met by the real commands."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.errors import Busy
from modelyard.events.log import EventLog
from modelyard.server.folder import held
from modelyard.store import database as database_module
from modelyard.store.database import FILE, Database
from modelyard.store.schema import HEAD
from modelyard.store.upgrade import upgrade
from modelyard.tasks.queue import Queue
from modelyard.tasks.states import State
from modelyard.tasks.task import Draft
from running import modelyard

QUEUE = ("tasks", "task_moves", "task_needs")


def killed(folder: Path, version: str, last: int) -> bool:
    """Change the version in a process that is killed before its `last` write; whether there were as many."""
    program = Path(__file__).with_name("upgrading.py")
    ran = subprocess.run(
        [sys.executable, str(program), str(folder), version, str(last)], capture_output=True, check=False
    )
    assert ran.returncode in (0, -signal.SIGKILL), ran.stderr.decode()
    return ran.returncode != 0


def tables(folder: Path) -> set[str]:
    """Names of all tables; the database is whole."""
    with contextlib.closing(sqlite3.connect(folder / FILE)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


@pytest.mark.slow
def test_an_upgrade_killed_anywhere_leaves_the_old_version_and_the_next_one_succeeds(tmp_path: Path) -> None:
    database = Database(tmp_path)
    upgrade(database.engine, "base")
    database.close()
    before = tables(tmp_path)
    for last in (1, 2, 4, 8, 12, 16, 20):
        if not killed(tmp_path, HEAD, last):
            break
        assert tables(tmp_path) == before, last
    assert last > 4, "it was killed in the middle"
    queue = Queue(Database(tmp_path), EventLog())
    assert queue.add([Draft(kind="toy", title="a")]) == [1]
    queue.database.close()
    assert "tasks" in tables(tmp_path)


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything that the queue's tables hold."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        return {name: db.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in QUEUE}


@pytest.mark.slow
@pytest.mark.parametrize(("version", "writes"), [("0001", (1, 9, 20)), ("0002", (1, 2))])
def test_an_upgrade_of_a_full_queue_killed_anywhere_keeps_every_row(
    tmp_path: Path, version: str, writes: tuple[int, ...]
) -> None:
    queue = Queue(Database(tmp_path), EventLog())
    told = queue.add([Draft(kind="toy", title=f"{number}") for number in range(2000)])
    queue.add([Draft(kind="toy", title="after", needs=(told[0],))])
    queue.cancel(told[1000:])
    upgrade(queue.database.engine, version)
    queue.database.close()
    file, schema = tmp_path / FILE, tables(tmp_path)
    before = rows(file)
    assert {name: len(found) for name, found in before.items()} == {"tasks": 2001, "task_moves": 3001, "task_needs": 1}
    for last in writes:
        assert killed(tmp_path, HEAD, last), last
        assert (tables(tmp_path), rows(file)) == (schema, before), last
    queue = Queue(Database(tmp_path), EventLog())
    assert queue.counts()[State.CANCELLED] == 1000 and queue.counts()[State.QUEUED] == 1000
    assert [step.after for step in queue.steps(told[-1])] == [State.QUEUED, State.CANCELLED]
    assert queue.add([Draft(kind="toy", title="new")]) == [2002]
    queue.database.close()
    after = rows(file)
    assert after["tasks"][:-1] == before["tasks"] and after["task_needs"] == before["task_needs"]
    assert [row[: len(before["task_moves"][0])] for row in after["task_moves"][:-1]] == before["task_moves"]
    assert rows(tmp_path / f"{FILE}.before-{version}") == before


@pytest.mark.slow
def test_a_way_back_killed_anywhere_loses_no_task_and_leaves_a_copy(tmp_path: Path) -> None:
    queue = Queue(Database(tmp_path), EventLog())
    told = queue.add([Draft(kind="toy", title=f"{number}") for number in range(500)])
    queue.database.close()
    before = tables(tmp_path)
    for last in (1, 3, 6, 9, 12):
        assert killed(tmp_path, "base", last), last
        assert tables(tmp_path) == before, last
        queue = Queue(Database(tmp_path), EventLog())
        assert [queue.get(number).id for number in told] == told
        queue.database.close()
    with contextlib.closing(sqlite3.connect(f"{tmp_path / FILE}.before-{HEAD}")) as copy:
        assert copy.execute("SELECT count(*) FROM tasks").fetchone() == (len(told),)


def test_a_database_of_a_newer_version_is_refused_by_every_command_and_not_touched(tmp_path: Path) -> None:
    Database(tmp_path).close()
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as db, db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    before = (tmp_path / FILE).read_bytes()
    for command in (["queue"], ["history"], ["serve", "--port", "0"], ["stats"]):
        ran = modelyard(*command, env={"MODELYARD_HOME": str(tmp_path)})
        assert ran.code == 2 and "9999" in ran.err and "newer" in ran.err, (command, ran)
        assert "Traceback" not in ran.err
        assert (tmp_path / FILE).read_bytes() == before
    assert not (tmp_path / "service.json").exists()


def test_words_that_an_older_service_did_not_index_are_found_after_the_upgrade(tmp_path: Path) -> None:
    database = Database(tmp_path)
    upgrade(database.engine, "0005")
    database.close()
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as db, db:
        told = dict(db.execute("SELECT name, type FROM pragma_table_info('models')").fetchall())
        row = {name: "" if "TEXT" in kind or "CHAR" in kind else 0 for name, kind in told.items()}
        row |= {"id": 7, "path": "/m/7.pt", "words": "lora 15 sd"}
        marks = ",".join(f":{name}" for name in row)
        db.execute(f"INSERT INTO models ({','.join(row)}) VALUES ({marks})", row)
        assert not db.execute("SELECT rowid FROM models_words WHERE models_words MATCH '\"1\" *'").fetchall()
    Database(tmp_path).close()
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as db, db:
        for asked in ('"1" *', '"sd" *', '"l" * AND "15" *'):
            assert db.execute("SELECT rowid FROM models_words WHERE models_words MATCH ?", (asked,)).fetchall() == [
                (7,)
            ]
        db.execute("UPDATE models SET words = 'vae'")
        assert not db.execute("SELECT rowid FROM models_words WHERE models_words MATCH '\"s\" *'").fetchall()
        db.execute("DELETE FROM models")
        db.execute("INSERT INTO models_words(models_words) VALUES ('integrity-check')")


@contextlib.contextmanager
def holding(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds the folder for the length of a block, as a service does, and is killed then."""
    lines = (
        "import pathlib, sys",
        "from modelyard.server.folder import held",
        "with held(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()",
    )
    program = [sys.executable, "-c", "\n".join(lines), str(folder)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_database_is_not_changed_under_an_older_service_that_runs_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_PATIENCE", 0.1)
    made = Database(tmp_path)
    upgrade(made.engine, "0005")
    made.close()
    before = (tmp_path / FILE).read_bytes()
    with holding(tmp_path) as older:
        with pytest.raises(Busy, match=f"older Modelyard still works.*process {older.pid}"):
            Database(tmp_path)
        assert (tmp_path / FILE).read_bytes() == before
        assert not (tmp_path / f"{FILE}.before-0005").exists()
    with held(tmp_path):  # who holds the folder itself may
        Database(tmp_path).close()
    assert (tmp_path / f"{FILE}.before-0005").exists()


def test_a_database_of_this_version_is_opened_beside_its_service(tmp_path: Path) -> None:
    Database(tmp_path).close()
    with holding(tmp_path):
        Database(tmp_path).close()
