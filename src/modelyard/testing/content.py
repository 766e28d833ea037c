"""Content: bytes made from a seed on the fly, so that a 64 GiB file costs nothing until it is read.

Every hash is computed from the bytes when somebody asks for it; none is written by hand.
"""

from __future__ import annotations

import hashlib
import random
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Protocol

BLOCK = 1 << 20


class Hash(Protocol):
    """What hashlib and blake3 share."""

    def update(self, data: bytes | memoryview, /) -> object:
        """Take more bytes."""

    def hexdigest(self) -> str:
        """The hash in hex."""


_SWAP = bytes(value ^ 0x5A for value in range(256))
_HASHABLE = 8 << 30


class Content(ABC):
    """The bytes of one file.

    Attributes:
        size: Length in bytes.
        head: How many bytes at the start are a container's header (0 when unknown).
    """

    size: int
    head: int = 0

    @abstractmethod
    def read(self, start: int, stop: int) -> bytes | memoryview:
        """The bytes from ``start`` up to, not including, ``stop``."""

    @property
    @abstractmethod
    def tag(self) -> str:
        """A cheap identity of these bytes (hex): equal content, equal tag; reads no big file."""

    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes | memoryview]:
        """The span in pieces that end on 1 MiB borders."""
        stop = self.size if stop is None else stop
        while start < stop:
            border = min(stop, (start // BLOCK + 1) * BLOCK)
            yield self.read(start, border)
            start = border

    def bytes(self) -> bytes:
        """All of it; for files that fit in memory."""
        return b"".join(self.blocks())

    @cached_property
    def sha256(self) -> str:
        """SHA-256 in hex. Beyond 8 GiB it is a stand-in made from the tag: hashing would take minutes."""
        if self.size > _HASHABLE:
            return hashlib.sha256(f"unread {self.tag}".encode()).hexdigest()
        return self._digest(hashlib.sha256())

    @cached_property
    def git_sha1(self) -> str:
        """What ``git hash-object`` says; Hugging Face's oid of a regular file."""
        return self._digest(hashlib.sha1(b"blob %d\0" % self.size))

    @cached_property
    def crc32(self) -> str:
        """CRC-32 as 8 hex digits."""
        value = 0
        for block in self.blocks():
            value = zlib.crc32(block, value)
        return f"{value:08x}"

    @cached_property
    def blake3(self) -> str:
        """BLAKE3 in hex."""
        from blake3 import blake3

        return self._digest(blake3())

    def _digest(self, state: Hash) -> str:
        for block in self.blocks():
            state.update(block)
        return state.hexdigest()


class Bytes(Content):
    """Content that is held in memory."""

    def __init__(self, data: bytes, head: int = 0) -> None:
        self.size, self.head, self._view = len(data), head, memoryview(data)

    def read(self, start: int, stop: int) -> memoryview:
        return self._view[start:stop]

    @cached_property
    def tag(self) -> str:
        return hashlib.sha256(self._view).hexdigest()[:32]


class FromFile(Content):
    """Content that lies in a file on disk."""

    def __init__(self, path: Path) -> None:
        self._path, self.size = path, path.stat().st_size

    def read(self, start: int, stop: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(start)
            return file.read(stop - start)

    @property
    def tag(self) -> str:
        return hashlib.sha256(f"{self._path} {self.size}".encode()).hexdigest()[:32]


class Noise(Content):
    """A header, then noise from a seed; every 1 MiB block bears its number, so that no block is like another."""

    def __init__(self, size: int, seed: int = 1, head: bytes = b"") -> None:
        self.size, self.seed, self._head = size, seed, head[:size]
        self.head = len(self._head)

    def read(self, start: int, stop: int) -> bytes | memoryview:
        stop = min(stop, self.size)
        if start >= stop:
            return b""
        if start // BLOCK != (stop - 1) // BLOCK:
            return b"".join(self.blocks(start, stop))
        data = self._fill(start, stop)
        if start >= self.head:
            return memoryview(data)
        return self._head[start:stop] + bytes(data[self.head - start :])

    def _fill(self, start: int, stop: int) -> bytes | bytearray | memoryview:
        """What follows the header, for a span inside one block."""
        base = start // BLOCK * BLOCK
        data = bytearray(_noise(self.seed)[start - base : stop - base])
        if start - base < 8:
            number = (start // BLOCK + 1).to_bytes(8, "little")
            data[: base + 8 - start] = number[start - base :][: len(data)]
        return data

    @cached_property
    def tag(self) -> str:
        facts = f"{type(self).__name__} {self.size} {self.seed} ".encode() + self._head
        return hashlib.sha256(facts).hexdigest()[:32]


class Sparse(Noise):
    """A header, then zeros, and a last byte of 0xFF: huge files whose end can be told from their middle."""

    def _fill(self, start: int, stop: int) -> bytes | bytearray | memoryview:
        if stop < self.size:
            return _ZEROS[: stop - start]
        return bytes(stop - start - 1) + b"\xff"


_ZEROS = memoryview(bytes(BLOCK))


@lru_cache(maxsize=64)
def _noise(seed: int) -> bytes:
    return random.Random(seed).randbytes(BLOCK)


class NextVersion(Content):
    """The same file after its author changed it: same size and header, every other byte different."""

    def __init__(self, first: Content) -> None:
        self._first, self.size = first, first.size
        self.head = first.head if first.head < first.size else 0

    def read(self, start: int, stop: int) -> bytes:
        data = bytes(self._first.read(start, stop))
        kept = max(0, min(self.head - start, len(data)))
        return data[:kept] + data[kept:].translate(_SWAP)

    @property
    def tag(self) -> str:
        return hashlib.sha256(f"next {self._first.tag}".encode()).hexdigest()[:32]


class Flipped(Content):
    """The same bytes with one bit turned over."""

    def __init__(self, first: Content, offset: int) -> None:
        self._first, self.size, self.head, self.offset = first, first.size, first.head, offset

    def read(self, start: int, stop: int) -> bytes:
        data = bytearray(self._first.read(start, stop))
        if start <= self.offset < start + len(data):
            data[self.offset - start] ^= 1
        return bytes(data)

    @property
    def tag(self) -> str:
        return hashlib.sha256(f"flip {self._first.tag}".encode()).hexdigest()[:32]
