"""Bringing a database to this version's tables, all or nothing.

Every step runs in one transaction (SQLite and PostgreSQL both undo tables), so that a kill half-way leaves
the old version whole. SQLite's file is copied aside first.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from modelyard.errors import NotSupported
from modelyard.store.schema import HEAD

if TYPE_CHECKING:
    from alembic.config import Config


def version_of(connection: Connection) -> str | None:
    """The migration a database stands at, None for an empty one."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found else None


def upgrade(engine: Engine, to: str = HEAD, check: Callable[[], None] = lambda: None) -> None:
    """Bring a database to a version; does nothing, and imports nothing, when it is there.

    Args:
        check: Raises when an older database must not be changed now.

    Raises:
        NotSupported: A newer version of Modelyard made it.
    """
    with engine.connect() as connection:
        at = version_of(connection)
    if at == to:
        return
    if at is not None and at > HEAD:
        raise NotSupported(
            f"The database is of version {at}, this Modelyard knows {HEAD}.",
            hint="Install the newer Modelyard again, or go back to the copy beside the database.",
        )
    if at is not None:
        check()
        _copy_aside(engine, at)
    _run(engine, at, to)


def _run(engine: Engine, at: str | None, to: str) -> None:
    from alembic import command

    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if version_of(connection) == to:
            return  # another process was quicker
        if at is not None and (to == "base" or at > to):
            command.downgrade(_config(connection), to)
        else:
            command.upgrade(_config(connection), to)


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def _copy_aside(engine: Engine, at: str) -> None:
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path:
        return
    with (
        contextlib.closing(sqlite3.connect(path)) as old,
        contextlib.closing(sqlite3.connect(f"{path}.before-{at}")) as copy,
    ):
        old.backup(copy)
