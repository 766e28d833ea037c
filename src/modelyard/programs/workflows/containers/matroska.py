"""WebM and Matroska: SimpleTag elements (RFC 9559, 5.1.8), wherever the Tags stand."""

from __future__ import annotations

from typing import BinaryIO

from modelyard.programs.workflows.containers.source import LONGEST, MOST_PARTS, Texts, exactly, key_of, skip

MAGIC = b"\x1a\x45\xdf\xa3"
_SEGMENT, _TAGS, _TAG, _SIMPLE, _NAME, _STRING = 0x18538067, 0x1254C367, 0x7373, 0x67C8, 0x45A3, 0x4487
_CLUSTER = 0x1F43B675


def texts(stream: BinaryIO) -> Texts:
    """Tags of known names. Masters on the way are entered, everything else is stepped over."""
    name = ""
    for _ in range(MOST_PARTS):
        kind, size = _number(stream, keep_mark=True), _number(stream)
        if kind in (_SEGMENT, _TAGS, _TAG, _SIMPLE) or (kind == _CLUSTER and size < 0):
            continue
        if kind == _NAME and size <= 200:
            name = exactly(stream, size).decode("utf-8", "replace")
        elif kind == _STRING and size <= LONGEST and (key := key_of(name)):
            yield key, exactly(stream, size).decode("utf-8", "replace")
        else:
            skip(stream, size)


def _number(stream: BinaryIO, *, keep_mark: bool = False) -> int:
    """An EBML variable-size integer (RFC 8794, 4); -1 for the size that is not known."""
    first = exactly(stream, 1)[0]
    length = 9 - first.bit_length()
    rest = exactly(stream, length - 1)
    value = first if keep_mark else first & ((1 << (8 - length)) - 1 if length <= 8 else 0)
    whole = int.from_bytes(bytes([value]) + rest)
    return -1 if not keep_mark and whole == (1 << (7 * length)) - 1 else whole
