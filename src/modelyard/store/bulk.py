"""Many rows at once, as the driver takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Table
from sqlalchemy.engine import Connection


def insert_many(db: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows, at least one, that all have the same columns.

    SQLAlchemy would copy each row and look at each value: as much work as SQLite has with it.
    """
    names = tuple(rows[0])
    mark = "?" if db.dialect.name == "sqlite" else "%s"
    marks = ", ".join([mark] * len(names))
    into = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608  # names of our own tables
    db.exec_driver_sql(into, list(map(itemgetter(*names), rows)))
