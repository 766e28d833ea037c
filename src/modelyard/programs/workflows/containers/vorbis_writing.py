"""Changes Vorbis comments: here in FLAC's block 4 (seek points count from the first frame), in Ogg by `ogg_writing`."""

from __future__ import annotations

import struct
from collections.abc import Callable

from modelyard.programs.workflows.containers.source import Truncated, key_of

_MOST_FLAC = 2**24 - 1
"""Bytes of one block: its length has 24 bits."""
_COMMENTS = 4


def in_flac(raw: bytes, change: Callable[[str], str]) -> bytes:
    """A FLAC file whose workflow texts are what `change` makes of them.

    Raises:
        ValueError: It is damaged, or the new text is longer than a block can be.
    """
    out, at, last = [raw[:4]], 4, False
    while not last:
        head = raw[at : at + 4]
        if len(head) < 4:
            raise Truncated("the file ends in the middle")
        last, length = bool(head[0] & 0x80), int.from_bytes(head[1:])
        body = raw[at + 4 : at + 4 + length]
        if head[0] & 0x7F == _COMMENTS:
            body = comments(body, change)
            if len(body) > _MOST_FLAC:
                raise ValueError("the new text is longer than a FLAC's block can be")
            head = head[:1] + len(body).to_bytes(3)
        out += [head, body]
        at += 4 + length
    return b"".join([*out, raw[at:]])


def comments(data: bytes, change: Callable[[str], str]) -> bytes:
    """A comment block with other texts; what stands behind the comments stays.

    Raises:
        ValueError: It is damaged.
    """
    at = 4 + _length(data, 0)
    count, at = _length(data, at), at + 4
    out = [data[:at]]
    for _ in range(count):
        end = at + 4 + _length(data, at)
        if end > len(data):
            raise Truncated("the comments end in the middle")
        comment = _changed(data[at + 4 : end], change)
        out.append(struct.pack("<I", len(comment)) + comment)
        at = end
    return b"".join([*out, data[at:]])


def _changed(comment: bytes, change: Callable[[str], str]) -> bytes:
    name, equals, told = comment.partition(b"=")
    if not key_of(name[:80].decode("ascii", "replace")):
        return comment
    return name + equals + retold(told, change)


def retold(told: bytes, change: Callable[[str], str]) -> bytes:
    """A text with other names; what is no UTF-8 stays."""
    try:
        return change(told.decode("utf-8")).encode("utf-8")
    except UnicodeDecodeError:
        return told


def _length(data: bytes, at: int) -> int:
    if at + 4 > len(data):
        raise Truncated("the comments end in the middle")
    return int(struct.unpack_from("<I", data, at)[0])
