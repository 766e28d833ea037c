"""Changes tags of WebM and Matroska where they stand (RFC 9559); blocks of sound and pictures stay byte for byte.

What stands behind the tags moves. The elements that say where others stand (`SeekHead`, `Cues`, a cluster's
`Position`) say so then; they may grow by that themselves, so it is reckoned until nothing moves any more. Padding
behind the tags gives room first.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

import msgspec

from modelyard.programs.workflows.containers.source import Truncated, key_of
from modelyard.programs.workflows.containers.vorbis_writing import retold

_SEGMENT, _TAGS, _TAG, _SIMPLE, _NAME, _STRING = 0x18538067, 0x1254C367, 0x7373, 0x67C8, 0x45A3, 0x4487
_SEEK_HEAD, _CUES, _CLUSTER, _VOID, _CRC = 0x114D9B74, 0x1C53BB6B, 0x1F43B675, 0xEC, 0xBF
_PLACES: Mapping[int, frozenset[int]] = {
    _SEEK_HEAD: frozenset((0x53AC,)),  # SeekPosition
    _CUES: frozenset((0xF1, 0x97, 0xEA)),  # CueClusterPosition, CueRefCluster, CueCodecState
    _CLUSTER: frozenset((0xA7,)),  # Position
}
"""Elements that hold the place of another one, counted from the segment's content, by what holds them."""
_WITHIN = {
    _SEEK_HEAD: (0x4DBB,),
    _CUES: (0xBB, 0xB7, 0xDB),
    _CLUSTER: (),
    _TAGS: (_TAG, _SIMPLE),
    _TAG: (),
    _SIMPLE: (),
}
_BLOCKS = (0xA3, 0xA0, 0xAB)
_TOP = (_SEEK_HEAD, _CUES, _CLUSTER, _TAGS, 0x1549A966, 0x1654AE6B, 0x1941A469, 0x1043A770)
_ROUNDS = 12


class _Element(msgspec.Struct, frozen=True):
    """Where an element stands.

    Attributes:
        sized: Where the bytes of its size begin.
        open: It says no size.
    """

    kind: int
    start: int
    sized: int
    inner: int
    end: int
    open: bool = False

    def around(self, raw: bytes, body: bytes) -> bytes:
        """The element with another content; its size takes as many bytes as before, or more where it must."""
        if self.open:
            return raw[self.start : self.inner] + body
        return raw[self.start : self.sized] + _sized(len(body), self.inner - self.sized) + body


def changed(raw: bytes, change: Callable[[str], str]) -> bytes:
    """A video whose workflow texts are what `change` makes of them.

    Raises:
        ValueError: It is damaged.
    """
    out, done = list[bytes](), 0
    for one in _elements(raw, 0, len(raw)):
        if one.kind == _SEGMENT:
            body = _segment(raw, one, change)
            if body != raw[one.inner : one.end]:
                out += [raw[done : one.start], one.around(raw, body)]
                done = one.end
    return b"".join([*out, raw[done:]])


def _segment(raw: bytes, segment: _Element, change: Callable[[str], str]) -> bytes:
    parts = list(_elements(raw, segment.inner, segment.end))
    told = {one.start: _tags(raw, one, change) for one in parts if one.kind == _TAGS}
    if all(raw[start : start + len(new)] == new for start, new in told.items()):
        return raw[segment.inner : segment.end]
    places = {one.start - segment.inner: one.start - segment.inner for one in parts}
    for _ in range(_ROUNDS):
        made = [told.get(one.start) or _placed(raw, one, places) for one in parts]
        _give_room(parts, made)
        now, at = dict[int, int](), 0
        for one, new in zip(parts, made, strict=True):
            now[one.start - segment.inner] = at
            at += len(new)
        if now == places:
            return b"".join(made)
        places = now
    raise ValueError("its places cannot be reckoned")


def _give_room(parts: list[_Element], made: list[bytes]) -> None:
    """Let padding behind what grew or shrank take the difference."""
    for at, (one, after) in enumerate(pairwise(parts)):
        size = after.end - after.start - (len(made[at]) - (one.end - one.start))
        if one.kind != _VOID and after.kind == _VOID and size != after.end - after.start and (size == 0 or size >= 9):
            made[at + 1] = b"\xec" + _sized(size - 9, 8) + bytes(size - 9) if size else b""


def _elements(raw: bytes, start: int, end: int) -> Iterator[_Element]:
    """The elements in a stretch; one that says no size ends before the next that cannot stand in it.

    Raises:
        ValueError: A length leads out of it.
    """
    while start < end:
        kind, sized = _number(raw, start, keep_mark=True)
        size, inner = _number(raw, sized)
        close = inner + size
        if size < 0:
            close = end if kind == _SEGMENT else _end_of_open(raw, inner, end)
        if close > end:
            raise Truncated("an element ends outside")
        yield _Element(kind, start, sized, inner, close, open=size < 0)
        start = close


def _end_of_open(raw: bytes, at: int, end: int) -> int:
    while at < end:
        kind, sized = _number(raw, at, keep_mark=True)
        if kind in _TOP:
            return at
        size, inner = _number(raw, sized)
        if size < 0:
            raise ValueError("two elements in each other say no size")
        at = inner + size
    return at


def _number(raw: bytes, at: int, *, keep_mark: bool = False) -> tuple[int, int]:
    """A variable-size integer (RFC 8794, 4), and where it ends; -1 for the size that is not known."""
    if at >= len(raw) or not raw[at]:
        raise Truncated("an element ends in the middle, or is none")
    length = 9 - raw[at].bit_length()
    value = int.from_bytes(raw[at : at + length])
    if at + length > len(raw):
        raise Truncated("an element ends in the middle")
    if keep_mark:
        return value, at + length
    value &= (1 << (7 * length)) - 1
    return (-1 if value == (1 << (7 * length)) - 1 else value), at + length


def _sized(size: int, width: int) -> bytes:
    """A size in so many bytes, or in more where it must."""
    while size >= (1 << (7 * width)) - 1:
        width += 1
    return (size | 1 << (7 * width)).to_bytes(width)


def _tags(raw: bytes, one: _Element, change: Callable[[str], str]) -> bytes:
    """Tags with their texts changed."""
    name, out = "", list[tuple[int, bytes]]()
    for inside in _elements(raw, one.inner, one.end):
        whole = raw[inside.start : inside.end]
        if inside.kind in (_TAG, _SIMPLE):
            whole = _tags(raw, inside, change)
        elif inside.kind == _NAME:
            name = raw[inside.inner : inside.end].decode("utf-8", "replace")
        elif inside.kind == _STRING and key_of(name):
            whole = inside.around(raw, retold(raw[inside.inner : inside.end], change))
        out.append((inside.kind, whole))
    return one.around(raw, _checked(out))


def _placed(raw: bytes, one: _Element, places: Mapping[int, int]) -> bytes:
    """An element of the segment with the places that it tells."""
    whole = raw[one.start : one.end]
    if one.kind not in _PLACES:
        return whole
    try:
        body = _retold(raw, one, _PLACES[one.kind], _WITHIN[one.kind], places)
    except Truncated:  # damaged before: it tells nobody a place
        return whole
    return whole if body is None else one.around(raw, body)


def _retold(
    raw: bytes, one: _Element, told: frozenset[int], within: tuple[int, ...], places: Mapping[int, int]
) -> bytes | None:
    """Its content with other places; None where nothing changes. Of a cluster only what stands before its blocks."""
    out, done, is_other = list[tuple[int, bytes]](), one.inner, False
    for inside in _elements(raw, one.inner, one.end):
        if inside.kind in _BLOCKS:
            break
        whole = raw[inside.start : inside.end]
        if inside.kind in within and (body := _retold(raw, inside, told, within, places)) is not None:
            whole = inside.around(raw, body)
        elif inside.kind in told:
            old = int.from_bytes(raw[inside.inner : inside.end])
            whole = inside.around(raw, _wide(places.get(old, old), inside.end - inside.inner))
        is_other |= whole != raw[inside.start : inside.end]
        out.append((inside.kind, whole))
        done = inside.end
    return _checked([*out, (0, raw[done : one.end])]) if is_other else None


def _wide(value: int, width: int) -> bytes:
    return value.to_bytes(max(width, (value.bit_length() + 7) // 8, 1))


def _checked(parts: list[tuple[int, bytes]]) -> bytes:
    """Content with its checksum made anew, where it begins with one (RFC 8794, 11.3.1)."""
    if not parts or parts[0][0] != _CRC:
        return b"".join(part for _, part in parts)
    rest = b"".join(part for _, part in parts[1:])
    return parts[0][1][:-4] + zlib.crc32(rest).to_bytes(4, "little") + rest
