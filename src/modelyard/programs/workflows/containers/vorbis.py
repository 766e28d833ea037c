"""Vorbis comments: in FLAC's block 4 (RFC 9639, 8.6), and in the second packet of Ogg Opus, Vorbis and Theora."""

from __future__ import annotations

import struct
from typing import BinaryIO

from modelyard.programs.workflows.containers.source import LONGEST, Texts, Truncated, exactly, key_of, skip

FLAC, OGG = b"fLaC", b"OggS"
MARKS = (b"OpusTags", b"\x03vorbis", b"\x81theora")
_MOST_COMMENTS = 100_000
_MOST_PAGES = 20_000


def in_flac(stream: BinaryIO) -> Texts:
    """Comments of a FLAC file."""
    exactly(stream, 4)
    last = False
    while not last:
        head = exactly(stream, 4)
        last, length = bool(head[0] & 0x80), int.from_bytes(head[1:])
        if head[0] & 0x7F == 4:
            yield from comments(exactly(stream, length))
        else:
            skip(stream, length)


def in_ogg(stream: BinaryIO) -> Texts:
    """Comments of the streams of an Ogg file (RFC 3533, 6); each stream's second packet holds them."""
    packets: dict[int, tuple[int, bytearray]] = {}
    for _ in range(_MOST_PAGES):
        head = exactly(stream, 27)
        if not head.startswith(OGG):
            return
        serial, lacing = int.from_bytes(head[14:18], "little"), exactly(stream, head[26])
        body, at = exactly(stream, sum(lacing)), 0
        number, packet = packets.setdefault(serial, (0, bytearray()))
        for length in lacing:
            if number < 2:
                packet += body[at : at + length]
            at += length
            if length < 255:
                if number == 1:
                    yield from _tags(bytes(packet))
                number, packet = number + 1, bytearray()
        packets[serial] = (number, packet)
        if sum(len(each) for _, each in packets.values()) > LONGEST or all(done > 1 for done, _ in packets.values()):
            return


def _tags(packet: bytes) -> Texts:
    for mark in MARKS:
        if packet.startswith(mark):
            yield from comments(packet[len(mark) :])


def comments(data: bytes) -> Texts:
    """The `KEY=value` texts of a comment block (Vorbis I, 5)."""
    at = 4 + _length(data, 0)
    count, at = _length(data, at), at + 4
    for _ in range(min(count, _MOST_COMMENTS)):
        size = _length(data, at)
        name, equals, rest = data[at + 4 : at + 4 + size].partition(b"=")
        at += 4 + size
        if equals and (key := key_of(name[:80].decode("ascii", "replace"))):
            yield key, rest.decode("utf-8", "replace")


def _length(data: bytes, at: int) -> int:
    if at + 4 > len(data):
        raise Truncated("The comments end in the middle.")
    return int(struct.unpack_from("<I", data, at)[0])
