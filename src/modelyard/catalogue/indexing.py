"""The index of words: SQLite's FTS5. PostgreSQL keeps its own."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_STEP = 200
"""Pages of 4 KB that one step writes: some 50 ms, in which nobody else writes."""


def index_words(db: Connection, first: int, last: int) -> None:
    """Models with these numbers, just added, can be found by their words.

    In one statement: FTS5 writes a piece of its index for each statement, so that a trigger for each row takes five
    times as long.
    """
    if db.dialect.name == "sqlite":
        there = "INSERT INTO models_words(rowid, words) SELECT id, words FROM models WHERE id BETWEEN :first AND :last"
        db.execute(sa.text(there), {"first": first, "last": last})


def merge_words(db: Connection, *, begin: bool) -> bool:
    """Join some of the pieces that the index was written in; whether any is left to join.

    A question reads every piece: of one it is answered in half the time that it takes of those of 100,000 models.
    FTS5's own merging, as at https://sqlite.org/fts5.html#the_merge_command, which tells by its changes that it ended.

    Args:
        begin: All pieces that there are now shall become one; else what was begun goes on, and newer ones stay.
    """
    if db.dialect.name != "sqlite":
        return False
    before, pages = _changes(db), -_STEP if begin else _STEP
    db.execute(sa.text("INSERT INTO models_words(models_words, rank) VALUES ('merge', :pages)"), {"pages": pages})
    return _changes(db) - before >= 2


def _changes(db: Connection) -> int:
    return int(db.exec_driver_sql("SELECT total_changes()").scalar_one())
