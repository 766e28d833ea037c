"""Idempotency-Key: the same request sent twice is done once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Protocol

from sqlalchemy.engine import Connection

from modelyard.errors import Busy, KeyReused, OutcomeUnknown
from modelyard.server.messages import Reply

LONGEST_KEY = 200
"""Letters that a key may have."""
BEGUN = Reply(0)
"""Stands where an answer will be."""


class Once(Protocol):
    """Remembers what was answered to a key. Called on the pool's threads, so it may block."""

    def begin(self, key: str, mark: bytes, *, note: bool = False) -> Reply | None:
        """Take a key for a request.

        Args:
            key: Who the caller is, and their key, zero bytes between them.
            mark: Digest of key, method, path and body.
            note: Make durable first that it is begun, so that nobody does it again after a kill.

        Returns:
            The answer of an earlier equal request, or None when this one shall be done now.

        Raises:
            KeyReused: The key belongs to another request.
            Busy: The equal request is still being done.
            OutcomeUnknown: The equal request was begun, and its answer is not there any more.
        """

    def keep_within(self, db: Connection, key: str, reply: Reply) -> None:
        """Write the answer in the transaction that does the work; `keep` still follows, or `drop` when it is undone."""

    def keep(self, key: str, reply: Reply, *, secret: bool = False) -> None:
        """The request was done: this is its answer; with a secret in it, it never gets to the disk."""

    def drop(self, key: str) -> None:
        """The request failed: the key is free again."""


class OnceInMemory:
    """Keeps the last answers of this process.

    Args:
        most: How many.
    """

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[bytes, Reply | None]] = OrderedDict()

    def begin(self, key: str, mark: bytes, *, note: bool = False) -> Reply | None:  # noqa: ARG002  # nothing lasts here
        with self._lock:
            if key not in self._held:
                self._held[key] = (mark, None)
                self._trim()
                return None
            earlier, reply = self._held[key]
        return settle(earlier, mark, reply)

    def keep_within(self, db: Connection, key: str, reply: Reply) -> None:
        """Nothing: what it remembers ends with the process anyway."""

    def keep(self, key: str, reply: Reply, *, secret: bool = False) -> None:  # noqa: ARG002  # there is no disk here
        with self._lock:
            mark, _ = self._held.get(key, (b"", None))
            self._held[key] = (mark, reply)

    def drop(self, key: str) -> None:
        with self._lock:
            self._held.pop(key, None)

    def _trim(self) -> None:
        while len(self._held) > self._most:
            self._held.popitem(last=False)


def settle(earlier: bytes, mark: bytes, reply: Reply | None) -> Reply:
    """The earlier answer, when it is one to this very request.

    Raises:
        KeyReused: It was another request.
        Busy: There is no answer yet.
        OutcomeUnknown: There will be none.
    """
    if earlier != mark:
        raise KeyReused("This Idempotency-Key was used for another request.")
    if reply is None:
        raise Busy("The same request is still being done.", hint="Ask again in a moment.")
    if reply == BEGUN:
        raise OutcomeUnknown("The same request was begun before, and what became of it is not known any more.")
    return reply
