"""Many rows at once, as the driver takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection


def insert_many(db: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows, at least one, that all have the same columns.

    SQLAlchemy would copy each row and look at each value: as much work as SQLite has with it.
    """
    names = tuple(rows[0])
    mark = "?" if db.dialect.name == "sqlite" else "%s"
    marks = ", ".join([mark] * len(names))
    into = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608  # names of our own tables
    db.exec_driver_sql(into, list(map(itemgetter(*names), rows)))


def update_rows(db: Connection, key: sa.Column[Any], rows: Iterable[tuple[object, Mapping[str, Any]]]) -> None:
    """Rows by their keys; those with the same columns go in one statement."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for value, told in rows:
        alike.setdefault(tuple(sorted(told)), []).append({"_key": value, **told})
    for names, many in alike.items():
        values: dict[str, Any] = {name: sa.bindparam(name) for name in names}
        db.execute(key.table.update().where(key == sa.bindparam("_key")).values(**values), many)
