"""Changes metadata texts of MP4 and MOV. Sound and pictures stay byte for byte.

Behind the media `moov` may grow freely. Before it, a `free` box next to it gives the room; else the media stand later,
and what says where they stand says so too, see `mp4_boxes`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from modelyard.programs.workflows.containers.mp4 import ITUNES
from modelyard.programs.workflows.containers.mp4_boxes import HEAD, Box, boxes, moved
from modelyard.programs.workflows.containers.source import key_of
from modelyard.programs.workflows.containers.vorbis_writing import retold

_FREE = (b"free", b"skip")
_TELL_PLACES = (b"moof", b"mfra")
_OTHER_PLACES = (b"iloc", b"saio")


def changed(raw: bytes, change: Callable[[str], str]) -> bytes:
    """A video whose workflow texts are what `change` makes of them.

    Raises:
        ValueError: It is damaged, or what says where its media stand cannot be changed.
    """
    every = list(boxes(raw, 0, len(raw)))
    new = [box.around(raw, _way(raw, box, change)) if _is_way(box) else raw[box.start : box.end] for box in every]
    others = [at for at, box in enumerate(every) if new[at] != raw[box.start : box.end]]
    if not others:
        return raw
    at, behind = others[0], every[others[0] + 1 :]
    grown = len(new[at]) - (every[at].end - every[at].start)
    if behind and grown:
        grown = _into_free(behind[0], new, at + 1, grown)
    if behind and grown:
        _check_places(every, others, new[at])
        for one, box in enumerate(every):
            if one == at or box.kind in _TELL_PLACES:
                new[one] = moved(new[one], every[at].end, grown)
    return b"".join([*new, raw[every[-1].end :]])


def _check_places(every: list[Box], others: list[int], moov: bytes) -> None:
    """Refuse what tells in other ways than by its tables where its media stand.

    Raises:
        ValueError: It does.
    """
    before = every[: others[0]]
    known = len(others) == 1 and every[others[0]].kind == b"moov" and not any(box.kind == b"sidx" for box in before)
    if not known or any(mark in moov for mark in _OTHER_PLACES):
        raise ValueError("it tells in other ways than by its tables where its media stand")


def _is_way(box: Box) -> bool:
    return box.kind in (b"moov", b"udta", b"meta")


def _way(raw: bytes, box: Box, change: Callable[[str], str]) -> bytes:
    """The content of a box on the way to the texts, with those changed."""
    start = box.inner
    if box.kind == b"meta" and raw[start + 4 : start + 8] != b"hdlr":
        start += 4  # version and flags, which QuickTime leaves out
    names = list[str]()

    def body(one: Box) -> bytes | None:
        if one.kind == b"keys":
            names[:] = _names(raw[one.inner + 8 : one.end])
        if one.kind == b"ilst":
            return _list(raw, one, names, change)
        return _way(raw, one, change) if _is_way(one) else None

    return raw[box.inner : start] + _with(raw, start, box.end, body)


def _with(raw: bytes, start: int, end: int, body: Callable[[Box], bytes | None]) -> bytes:
    """A stretch of boxes with other contents; what ends it and is no box stays, QuickTime's four zeros say."""
    out = list[bytes]()
    for box in boxes(raw, start, end):
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


def _list(raw: bytes, box: Box, names: list[str], change: Callable[[str], str]) -> bytes:
    def data(one: Box) -> bytes | None:
        if one.kind != b"data" or one.end - one.inner < 8:
            return None
        return raw[one.inner : one.inner + 8] + retold(raw[one.inner + 8 : one.end], change)

    def entry(one: Box) -> bytes | None:
        at = int.from_bytes(one.kind)
        known = key_of(names[at - 1]) if 0 < at <= len(names) else ITUNES.get(one.kind, "")
        return _with(raw, one.inner, one.end, data) if known else None

    return _with(raw, box.inner, box.end, entry)


def _into_free(box: Box, new: list[bytes], at: int, grown: int) -> int:
    """Let a free box take or give the room; what could not be so."""
    size = box.end - box.start - grown
    if box.kind not in _FREE or box.inner - box.start != HEAD or box.open or not (size == 0 or size >= HEAD):
        return grown
    new[at] = struct.pack(">I4s", size, box.kind) + bytes(size - HEAD) if size else b""
    return 0
