"""One file, read and identified: what goes from a child to its parent."""

from __future__ import annotations

import struct
from typing import IO

import msgspec

from modelyard.library.formats.header import REMARKS, Code, Problem
from modelyard.values.about import About
from modelyard.values.identity import Identity

_LENGTH = struct.Struct("<I")
MOST_BYTES = 64 << 20
"""A message that claims more is a lie."""


class Table(msgspec.Struct, frozen=True):
    """All that a head says, in words.

    Attributes:
        tensors: Type and shape by name.
        metadata: What it says besides, cut at 500 characters each.
    """

    tensors: dict[str, str] = msgspec.field(default_factory=dict)
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


class Whole(msgspec.Struct, frozen=True):
    """The wish for a file's table, too."""

    path: str


Asked = str | tuple[str, About] | Whole
"""A path, maybe with what a hub says of exactly its bytes, or the wish for its table."""


class Look(msgspec.Struct, frozen=True):
    """What one file is and what is wrong with it.

    Attributes:
        size: Bytes on disk.
        tensors: How many it names.
        table: All of them, when that was asked for.
    """

    identity: Identity = msgspec.field(default_factory=Identity)
    findings: tuple[Problem, ...] = ()
    size: int = 0
    tensors: int = 0
    table: Table | None = None

    @property
    def damaged(self) -> bool:
        """Whether anything is wrong that must not be overlooked."""
        return any(problem.code not in REMARKS for problem in self.findings)


def unreadable(words: str) -> Look:
    """A file that could not be read."""
    return Look(findings=(Problem(Code.UNREADABLE, words),))


def send(pipe: IO[bytes], message: object) -> None:
    """Write one message: its length, then msgpack."""
    data = msgspec.msgpack.encode(message)
    pipe.write(_LENGTH.pack(len(data)) + data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes:
    """The next message's bytes, none at the end of the pipe."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return b""
    (length,) = _LENGTH.unpack(head)
    data = pipe.read(length) if length <= MOST_BYTES else b""
    return data if len(data) == length else b""
