"""Bytes of a file, taken with care."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from modelyard.values.untrusted import text

LONGEST = 32 * 2**20
"""Bytes of one text, packed or not; longer ones are passed over. Real workflows stay below 5 MiB."""

MOST_PARTS = 1_000_000
"""Chunks, boxes, pages or elements of one file that are looked at."""

KEYS = frozenset(("workflow", "prompt", "parameters", "comment", "description", "usercomment"))
"""Names, in lower case, under which programs write a workflow or its settings."""

Texts = Iterator[tuple[str, str]]
"""Key and text, in the file's order."""


class Truncated(ValueError):
    """The file ends, or a length in it points, where nothing is."""


def exactly(stream: BinaryIO, size: int) -> bytes:
    """Exactly `size` bytes.

    Raises:
        Truncated: There are fewer, or more than we would keep.
    """
    if not 0 <= size <= LONGEST:
        raise Truncated(f"{size} bytes are asked for.")
    data = stream.read(size)
    if len(data) < size:
        raise Truncated("The file ends in the middle.")
    return data


def skip(stream: BinaryIO, size: int) -> None:
    """Pass over bytes.

    Raises:
        Truncated: A length beyond any file.
    """
    if not 0 <= size < 2**60:
        raise Truncated(f"{size} bytes are to be passed over.")
    stream.seek(size, 1)


def inflated(data: bytes) -> bytes:
    """A zlib stream unpacked; nothing when it is longer than `LONGEST` or damaged."""
    decoder = zlib.decompressobj()
    try:
        plain = decoder.decompress(data, LONGEST)
    except zlib.error:
        return b""
    return b"" if decoder.unconsumed_tail else plain


def key_of(name: str) -> str:
    """The key in lower case, empty when nobody writes a workflow under that name."""
    lower = text(name).strip().lower()
    return lower if lower in KEYS else ""
