"""What all parts of the catalogue stand on: the database, what is announced, and the counts of the moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection

from sqlalchemy.engine import Connection

from modelyard.catalogue import changes
from modelyard.catalogue.cube import Cube
from modelyard.events.log import EventLog
from modelyard.store.database import Database


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
        self._cube: Cube | None = None
        self._mark = ""

    def changed(self, db: Connection, numbers: Collection[int] | None) -> None:
        """Inside a transaction: what everybody counted of these models is old now.

        Args:
            numbers: Dropped ones, too; None when nobody knows which. Without any nothing changed.
        """
        if numbers is None or numbers:
            changes.note(db, numbers)

    def tell(self, kind: str, numbers: list[int]) -> None:
        """Announce what became of models."""
        for first in range(0, len(numbers), 1000):
            self.events.publish(kind, {"ids": numbers[first : first + 1000]})

    def counted(self, db: Connection, *, tags: bool = False) -> tuple[Cube, bool]:
        """The counts as this connection sees the catalogue, or later ones; and whether they are of the same moment.

        Args:
            tags: Those of tags, too.
        """
        version, mark = changes.last(db)
        with self._lock:
            cube = self._cube
            if cube and cube.version > version and self._went_back(cube):
                cube = None
            if cube is None or cube.version < version or (cube.version == version and mark != self._mark):
                self._cube, self._mark = self._brought(db, cube, version), mark
                cube = self._cube
            if tags and not cube.has_tags:
                if cube.version > version:
                    cube = Cube.counted(db, version)  # what is kept must not miss a change that is not seen here
                cube.count_tags(db)
            return cube, cube.version == version

    def _brought(self, db: Connection, cube: Cube | None, version: int) -> Cube:
        """The counts brought up to a version: mended where few models changed."""
        known = cube is not None and changes.holds(db, cube.version, self._mark)
        changed = changes.since(db, cube.version, version) if cube and known else None
        if cube is None or changed is None:
            return Cube.counted(db, version)
        return cube.after(db, changed, version)

    def _went_back(self, cube: Cube) -> bool:
        """Whether an older database was put in the place of the counted one; else the asker sees an older moment."""
        with self.database.reading() as now:
            return changes.last(now)[0] < cube.version
