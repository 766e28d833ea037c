"""The one database: SQLite (WAL, synchronous=FULL) in the data folder, or PostgreSQL by URL; one writer.

Reads run on a pool of connections and see the last commit; writes take turns under one lock, so "database
is locked" cannot happen inside a process. A commit that returned survives a power cut.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url

from modelyard.errors import BadValue, Busy, NotSupported, extra_needed
from modelyard.store.folder_lock import held_by
from modelyard.store.gate import translated
from modelyard.store.reserve import Reserve
from modelyard.store.upgrade import upgrade

FILE = "modelyard.db"
_PATIENCE, _BETWEEN = 5.0, 0.05
"""Seconds that a command of an older version is given to end, and between two looks."""
_CLAIM = 7980
"""The number of the lock that the one process holds which runs tasks on a PostgreSQL database."""


class Database:
    """The database of one data folder.

    Args:
        folder: The data folder.
        url: ``postgresql://user@host/name``; empty is SQLite in the folder.

    Raises:
        DiskError: It cannot be opened or written.
        NotSupported: It was made by a newer version, or its driver is missing.
        Busy: It was made by an older version, which still runs on it.
    """

    def __init__(self, folder: Path, url: str = "") -> None:
        self._write = threading.Lock()
        self._writer: int | None = None
        self._afterwards: list[Callable[[], object]] = []
        self._reserve = None if url else Reserve(folder / "reserve.bin")
        self._claim: Connection | None = None
        place = _place(folder, url)
        self.name = place.render_as_string(hide_password=True)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._gate():
            if not url:
                (folder / FILE).touch(0o600)  # SQLite would make it readable for all
            self.engine = _engine(place)
            upgrade(self.engine, check=lambda: _check_alone(folder))
        self.refill()

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read with; close it soon, or SQLite's log grows."""
        with self._gate(), self.engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction of the one writer: committed and durable when the block ends, undone when it raises.

        When the disk is full the reserve is given up first, so that a state can still be written down.
        """
        if self._writer == threading.get_ident():
            raise RuntimeError("This thread writes already; pass its connection on.")
        with self._write:
            self._writer, self._afterwards = threading.get_ident(), []
            try:
                with self._gate(), self._begun() as connection:
                    yield connection
                for call in self._afterwards:
                    call()
            finally:
                self._writer = None

    def afterwards(self, call: Callable[[], object]) -> None:
        """Inside `writing`: call this once it is durable, before anybody else writes; never when it is undone."""
        self._afterwards.append(call)

    def claim(self) -> None:
        """Be the only process that runs tasks on this database, until it is closed.

        Asked again, it sees whether that still holds: PostgreSQL lets a lock go with the connection that had it.

        Raises:
            Busy: Another data folder's service runs on it.
            DiskError: The database does not answer.
        """
        if self.dialect != "postgresql":
            return  # SQLite lies in the data folder, whose lock its service holds
        if self._claim is not None and not _holds(self._claim):
            self._claim.close()
            self._claim = None
        if self._claim is None:
            with self._gate():
                self._claim = self._taken()

    def _taken(self) -> Connection:
        claim = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if claim.execute(sa.text(f"SELECT pg_try_advisory_lock({_CLAIM})")).scalar():
            return claim
        claim.close()
        raise Busy(f"Another service runs the queue of {self.name}.", hint="Give each its own database.")

    @contextlib.contextmanager
    def _begun(self) -> Iterator[Connection]:
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    def refill(self) -> None:
        """Take the reserve again that a full disk had needed."""
        if self._reserve:
            self._reserve.fill()

    def learn(self) -> None:
        """Let SQLite count what is in its indexes, so that it chooses the right one; PostgreSQL does it by itself."""
        if self.dialect == "sqlite":
            with self.writing() as db:
                db.exec_driver_sql("PRAGMA analysis_limit = 1000")
                db.exec_driver_sql("ANALYZE")

    def close(self) -> None:
        """Close every connection; SQLite folds its log into the file."""
        if self._claim is not None:
            with contextlib.suppress(sa.exc.SQLAlchemyError):  # it is gone already, and the lock with it
                self._claim.execute(sa.text(f"SELECT pg_advisory_unlock({_CLAIM})"))  # a closed one holds on a moment
            self._claim.close()
        self.engine.dispose()

    @contextlib.contextmanager
    def _gate(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.SQLAlchemyError, OSError) as error:
            told = translated(error, self.name)
            if self._reserve and told.code == "disk-full":
                self._reserve.release()
            raise told from error


def _check_alone(folder: Path) -> None:
    """See that nobody works on the tables that are about to change: an older service would write what they lack.

    Raises:
        Busy: Somebody does, and is not done within seconds.
    """
    until = time.monotonic() + _PATIENCE
    while (holder := held_by(folder)) not in (None, os.getpid()):
        if time.monotonic() >= until:
            words = f"An older Modelyard still works on {folder}: process {holder or '?'}."
            raise Busy(words, hint="End it (`modelyard stop`, or the ComfyUI that it runs in), then try again.")
        time.sleep(_BETWEEN)


def _holds(claim: Connection) -> bool:
    """Whether a connection is open and has the lock."""
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()"
    try:
        return bool(claim.execute(sa.text(f"{held} AND objid = {_CLAIM}")).scalar())
    except sa.exc.SQLAlchemyError:
        return False


def _place(folder: Path, url: str) -> URL:
    if not url:
        return URL.create("sqlite", database=str(folder / FILE))
    try:
        place = make_url(url)
    except sa.exc.ArgumentError as error:
        raise BadValue("The database URL cannot be read.", hint="postgresql://user@host/name") from error
    if place.get_backend_name() == "postgresql":
        return place.set(drivername="postgresql+psycopg")
    if place.get_backend_name() == "sqlite" and place.database:
        return place
    raise NotSupported(f"No {place.drivername} databases.", hint="Leave it empty for SQLite, or name a PostgreSQL.")


def _engine(place: URL) -> Engine:
    if place.get_backend_name() == "sqlite":
        engine = sa.create_engine(
            place, connect_args={"timeout": 30, "check_same_thread": False}, pool_size=8, pool_use_lifo=True
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        return sa.create_engine(place, pool_size=8, pool_pre_ping=True)
    except ImportError as error:
        raise extra_needed("PostgreSQL needs", "postgres") from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "busy_timeout = 30000",
        "cache_size = -16384",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
