"""Archives inside of archives: a reader that looks one level deep finds nothing in them, a program may unpack them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence

from modelyard.library.formats.header import Code, Problem
from modelyard.library.formats.zip_directory import Member
from modelyard.store.positioned import pread

_LOOKED_AT = 512
_USTAR = 257
_MAGICS = (
    (b"PK\x03\x04", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
)
_BZIP2 = b"1AY&SY"
_STORED, _DEFLATED = 0, 8
"""How members of a checkpoint are packed (APPNOTE 4.4.5); no program that writes checkpoints packs them otherwise."""
_TAR_SUM = slice(148, 156)
_TAIL = 65_557
"""Bytes at the end of a zip in which its end record begins: the record and the longest comment."""
_END = struct.Struct("<4sHHHHIIH")
_WIDE = 0xFFFFFFFF


def archives_in(fd: int, found: Sequence[Member]) -> Iterator[Problem]:
    """A problem for the first member that is an archive itself; raw numbers never begin like one by chance."""
    for member in found:
        if member.method not in (_STORED, _DEFLATED):
            words = f"{member.name[-80:]!r} in it is packed by method {member.method}, as in no checkpoint"
            yield Problem(Code.HOLDS_ARCHIVE, f"{words}; nobody looked inside.")
            return
        kind = archive_of(_start(fd, member)) or _kind_of_end(fd, member)
        if kind:
            yield Problem(Code.HOLDS_ARCHIVE, f"{member.name[-80:]!r} in it is a {kind} archive; nobody looked inside.")
            return


def archive_of(start: bytes) -> str:
    """The kind of an archive by its first bytes, empty for everything else."""
    for magic, kind in _MAGICS:
        if start.startswith(magic):
            return kind
    if start[_USTAR : _USTAR + 5] == b"ustar" or _sums_up(start):
        return "tar"
    if start.startswith(b"BZh") and start[4:10] == _BZIP2:
        return "bzip2"
    return "gzip" if start.startswith(b"\x1f\x8b\x08") and _inflates(start) else ""


def _inflates(start: bytes) -> bool:
    """Whether what follows the first three bytes of a gzip is one: three bytes alone stand in some tensors."""
    try:
        return start[3:4] < b"\x20" and bool(zlib.decompressobj(31).decompress(start, _LOOKED_AT))
    except zlib.error:
        return False


def _sums_up(start: bytes) -> bool:
    """Whether these are the 512 bytes before a file of a tar: older ones than ustar are known by their sum alone."""
    if len(start) < _LOOKED_AT:
        return False
    try:
        told = int(start[_TAR_SUM].strip(b" \0"), 8)
    except ValueError:
        return False
    return told == sum(start) - sum(start[_TAR_SUM]) + 8 * ord(" ")


def _kind_of_end(fd: int, member: Member) -> str:
    """Whether a stored member ends as a zip: readers look there, so that anything may stand before it."""
    if member.method != _STORED:
        return ""
    at = max(0, member.packed - _TAIL)
    tail = pread(fd, member.packed - at, member.data + at)
    place = tail.rfind(b"PK\x05\x06")
    while place >= 0:
        if _is_end(fd, member, tail, at, place):
            return "zip"
        place = tail.rfind(b"PK\x05\x06", 0, place)
    return ""


def _is_end(fd: int, member: Member, tail: bytes, at: int, place: int) -> bool:
    """Whether a directory lies before these four bytes: alone they stand in some tensors."""
    if place + _END.size > len(tail):
        return False
    *_, length, offset, _ = _END.unpack_from(tail, place)
    if _WIDE in (length, offset):
        return tail[max(0, place - 20) : place].startswith(b"PK\x06\x07")
    begins = at + place - length
    return 0 <= begins < at + place and pread(fd, 4, member.data + begins) == b"PK\x01\x02"


def _start(fd: int, member: Member) -> bytes:
    data = pread(fd, min(member.packed, _LOOKED_AT), member.data)
    if member.method == _STORED:
        return data
    try:
        return zlib.decompressobj(-15).decompress(data, _LOOKED_AT)
    except zlib.error:
        return b""  # it is told as damaged where it is read
