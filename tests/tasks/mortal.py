"""Queues in processes of their own that are killed: one line of JSON in, one out as soon as that is durable.

The program itself only forks, so that a new process is there in milliseconds: ``{"folder": …, "url": …}`` begins one,
and ``{"gone": status}`` is told when it has ended, however it did.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from modelyard.errors import IllegalMove, YardError
from modelyard.events.log import EventLog
from modelyard.store.database import FILE, Database
from modelyard.store.schema import moves
from modelyard.tasks.listing import Filter, history_page, queue_page
from modelyard.tasks.moving import Move
from modelyard.tasks.queue import Queue
from modelyard.tasks.states import ACTIVE, State
from modelyard.tasks.statistics import days
from modelyard.tasks.task import Draft, Priority

FAILURE = {"code": "x", "message": "y", "hint": "z", "retryable": False}
_PAGE = 4120


def tell(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


class Fate:
    """What becomes of the next statements: all is well, the process dies, or the disk fails."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.dies = self.cut = 0
        event.listen(database.engine, "before_cursor_execute", self._write)
        event.listen(database.engine, "commit", self._count)

    def _write(self, connection: Any, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            self._count(connection)

    def _count(self, connection: Any) -> None:
        """The writes of a call and its commit, each before it happens."""
        self.dies -= 1
        self.cut -= 1
        if self.dies == 0:
            tell({"lost": True})
            os.kill(os.getpid(), signal.SIGKILL)
        if self.cut == 0:
            with self.database.engine.connect() as other:
                backend = connection.connection.dbapi_connection.info.backend_pid
                other.execute(sa.text(f"SELECT pg_terminate_backend({backend}, 5000)"))

    @contextmanager
    def of(self, dies: int, fails: int) -> Iterator[None]:
        """Before the write with this number the process is killed, or the disk fails; 0 is never.

        Whoever should have died in a block that wrote less dies at its end: it is durable, and nobody was told.
        """
        self.dies, self.cut = dies, fails if self.database.dialect == "postgresql" else 0
        log = self.folder / f"{FILE}-wal"
        room = log.stat().st_size + (fails - 1) * _PAGE if log.exists() and fails else resource.RLIM_INFINITY
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard))
        if dies:
            tell({"kept": True})
            os.kill(os.getpid(), signal.SIGKILL)


class Mortal:
    """A queue that does what a verb says."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue

    def add(self, drafts: list[dict[str, Any]]) -> list[int]:
        made = [
            Draft(
                kind="toy",
                title="a",
                hub="web",
                key=one["key"],
                priority=Priority(one["priority"]),
                needs=tuple(one["needs"]),
            )
            for one in drafts
        ]
        return self.queue.add(made)

    def change(self, how: str, ids: list[int]) -> list[str | None]:
        """Pause, resume, retry or cancel."""
        return [answer.error and answer.error["code"] for answer in getattr(self.queue, how)(ids)]

    def move(self, how: str, ids: list[int]) -> list[str | None]:
        """What the runner does with its tasks."""
        received = {"received": self.queue.get(ids[0]).received + 7}
        wish = {
            "start": Move(ids[0], State.RUNNING, start=[State.QUEUED]),
            "verify": Move(ids[0], State.VERIFYING, start=[State.RUNNING]),
            "put_off": Move(ids[0], State.WAITING, start=ACTIVE, fields={"until": 2e9}),
            "succeed": Move(ids[0], State.DONE, start=ACTIVE, fields=received),
            "fail": Move(ids[0], State.FAILED, error=FAILURE, start=ACTIVE, fields=received),
        }[how]
        try:
            self.queue.mover.move(wish)
        except IllegalMove as error:
            return [error.code]
        return [None]

    def place(self, ids: list[int], before: int | None) -> None:
        self.queue.place(ids, before, top=before is None)

    def look(self) -> dict[str, Any]:
        """Everything that the model knows, too."""
        with self.queue.database.reading() as db:
            found = queue_page(db, Filter(), None, 1000).tasks
            told, ended = days(db), history_page(db, Filter(), None, 1000).tasks
            steps = db.execute(sa.select(moves.c.task, moves.c.from_state, moves.c.to_state).order_by(moves.c.id)).all()
        return {
            "state": [[task.id, task.state] for task in found],
            "follows": [[task.id, task.follows] for task in found],
            "place": [[task.id, [task.priority, task.position]] for task in found],
            "ended": sorted(task.id for task in ended),
            "ends": sum(day.done + day.failed + day.cancelled for day in told),
            "bytes": sum(day.bytes for day in told),
            "steps": [list(step) for step in steps],
        }


def live(folder: Path, url: str, dies: int) -> None:
    """Take verbs until there is none."""
    database = Database(folder, url)
    queue = Queue(database, EventLog())
    fate = Fate(database, folder)
    with fate.of(dies, 0):
        queue.recover()
    tell({"ready": os.getpid()})
    mortal = Mortal(queue)
    for line in sys.stdin.buffer:
        verb = json.loads(line)
        if verb["call"] == "leave":
            break
        name, since = verb.pop("call"), queue.events.newest
        try:
            with fate.of(verb.pop("dies", 0), verb.pop("fails", 0)):
                answer = {"answer": getattr(mortal, name)(**verb)}
        except YardError as error:
            answer = {"error": error.code}
        said = [one.data for one in queue.events.since(since).events if one.kind == "task.moved"]
        tell(answer | {"said": [[one["id"], one["to"]] for one in said]})
    database.close()


def main() -> None:
    for line in sys.stdin.buffer:
        begin = json.loads(line)
        if "folder" not in begin:
            continue  # what was sent to one that was killed
        process = os.fork()
        if process == 0:
            live(Path(begin["folder"]), begin["url"], begin["dies"])
            os._exit(0)
        tell({"gone": os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])})


main()
