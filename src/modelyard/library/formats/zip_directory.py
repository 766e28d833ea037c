"""The directory of a zip, compared with what stands before each member (APPNOTE 4.3): they must agree."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import msgspec

from modelyard.library.formats.header import Code, Problem
from modelyard.store.positioned import pread

_MOST_MEMBERS, _LARGEST = 50_000, 8 << 20
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_END = struct.Struct("<4sHHHHIIH")
_WIDE_END = struct.Struct("<4sQHHIIQQQQ")
_WIDE, _WIDE_SHORT = 0xFFFFFFFF, 0xFFFF


class Member(msgspec.Struct, frozen=True):
    """One file inside, as the directory names it; `data` is where its bytes begin."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    data: int


class BadZip(Exception):
    """The archive cannot be followed."""


def members(fd: int, size: int) -> tuple[list[Member], list[Problem]]:
    """All members, and what is wrong with the archive.

    Raises:
        BadZip: It has no directory, or one that lies.
    """
    place, count, offset, length = _end(fd, size)
    if count > _MOST_MEMBERS or length > _LARGEST or offset + length > place:
        raise BadZip("Its directory is too large or lies outside of it.")
    problems = []
    shift = place - length - offset
    if shift > 0:
        problems.append(
            Problem(Code.JUNK_PREFIX, f"{shift} bytes that do not belong to it come before its directory or start.")
        )
    raw = pread(fd, length, place - length)
    found = list(_entries(fd, raw, shift, problems))
    if len(found) != count:
        problems.append(Problem(Code.BAD_ARCHIVE, f"Its directory names {len(found)} files and counts {count}."))
    names = {member.name for member in found}
    if len(names) != len(found):
        problems.append(Problem(Code.DUPLICATE_KEY, "Two of its files have the same name."))
    if any(name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name for name in names):
        problems.append(Problem(Code.BAD_NAME, "A file in it has a name that leads outside."))
    return found, problems


def content(fd: int, member: Member, most: int) -> bytes:
    """The bytes of one member.

    Raises:
        BadZip: It is larger than `most`, encrypted, damaged, or packed in a way that we do not read.
    """
    if member.flags & 1:
        raise BadZip("It is encrypted.")
    if max(member.size, member.packed) > most or member.method not in (0, 8):
        raise BadZip(f"{member.name[-80:]!r} is too large to be a checkpoint's index, or packed strangely.")
    data = pread(fd, member.packed, member.data)
    if member.method == 8:
        try:
            data = zlib.decompressobj(-15).decompress(data, most + 1)
        except zlib.error as error:
            raise BadZip(f"{member.name[-80:]!r} is damaged.") from error
    if len(data) != member.size:
        raise BadZip(f"{member.name[-80:]!r} is damaged.")
    return data


def _end(fd: int, size: int) -> tuple[int, int, int, int]:
    """Where the directory ends, how many members it has, its offset and its length."""
    tail_at = max(0, size - 65_557)
    tail = pread(fd, size - tail_at, tail_at)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or place + _END.size > len(tail):
        raise BadZip("It has no directory at its end; it is cut off or damaged.")
    _, _, _, _, count, length, offset, _ = _END.unpack_from(tail, place)
    wide = place - 20 - _WIDE_END.size
    if tail[place - 20 : place - 16] != b"PK\x06\x07" or wide < 0 or tail[wide : wide + 4] != b"PK\x06\x06":
        if _WIDE in (length, offset) or count == _WIDE_SHORT:
            raise BadZip("Its directory is damaged.")
        return tail_at + place, count, offset, length
    *_, count, length, offset = _WIDE_END.unpack_from(tail, wide)
    return tail_at + wide, count, offset, length


def _entries(fd: int, raw: bytes, shift: int, problems: list[Problem]) -> Iterator[Member]:
    at, told = 0, False
    while at + _CENTRAL.size <= len(raw):
        mark, _, _, flags, method, _, _, crc, packed, size, names, extras, comment, _, _, _, offset = (
            _CENTRAL.unpack_from(raw, at)
        )
        if mark != b"PK\x01\x02":
            break
        name = raw[at + 46 : at + 46 + names]
        extra = raw[at + 46 + names : at + 46 + names + extras]
        size, packed, offset = _wide(extra, size, packed, offset)
        at += 46 + names + extras + comment
        local = pread(fd, _LOCAL.size + names, offset + shift)
        if len(local) < _LOCAL.size + names or local[:4] != b"PK\x03\x04":
            raise BadZip("Its directory points to a place where no file is.")
        fields = _LOCAL.unpack_from(local)
        if not told and (
            local[_LOCAL.size :] != name or fields[9] != names or (fields[2] ^ flags) & 1 or fields[3] != method
        ):
            problems.append(
                Problem(
                    Code.NAME_MISMATCH,
                    "Its directory and its files disagree about a name; readers see different things.",
                )
            )
            told = True
        data = offset + shift + _LOCAL.size + fields[9] + fields[10]
        yield Member(name.decode("utf-8", "replace"), flags | (fields[2] & 1), method, crc, packed, size, data)


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Sizes and offset from the ZIP64 extra field (APPNOTE 4.5.3)."""
    values, at = [size, packed, offset], 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            place = at + 4
            for index, value in enumerate(values):
                if value == _WIDE and place + 8 <= min(len(extra), at + 4 + length):
                    values[index] = struct.unpack_from("<Q", extra, place)[0]
                    place += 8
        at += 4 + length
    return values[0], values[1], values[2]
