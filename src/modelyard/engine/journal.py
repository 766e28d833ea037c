"""The journal of a part: which blocks are on disk and what they hash to, appended as they arrive.

A header line of JSON says which file it is about; then come records of 40 bytes: block index, BLAKE3
digest, CRC-32. A record is only ever believed after its block was read back and hashes to it, so a
torn, stale or missing record costs progress, never correctness. After a kill the page cache still has
everything; after a power cut the blocks decide.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from modelyard.engine.disk_gate import disk_errors

_RECORD = struct.Struct("<I32sI")
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


class Journal:
    """The open journal, append-only."""

    def __init__(self, path: Path, story: Story, *, fresh: bool) -> None:
        self._path = path
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
        with disk_errors(path):
            self._fd = os.open(path, flags | (os.O_TRUNC if fresh else 0), 0o600)
            if fresh:
                os.write(self._fd, msgspec.json.encode(story) + b"\n")

    def add(self, index: int, digest: bytes) -> None:
        """Block `index` is on disk."""
        body = _RECORD.pack(index, digest, 0)[:-4]
        with disk_errors(self._path):
            os.write(self._fd, body + struct.pack("<I", zlib.crc32(body)))

    def close(self) -> None:
        """Close without removing."""
        with contextlib.suppress(OSError):
            os.close(self._fd)


def read_journal(path: Path) -> tuple[Story, dict[int, bytes]] | None:
    """Story and block digests of a journal; None when there is none or it is damaged at its head."""
    try:
        raw = path.read_bytes()
        head, _, records = raw.partition(b"\n")
        story = msgspec.json.decode(head[:_LONGEST_HEADER], type=Story)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return (story, dict(_records(records))) if story.size > 0 else None


def _records(raw: bytes) -> Iterator[tuple[int, bytes]]:
    for start in range(0, len(raw) - _RECORD.size + 1, _RECORD.size):
        index, digest, crc = _RECORD.unpack_from(raw, start)
        if zlib.crc32(raw[start : start + _RECORD.size - 4]) == crc:
            yield index, digest
