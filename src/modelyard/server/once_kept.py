"""Idempotency-Key, kept in the database: a retry after a restart is not done twice either.

What queues tasks writes its answer in the same transaction (`keep_within`): after a kill both are there or neither is.
Every other request sets something to what was sent, or is answered by what it finds; its answer is a commit of its own,
and after a kill in between it is done again.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.server.messages import Reply
from modelyard.server.once import settle
from modelyard.store.database import Database
from modelyard.store.schema import answers

_KEPT = 86400.0
"""Seconds that an answer is remembered."""


class OnceKept:
    """Remembers answers for a day.

    Args:
        wall: Seconds since 1970.
    """

    def __init__(self, database: Database, wall: Callable[[], float]) -> None:
        self._database = database
        self._wall = wall
        self._lock = threading.Lock()
        self._under_way: dict[str, bytes] = {}
        self._written: set[str] = set()  # of those, whose answer is durable

    def begin(self, key: str, mark: bytes) -> Reply | None:
        key = _digest(key)
        with self._lock:
            if key in self._under_way:
                return settle(self._under_way[key], mark, None)
            kept = self._kept(key)
            if kept is None:
                self._under_way[key] = mark
                return None
        return settle(bytes.fromhex(kept[0]), mark, kept[1])

    def keep_within(self, db: Connection, key: str, reply: Reply) -> None:
        key = _digest(key)
        self._write(db, key, reply)
        self._database.afterwards(lambda: self._written.add(key))

    def keep(self, key: str, reply: Reply) -> None:
        key = _digest(key)
        try:
            if key not in self._written:
                with self._database.writing() as db:
                    self._write(db, key, reply)
        finally:
            self._end(key)  # only now: a retry in between would begin anew

    def drop(self, key: str) -> None:
        self._end(_digest(key))

    def _end(self, key: str) -> None:
        with self._lock:
            self._under_way.pop(key, None)
            self._written.discard(key)

    def _write(self, db: Connection, key: str, reply: Reply) -> None:
        now = self._wall()
        db.execute(answers.delete().where((answers.c.at < now - _KEPT) | (answers.c.key == key)))
        row = {"key": key, "asked": self._under_way.get(key, b"").hex(), "status": reply.status, "at": now}
        db.execute(answers.insert().values(row | {"body": msgspec.msgpack.encode(reply)}))

    def _kept(self, key: str) -> tuple[str, Reply] | None:
        query = sa.select(answers.c.asked, answers.c.body).where(
            answers.c.key == key, answers.c.at > self._wall() - _KEPT
        )
        with self._database.reading() as db:
            row = db.execute(query).one_or_none()
        return None if row is None else (row.asked, msgspec.msgpack.decode(row.body, type=Reply))


def _digest(key: str) -> str:
    """What is kept of a key: names of callers and keys may be longer than the column."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
