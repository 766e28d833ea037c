"""Idempotency-Key, kept in the database: a retry after a restart is not done twice either.

What queues tasks writes its answer in the same transaction (`keep_within`): after a kill both are there or neither is.
For everything else a note is made durable before it is begun; the answer takes its place. After a kill in between, who
asks again hears that nobody knows the outcome, instead of doing it a second time. So does who asks after a restart for
an answer with a secret in it: of those the disk holds the note alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.errors import DiskError
from modelyard.server.messages import Reply
from modelyard.server.once import BEGUN, settle
from modelyard.store.database import Database
from modelyard.store.schema import answers

_KEPT = 86400.0
"""Seconds that an answer is remembered."""
_SECRET = 600.0
"""Seconds that an answer with a secret is remembered, in memory."""


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
        self._noted: set[str] = set()  # of those, which were made durable before
        self._written: set[str] = set()  # and whose answer is durable
        self._secret: dict[str, tuple[float, Reply]] = {}

    def begin(self, key: str, mark: bytes, *, note: bool = False) -> Reply | None:
        key = _digest(key)
        with self._lock:
            self._forget_secrets()
            if key in self._under_way:
                return settle(self._under_way[key], mark, None)
            kept = self._kept(key)
            if kept is None:
                self._under_way[key] = mark
        if kept is not None:
            asked, reply = kept
            return settle(bytes.fromhex(asked), mark, reply if reply.status else self._held(key))
        if note:
            self._note(key)
        return None

    def keep_within(self, db: Connection, key: str, reply: Reply) -> None:
        key = _digest(key)
        self._write(db, key, reply)
        self._database.afterwards(lambda: self._written.add(key))

    def keep(self, key: str, reply: Reply, *, secret: bool = False) -> None:
        key = _digest(key)
        try:
            if secret:
                self._hold(key, reply)
            elif key not in self._written:
                with self._database.writing() as db:
                    self._write(db, key, reply)
        finally:
            self._end(key)  # only now: a retry in between would begin anew

    def drop(self, key: str) -> None:
        key = _digest(key)
        try:
            if key in self._noted and key not in self._written:
                with contextlib.suppress(DiskError), self._database.writing() as db:  # why it failed is told instead
                    db.execute(answers.delete().where(answers.c.key == key))
        finally:
            self._end(key)

    def _note(self, key: str) -> None:
        try:
            with self._database.writing() as db:
                self._write(db, key, BEGUN)
        except BaseException:
            self._end(key)
            raise
        self._noted.add(key)

    def _hold(self, key: str, reply: Reply) -> None:
        with self._lock:
            self._forget_secrets()
            self._secret[key] = (self._wall(), reply)

    def _held(self, key: str) -> Reply:
        with self._lock:
            return self._secret.get(key, (0.0, BEGUN))[1]

    def _forget_secrets(self) -> None:
        old = self._wall() - _SECRET
        self._secret = {key: held for key, held in self._secret.items() if held[0] > old}

    def _end(self, key: str) -> None:
        with self._lock:
            self._under_way.pop(key, None)
            self._noted.discard(key)
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
