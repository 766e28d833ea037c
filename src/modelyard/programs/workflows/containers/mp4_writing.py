"""Changes metadata texts of MP4 and MOV. Sound and pictures stay byte for byte.

Behind the media `moov` may grow freely. Before it, a `free` box next to it gives the room; else the media stand later,
and the tables that say where they stand (`stco`, `co64`: ISO/IEC 14496-12, 8.7.5) say so too.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from modelyard.programs.workflows.containers.mp4 import ITUNES
from modelyard.programs.workflows.containers.source import Truncated, key_of
from modelyard.programs.workflows.containers.vorbis_writing import retold

_TO_TABLES = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
_FREE = (b"free", b"skip")
_FRAGMENTS = (b"moof", b"mfra", b"sidx", b"ssix")
_OTHER_PLACES = (b"iloc", b"saio")
_HEAD = 8


@dataclass(frozen=True, slots=True)
class _Box:
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
        """The box with another content."""
        if self.open:
            return raw[self.start : self.inner] + body
        if self.inner - self.start == 2 * _HEAD:
            return raw[self.start : self.start + 8] + struct.pack(">Q", len(body) + 2 * _HEAD) + body
        if len(body) + _HEAD >= 2**32:
            raise ValueError("a box would be larger than its length can say")
        return struct.pack(">I4s", len(body) + _HEAD, self.kind) + body


def changed(raw: bytes, change: Callable[[str], str]) -> bytes:
    """A video whose workflow texts are what `change` makes of them.

    Raises:
        ValueError: It is damaged, or what says where its media stand cannot be changed.
    """
    boxes = list(_boxes(raw, 0, len(raw)))
    new = [box.around(raw, _way(raw, box, change)) if _is_way(box) else raw[box.start : box.end] for box in boxes]
    others = [at for at, box in enumerate(boxes) if new[at] != raw[box.start : box.end]]
    if not others:
        return raw
    at, behind = others[0], boxes[others[0] + 1 :]
    grown = len(new[at]) - (boxes[at].end - boxes[at].start)
    if behind and grown:
        grown = _into_free(behind[0], new, at + 1, grown)
    if behind and grown:
        if len(others) > 1 or boxes[at].kind != b"moov" or any(mark in new[at] for mark in _OTHER_PLACES):
            raise ValueError("it tells in other ways than by its tables where its media stand")
        if any(box.kind in _FRAGMENTS for box in boxes):
            raise ValueError("it is in fragments, and there is no room before them")
        new[at] = _moved(new[at], boxes[at].end, grown)
    return b"".join([*new, raw[boxes[-1].end :]])


def _boxes(raw: bytes, start: int, end: int) -> Iterator[_Box]:
    """The boxes in a stretch.

    Raises:
        ValueError: A length leads out of it.
    """
    while start + _HEAD <= end:
        size, kind = struct.unpack_from(">I4s", raw, start)
        inner = start + _HEAD
        if size == 1:
            size, inner = int.from_bytes(raw[inner : inner + 8]), inner + 8
        close = start + size if size else end
        if close > end or close < inner:
            raise Truncated("a box ends outside")
        yield _Box(kind, start, inner, close, open=not size)
        start = close


def _is_way(box: _Box) -> bool:
    return box.kind in (b"moov", b"udta", b"meta")


def _way(raw: bytes, box: _Box, change: Callable[[str], str]) -> bytes:
    """The content of a box on the way to the texts, with those changed."""
    start = box.inner
    if box.kind == b"meta" and raw[start + 4 : start + 8] != b"hdlr":
        start += 4  # version and flags, which QuickTime leaves out
    names = list[str]()

    def body(one: _Box) -> bytes | None:
        if one.kind == b"keys":
            names[:] = _names(raw[one.inner + 8 : one.end])
        if one.kind == b"ilst":
            return _list(raw, one, names, change)
        return _way(raw, one, change) if _is_way(one) else None

    return raw[box.inner : start] + _with(raw, start, box.end, body)


def _with(raw: bytes, start: int, end: int, body: Callable[[_Box], bytes | None]) -> bytes:
    """A stretch of boxes with other contents; what ends it and is no box stays, QuickTime's four zeros say."""
    out = list[bytes]()
    for box in _boxes(raw, start, end):
        new = body(box)
        out.append(raw[box.start : box.end] if new is None else box.around(raw, new))
        start = box.end
    return b"".join([*out, raw[start:end]])


def _names(body: bytes) -> list[str]:
    names, at = list[str](), 0
    while at + 8 <= len(body) and (size := int.from_bytes(body[at : at + 4])) >= 8:
        names.append(body[at + 8 : at + size].decode("utf-8", "replace"))
        at += size
    return names


def _list(raw: bytes, box: _Box, names: list[str], change: Callable[[str], str]) -> bytes:
    def data(one: _Box) -> bytes | None:
        if one.kind != b"data" or one.end - one.inner < 8:
            return None
        return raw[one.inner : one.inner + 8] + retold(raw[one.inner + 8 : one.end], change)

    def entry(one: _Box) -> bytes | None:
        at = int.from_bytes(one.kind)
        known = key_of(names[at - 1]) if 0 < at <= len(names) else ITUNES.get(one.kind, "")
        return _with(raw, one.inner, one.end, data) if known else None

    return _with(raw, box.inner, box.end, entry)


def _into_free(box: _Box, new: list[bytes], at: int, grown: int) -> int:
    """Let a free box take or give the room; what could not be so."""
    size = box.end - box.start - grown
    if box.kind not in _FREE or box.inner - box.start != _HEAD or box.open or not (size == 0 or size >= _HEAD):
        return grown
    new[at] = struct.pack(">I4s", size, box.kind) + bytes(size - _HEAD) if size else b""
    return 0


def _moved(moov: bytes, behind: int, grown: int) -> bytes:
    """A `moov` whose tables say that what stands behind it stands elsewhere.

    Args:
        behind: Where the old one ended.
    """
    out = bytearray(moov)

    def walk(start: int, end: int) -> None:
        for box in _boxes(moov, start, end):
            if box.kind in _TO_TABLES:
                walk(box.inner, box.end)
            elif box.kind in (b"stco", b"co64"):
                _shift(out, box, behind, grown)

    walk(0, len(moov))
    return bytes(out)


def _shift(out: bytearray, box: _Box, behind: int, grown: int) -> None:
    width = 4 if box.kind == b"stco" else 8
    count = int.from_bytes(out[box.inner + 4 : box.inner + 8])
    if box.inner + 8 + count * width > box.end:
        raise Truncated("a table is longer than its box")
    for at in range(box.inner + 8, box.inner + 8 + count * width, width):
        place = int.from_bytes(out[at : at + width])
        if place >= behind:
            place += grown
            if place >= 1 << (8 * width):
                raise ValueError("its media would stand farther than its tables can say")
            out[at : at + width] = place.to_bytes(width)
