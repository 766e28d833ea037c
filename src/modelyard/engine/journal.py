"""The journal of a part: which blocks are on disk and what they hash to, appended as they arrive.

A header line of JSON says which file it is about; then come records of 44 bytes: block index, bytes of the
block that are there, BLAKE3 of those bytes, CRC-32. On slow connections an unfinished block is written down
twenty times a second. A record is only ever believed after its bytes were read back and hash to it, so a
torn, stale or missing record costs progress, never correctness. After a kill the page cache still has
everything; after a power cut the bytes decide.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import msgspec

from modelyard.engine.part import PartFile
from modelyard.store.disk_gate import disk_errors

_RECORD = struct.Struct("<II32sI")
_LONGEST_HEADER = 65536


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal remembers of the file beside its blocks.

    Attributes:
        size: Bytes of the whole file.
        etag: Strong ETag of the source it came from, empty without one.
        modified: Last-Modified of that source.
        source: URL of that source, without query.
    """

    size: int
    etag: str = ""
    modified: str = ""
    source: str = ""


def journal_path(part: Path) -> Path:
    """Where the journal of a part lies."""
    return part.with_suffix(".journal")


class Known(msgspec.Struct, frozen=True):
    """What a journal says of one block: so many of its bytes are there and hash to this."""

    length: int
    digest: bytes


class Journal:
    """The open journal, append-only.

    It is begun beside its place and renamed, so that a kill leaves the old one or the new one.

    Args:
        part: Held; the journal lies beside it.
        known: Blocks that are there already.
    """

    def __init__(self, part: PartFile, story: Story, known: Mapping[int, Known] | None = None) -> None:
        path = self._path = journal_path(part.path)
        beside = path.with_suffix(".journal-new").name
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        begin = msgspec.json.encode(story) + b"\n" + b"".join(_record(i, one) for i, one in (known or {}).items())
        with disk_errors(path):
            self._fd = part.folder.open(beside, flags, 0o600)
            try:
                _write(self._fd, begin)
                part.folder.replace(beside, path.name)
            except OSError:
                self.close()
                raise

    def add(self, index: int, digest: bytes, length: int) -> None:
        """The first `length` bytes of block `index` are on disk."""
        with disk_errors(self._path):
            _write(self._fd, _record(index, Known(length, digest)))

    def close(self) -> None:
        """Close without removing."""
        with contextlib.suppress(OSError):
            os.close(self._fd)


def _record(index: int, known: Known) -> bytes:
    body = _RECORD.pack(index, known.length, known.digest, 0)[:-4]
    return body + struct.pack("<I", zlib.crc32(body))


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def journal_of(part: PartFile) -> tuple[Story, dict[int, Known]] | None:
    """Story and blocks of the journal beside a held part; None when there is none or it is damaged at its head."""
    try:
        descriptor = part.folder.open(journal_path(part.path).name)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        return _parsed(file)


def has_journal(part: PartFile) -> bool:
    """Whether there is something to go on with."""
    return part.folder.stat(journal_path(part.path).name) is not None


def forget_journal(part: PartFile) -> None:
    """Remove the journal beside a held part."""
    with disk_errors(part.path), contextlib.suppress(FileNotFoundError):
        part.folder.unlink(journal_path(part.path).name)


def read_journal(path: Path) -> tuple[Story, dict[int, Known]] | None:
    """Story and blocks of a journal whose part nobody holds; None when there is none or it is damaged at its head."""
    try:
        with path.open("rb") as file:
            return _parsed(file)
    except OSError:
        return None


def _parsed(file: BinaryIO) -> tuple[Story, dict[int, Known]] | None:
    try:
        raw = file.read()
        head, _, records = raw.partition(b"\n")
        story = msgspec.json.decode(head[:_LONGEST_HEADER], type=Story)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    blocks: dict[int, Known] = {}
    for index, known in _records(records):
        if index not in blocks or blocks[index].length <= known.length:
            blocks[index] = known
    return (story, blocks) if story.size > 0 else None


def _records(raw: bytes) -> Iterator[tuple[int, Known]]:
    for start in range(0, len(raw) - _RECORD.size + 1, _RECORD.size):
        index, length, digest, crc = _RECORD.unpack_from(raw, start)
        if zlib.crc32(raw[start : start + _RECORD.size - 4]) == crc:
            yield index, Known(length, digest)
