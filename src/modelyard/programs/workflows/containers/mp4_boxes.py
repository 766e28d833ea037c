"""Boxes of an MP4 in memory, and the numbers in them that say where media stand (ISO/IEC 14496-12)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

from modelyard.programs.workflows.containers.source import Truncated

HEAD = 8
_HOLDERS = frozenset((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"mfra"))
_BASE_IS_TOLD = 1


class Box(msgspec.Struct, frozen=True):
    """Where a box stands.

    Attributes:
        inner: Where its content begins.
        open: It says no size of its own: it goes on to the file's end.
    """

    kind: bytes
    start: int
    inner: int
    end: int
    open: bool = False

    def around(self, raw: bytes, body: bytes) -> bytes:
        """The box with another content.

        Raises:
            ValueError: Its length cannot say how long it would be.
        """
        if self.open:
            return raw[self.start : self.inner] + body
        if self.inner - self.start == 2 * HEAD:
            return raw[self.start : self.start + 8] + struct.pack(">Q", len(body) + 2 * HEAD) + body
        if len(body) + HEAD >= 2**32:
            raise ValueError("a box would be larger than its length can say")
        return struct.pack(">I4s", len(body) + HEAD, self.kind) + body


def boxes(raw: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes in a stretch.

    Raises:
        Truncated: A length leads out of it.
    """
    while start + HEAD <= end:
        size, kind = struct.unpack_from(">I4s", raw, start)
        inner = start + HEAD
        if size == 1:
            size, inner = int.from_bytes(raw[inner : inner + 8]), inner + 8
        close = start + size if size else end
        if close > end or close < inner:
            raise Truncated("a box ends outside")
        yield Box(kind, start, inner, close, open=not size)
        start = close


def moved(raw: bytes, behind: int, grown: int) -> bytes:
    """A box in which every place from `behind` on, counted from the file's begin, is `grown` bytes farther.

    Raises:
        ValueError: A table is longer than its box, or cannot say such a place.
    """
    out = bytearray(raw)

    def walk(start: int, end: int) -> None:
        for box in boxes(raw, start, end):
            if box.kind in _HOLDERS:
                walk(box.inner, box.end)
            for at, width in _places(raw, box):
                if at + width > box.end:
                    raise Truncated("a table is longer than its box")
                place = int.from_bytes(raw[at : at + width])
                if place < behind:
                    continue
                if not 0 <= place + grown < 1 << (8 * width):
                    raise ValueError("its media would stand farther than its tables can say")
                out[at : at + width] = (place + grown).to_bytes(width)

    walk(0, len(raw))
    return bytes(out)


def _places(raw: bytes, box: Box) -> Iterator[tuple[int, int]]:
    """Where a box holds places, and in how many bytes: 8.7.5 (samples), 8.8.7 (fragments), 8.8.10 (their index)."""
    at = box.inner
    if box.kind in (b"stco", b"co64"):
        width = 4 if box.kind == b"stco" else 8
        for entry in range(int.from_bytes(raw[at + 4 : at + 8])):
            yield at + 8 + entry * width, width
    elif box.kind == b"tfhd" and int.from_bytes(raw[at + 1 : at + 4]) & _BASE_IS_TOLD:
        yield at + 8, 8
    elif box.kind == b"tfra" and box.end - at >= 16:
        width = 8 if raw[at] else 4
        lengths = raw[at + 11]
        step = 2 * width + 3 + (lengths >> 4 & 3) + (lengths >> 2 & 3) + (lengths & 3)
        for entry in range(int.from_bytes(raw[at + 12 : at + 16])):
            yield at + 16 + entry * step + width, width
