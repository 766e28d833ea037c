"""Periodic tasks: a cron line and the task that is added each time it comes; kept in the database."""

from __future__ import annotations

import datetime as dt
import functools

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.errors import NoSuchTask
from modelyard.store.schema import periodic
from modelyard.tasks.queue import Queue
from modelyard.tasks.task import Draft
from modelyard.tasks.timetable import Periodic, check_cron, due, next_run


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One periodic task. Times are seconds since 1970.

    Attributes:
        cron: Five fields, such as ``30 4 * * sun``, on this machine's clock.
        since: When it was made; nothing before counts as missed.
        last: When its task was last added.
    """

    name: str
    cron: str
    draft: Draft
    since: float
    last: float | None = None

    @property
    def next(self) -> float | None:
        """When it comes next."""
        coming = next_run(self._timed(), _moment(self.last or self.since))
        return None if coming is None else coming.timestamp()

    def due(self, now: float) -> bool:
        """Whether its task is to be added now."""
        return due(self._timed(), None if self.last is None else _moment(self.last), _moment(now))

    def _timed(self) -> Periodic:
        return Periodic(self.name, self.cron, self.draft.kind, since=_moment(self.since))


def keep(queue: Queue, name: str, cron: str, draft: Draft, key: str | None = None) -> Entry:
    """Add a periodic task, or change the one of that name. An earlier run that is still open is not doubled.

    Args:
        key: Names the work: it is not doubled either when another task that does it is open.

    Raises:
        BadValue: The cron line cannot be read.
    """
    own = msgspec.structs.replace(draft, key=key or f"periodic:{name}")
    entry = Entry(name=name, cron=check_cron(cron), draft=own, since=queue.wall())
    row = {"name": name, "cron": entry.cron, "draft": msgspec.json.encode(own).decode(), "since": entry.since}
    with queue.database.writing() as db:
        db.execute(periodic.delete().where(periodic.c.name == name))
        db.execute(periodic.insert().values(row))
    queue.on_change()
    return entry


def entries(queue: Queue) -> list[Entry]:
    """All periodic tasks, by name."""
    with queue.database.reading() as db:
        return _entries(db)


def remove(queue: Queue, name: str) -> None:
    """Forget a periodic task; what it added stays.

    Raises:
        NoSuchTask: There is none of that name.
    """
    with queue.database.writing() as db:
        if not db.execute(periodic.delete().where(periodic.c.name == name)).rowcount:
            raise NoSuchTask(f"There is no periodic task {name!r}.", hint="List them: `modelyard schedule`.")


def add_due(queue: Queue) -> list[int]:
    """Add the tasks whose time has come: each once, however often it was missed. Gives their ids."""
    now = queue.wall()
    with queue.database.reading() as db:
        ready = [entry for entry in _entries(db) if entry.due(now)]
    added = []
    for entry in ready:
        added += queue.add([entry.draft], also=functools.partial(_mark, entry.name, now))
    return added


def _mark(name: str, now: float, db: Connection, _added: list[int]) -> None:
    db.execute(sa.update(periodic).where(periodic.c.name == name).values(last=now))


def _entries(db: Connection) -> list[Entry]:
    return [
        Entry(
            name=row.name,
            cron=row.cron,
            draft=msgspec.json.decode(row.draft, type=Draft),
            since=row.since,
            last=row.last,
        )
        for row in db.execute(sa.select(periodic).order_by(periodic.c.name))
    ]


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
