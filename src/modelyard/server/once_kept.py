"""Idempotency-Key, kept in the database: a retry after a restart is not done twice either.

Work and answer are two commits. A service that is killed between them has done the work and does not know it: the
retry does it once more.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable

import msgspec
import sqlalchemy as sa

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

    def keep(self, key: str, reply: Reply) -> None:
        key = _digest(key)
        try:
            self._write(key, self._under_way.get(key, b""), reply)
        finally:
            with self._lock:  # only now: a retry in between would begin anew
                self._under_way.pop(key, None)

    def drop(self, key: str) -> None:
        with self._lock:
            self._under_way.pop(_digest(key), None)

    def _write(self, key: str, mark: bytes, reply: Reply) -> None:
        now = self._wall()
        with self._database.writing() as db:
            db.execute(answers.delete().where((answers.c.at < now - _KEPT) | (answers.c.key == key)))
            row = {"key": key, "asked": mark.hex(), "status": reply.status, "at": now}
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
