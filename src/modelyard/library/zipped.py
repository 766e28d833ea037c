"""Reading a zip from front to back, without seeking: each member's data as it passes (APPNOTE 4.3).

Sizes and CRC-32 of each member are checked against what follows it. The central directory at the end is
not needed: a member that hides there only was never unpacked.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Protocol

from modelyard.errors import NotSupported, UnsafeArchive

_CHUNK = 2**20
_LOCAL, _CENTRAL, _END, _ZIP64_END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06"
_DESCRIPTOR = b"PK\x07\x08"
_LOCAL_FIELDS = struct.Struct("<HHHHHIIIHH")
_WIDE = 0xFFFFFFFF


class Stream(Protocol):
    """Bytes in order."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes, none at the end."""
        ...


def members(stream: Stream) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Name and data of each member; the data must be read before the next member is asked for.

    Raises:
        UnsafeArchive: Damage, encryption, a wrong checksum.
        NotSupported: A method that cannot be read as it arrives.
    """
    source = _Pushback(stream)
    while (mark := source.exactly(4)) == _LOCAL:
        _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL_FIELDS.unpack(source.exactly(26))
        raw_name, extra = source.exactly(name_length), source.exactly(extra_length)
        name = raw_name.decode("utf-8" if flags & 0x800 else "cp437", "replace")
        if flags & 0x1:
            raise UnsafeArchive(f"{name[:80]!r} is encrypted.")
        if _WIDE in (packed, size):
            size, packed = _zip64(extra, size, packed)
        late = bool(flags & 0x8)
        member = _ZipMember(source, method, None if late else packed)
        yield name, member.chunks()
        if late:
            crc, packed, size = _descriptor(source, wide=max(member.packed, member.size) > _WIDE)
        if (member.crc, member.size, member.packed) != (crc, size, packed):
            raise UnsafeArchive(f"{name[:80]!r} is damaged.")
    if mark not in (_CENTRAL, _END, _ZIP64_END):
        raise UnsafeArchive("The archive is damaged or not a zip.")


class _Pushback:
    """A stream that takes bytes back."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._rest = b""

    def some(self, most: int = _CHUNK) -> bytes:
        """Some bytes, none at the end."""
        if self._rest:
            data, self._rest = self._rest[:most], self._rest[most:]
            return data
        return self._stream.read(most)

    def exactly(self, size: int) -> bytes:
        """Exactly `size` bytes.

        Raises:
            UnsafeArchive: The stream ends before.
        """
        data = b""
        while len(data) < size:
            more = self.some(size - len(data))
            if not more:
                raise UnsafeArchive("The archive ends in the middle.")
            data += more
        return data

    def back(self, data: bytes) -> None:
        """Give bytes back."""
        self._rest = data + self._rest


class _ZipMember:
    """The data of one member, checked while it is read."""

    def __init__(self, source: _Pushback, method: int, packed: int | None) -> None:
        if method not in (0, 8) or (method == 0 and packed is None):
            raise NotSupported(
                f"The zip uses method {method}, which cannot be read as it arrives.", hint="Leave --unpack out."
            )
        self._source = source
        self._method = method
        self._left = packed
        self.crc = self.size = self.packed = 0

    def chunks(self) -> Iterator[bytes]:
        """The member's bytes."""
        for data in self._stored() if self._method == 0 else self._deflated():
            self.crc = zlib.crc32(data, self.crc)
            self.size += len(data)
            yield data

    def _stored(self) -> Iterator[bytes]:
        while self._left:
            data = self._source.exactly(min(self._left, _CHUNK))
            self._left -= len(data)
            self.packed += len(data)
            yield data

    def _deflated(self) -> Iterator[bytes]:
        decoder, rest = zlib.decompressobj(wbits=-15), b""
        while not decoder.eof:
            if not rest:
                rest = self._source.some()
                self.packed += len(rest)
                if not rest:
                    raise UnsafeArchive("The archive ends in the middle.")
            try:
                yield decoder.decompress(rest, _CHUNK)
            except zlib.error as error:
                raise UnsafeArchive("The archive is damaged.") from error
            rest = decoder.unconsumed_tail
        self.packed -= len(decoder.unused_data)
        self._source.back(decoder.unused_data)


def _zip64(extra: bytes, size: int, packed: int) -> tuple[int, int]:
    """Sizes from the ZIP64 extra field (APPNOTE 4.5.3)."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1 and length >= 16 and at + 20 <= len(extra):
            wide_size, wide_packed = struct.unpack_from("<QQ", extra, at + 4)
            return (wide_size if size == _WIDE else size), (wide_packed if packed == _WIDE else packed)
        at += 4 + length
    raise UnsafeArchive("The archive is damaged.")


def _descriptor(source: _Pushback, *, wide: bool) -> tuple[int, int, int]:
    """CRC, packed size and size that follow a member (APPNOTE 4.3.9)."""
    first = source.exactly(4)
    if first == _DESCRIPTOR:
        first = source.exactly(4)
    (crc,) = struct.unpack("<I", first)
    packed, size = struct.unpack("<QQ" if wide else "<II", source.exactly(16 if wide else 8))
    return crc, packed, size
