"""Archives inside of archives: a reader that looks one level deep finds nothing in them, a program may unpack them."""

from __future__ import annotations

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
)
_BZIP2 = b"1AY&SY"


def archives_in(fd: int, found: Sequence[Member]) -> Iterator[Problem]:
    """A problem for the first member that is an archive itself; raw numbers never begin like one by chance."""
    for member in found:
        kind = archive_of(_start(fd, member))
        if kind:
            yield Problem(Code.HOLDS_ARCHIVE, f"{member.name[-80:]!r} in it is a {kind} archive; nobody looked inside.")
            return


def archive_of(start: bytes) -> str:
    """The kind of an archive by its first bytes, empty for everything else."""
    for magic, kind in _MAGICS:
        if start.startswith(magic):
            return kind
    if start[_USTAR : _USTAR + 5] == b"ustar":
        return "tar"
    if start.startswith(b"BZh") and start[4:10] == _BZIP2:
        return "bzip2"
    return "gzip" if start.startswith(b"\x1f\x8b\x08") and _inflates(start) else ""


def _inflates(start: bytes) -> bool:
    """Whether what follows the first three bytes of a gzip is one: three bytes alone stand in some tensors."""
    try:
        return start[3] < 0x20 and bool(zlib.decompressobj(31).decompress(start, _LOOKED_AT))
    except zlib.error:
        return False


def _start(fd: int, member: Member) -> bytes:
    data = pread(fd, min(member.packed, _LOOKED_AT), member.data)
    if member.method == 0:
        return data
    try:
        return zlib.decompressobj(-15).decompress(data, _LOOKED_AT)
    except zlib.error:
        return b""  # it is told as damaged where it is read
