"""EXIF in WebP and JPEG: texts of IFD 0 and the Exif IFD (TIFF 6.0, section 2; EXIF 2.32, 4.6).

ComfyUI writes `workflow:{…` and `prompt:{…` under the tags Make and Model; A1111 and its kin a UserComment.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from modelyard.programs.workflows.containers.source import LONGEST, MOST_PARTS, Texts, Truncated, exactly, key_of, skip

WEBP, JPEG = b"RIFF", b"\xff\xd8\xff"
_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286
_MOST_ENTRIES = 2_000
_SIZES = {1: 1, 2: 1, 7: 1}
_ORDERS = {b"II": "<", b"MM": ">"}


def in_webp(stream: BinaryIO) -> Texts:
    """Texts in the EXIF chunk of a RIFF file."""
    exactly(stream, 12)
    for _ in range(MOST_PARTS):
        kind, length = struct.unpack("<4sI", exactly(stream, 8))
        if kind == b"EXIF" and length <= LONGEST:
            yield from in_block(exactly(stream, length))
            skip(stream, length % 2)
        else:
            skip(stream, length + length % 2)


def in_jpeg(stream: BinaryIO) -> Texts:
    """Texts in the APP1 segments of a JPEG, up to the picture's data."""
    exactly(stream, 2)
    for _ in range(MOST_PARTS):
        mark, kind = exactly(stream, 2)
        if mark != 0xFF or kind in (0xD9, 0xDA):
            return
        (length,) = struct.unpack(">H", exactly(stream, 2))
        data = exactly(stream, max(0, length - 2))
        if kind == 0xE1 and data.startswith(b"Exif\0\0"):
            yield from in_block(data)


def in_block(data: bytes) -> Texts:
    """Texts in a TIFF block, with or without `Exif` before it."""
    data = data.removeprefix(b"Exif\0\0")
    for entry, start, count in texts_at(data):
        order = _ORDERS[data[:2]]
        yield from _told(_number(data, order + "H", entry), data[start : start + count], order)


def texts_at(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Place of the entry, of its bytes, and their number, of each text in a TIFF block."""
    order = _ORDERS.get(data[:2])
    if not order or len(data) < 8:
        return
    queue, seen = [_number(data, order + "I", 4)], set[int]()
    while queue and len(seen) < 8:
        at = queue.pop()
        if at in seen:
            continue
        seen.add(at)
        for tag, kind, count, where in _entries(data, at, order):
            if tag == _EXIF_IFD:
                queue.append(_number(data, order + "I", where))
            elif kind in _SIZES:
                yield where - 8, where if count <= 4 else _number(data, order + "I", where), count


def _entries(data: bytes, at: int, order: str) -> Iterator[tuple[int, int, int, int]]:
    """Tag, type, count and the place of the value field, of each entry of a directory."""
    for index in range(min(_number(data, order + "H", at), _MOST_ENTRIES)):
        place = at + 2 + 12 * index
        if place + 12 > len(data):
            return
        yield (*struct.unpack_from(order + "HHI", data, place), place + 8)


def _told(tag: int, raw: bytes, order: str) -> Texts:
    if tag == _USER_COMMENT:
        yield "usercomment", _comment(raw, order)
        return
    told = raw.rstrip(b"\0").decode("utf-8", "replace")
    name, _, rest = told.partition(":")
    if len(name) < 40 and (key := key_of(name)):
        yield key, rest
    elif told.startswith("{"):
        yield "description", told


def _comment(raw: bytes, order: str) -> str:
    """A UserComment: eight bytes name its encoding; UTF-16 follows the file's order, unless that gives nonsense."""
    head, body = raw[:8], raw[8:]
    if head != b"UNICODE\0":
        return (body if head in (b"ASCII\0\0\0", bytes(8)) else raw).rstrip(b"\0").decode("utf-8", "replace")
    zeros = sum(byte == 0 for byte in body[:2000:2]), sum(byte == 0 for byte in body[1:2000:2])
    big = zeros[0] > zeros[1] if zeros[0] != zeros[1] else order == ">"
    return body.decode("utf-16-be" if big else "utf-16-le", "replace").strip("\ufeff\0")


def _number(data: bytes, form: str, at: int) -> int:
    if at < 0 or at + struct.calcsize(form) > len(data):
        raise Truncated("The EXIF block points outside itself.")
    return int(struct.unpack_from(form, data, at)[0])
