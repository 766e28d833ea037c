"""One file, read and identified: what goes from a child to its parent."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import IO

import msgspec

from modelyard.library.formats.header import Code, Problem
from modelyard.values.identity import Identity

_LENGTH = struct.Struct("<I")
MOST_BYTES = 64 << 20
"""A message that claims more is a lie."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one file is and what is wrong with it.

    Attributes:
        size: Bytes on disk.
        tensors: How many it names.
    """

    identity: Identity = field(default_factory=Identity)
    findings: tuple[Problem, ...] = ()
    size: int = 0
    tensors: int = 0


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
