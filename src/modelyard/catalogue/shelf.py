"""What all parts of the catalogue stand on: the database, what is announced, and the counts of the moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.cube import Cube
from modelyard.events.log import EventLog
from modelyard.store.database import Database
from modelyard.store.schema import counters

_CHEAP = 0.03
_SHARE = 10
"""Counts that took longer than `_CHEAP` seconds are used for so many times as long while a scan changes everything."""


class Shelf:
    """The models of one database.

    Args:
        wall: Seconds since 1970.
    """

    def __init__(self, database: Database, events: EventLog, wall: Callable[[], float] = time.time) -> None:
        self.database = database
        self.events = events
        self.wall = wall
        self._lock = threading.Lock()
        self._cube: tuple[float, Cube] | None = None

    def changed(self, db: Connection) -> None:
        """Inside a transaction: the counts of everybody who looks at this database are old now."""
        again = counters.update().where(counters.c.name == "catalogue").values(value=counters.c.value + 1)
        if not db.execute(again).rowcount:
            db.execute(counters.insert().values(name="catalogue", value=1))

    def tell(self, kind: str, numbers: list[int]) -> None:
        """Announce what became of models."""
        for first in range(0, len(numbers), 1000):
            self.events.publish(kind, {"ids": numbers[first : first + 1000]})

    def version(self, db: Connection) -> int:
        """How often the catalogue changed."""
        return db.execute(sa.select(counters.c.value).where(counters.c.name == "catalogue")).scalar() or 0

    def counted(self, db: Connection) -> Cube:
        """The counts as they are, or were a moment ago while a scan changes everything."""
        version = self.version(db)
        with self._lock:
            made = self._cube
            if made is None or (made[1].version != version and time.monotonic() > made[0]):
                began = time.monotonic()
                cube = Cube(db, version)
                took = time.monotonic() - began
                self._cube = made = (began + (0.0 if took < _CHEAP else took * _SHARE), cube)
            return made[1]
