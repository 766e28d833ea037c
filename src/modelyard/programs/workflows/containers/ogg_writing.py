"""Changes the comments of Ogg Opus, Vorbis and Theora (RFC 3533, 6): every packet but the comments stays.

The comments are laid into pages anew; where that takes more or fewer pages, the later ones of that stream are numbered
again, which changes their checksums too.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator

import msgspec
from msgspec.structs import replace

from modelyard.programs.workflows.containers.source import Truncated
from modelyard.programs.workflows.containers.vorbis import MARKS, OGG
from modelyard.programs.workflows.containers.vorbis_writing import comments

_CONTINUED, _FIRST, _LAST = 1, 2, 4
_NO_PACKET_ENDS = b"\xff" * 8
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class _Page(msgspec.Struct, frozen=True):
    """One page.

    Attributes:
        flags: 1 it goes on with a packet, 2 the first of its stream, 4 the last.
        granule: Where it stands in time, as bytes.
        raw: As it was read; empty when it is another one now.
    """

    flags: int
    granule: bytes
    serial: bytes
    number: int
    lacing: bytes
    body: bytes
    raw: bytes = b""

    def written(self) -> bytes:
        """Its bytes."""
        if self.raw:
            return self.raw
        head = struct.pack("<4sBB8s4sI", OGG, 0, self.flags, self.granule, self.serial, self.number)
        rest = bytes([len(self.lacing)]) + self.lacing + self.body
        return head + struct.pack("<I", _checksum(head + bytes(4) + rest)) + rest


def changed(raw: bytes, change: Callable[[str], str]) -> bytes:
    """An Ogg file whose workflow texts are what `change` makes of them.

    Raises:
        ValueError: It is damaged, or has an index of places that would be wrong.
    """
    pages, end = _pages(raw)
    out: list[_Page] = []
    for serial in dict.fromkeys(page.serial for page in pages):
        pages = _in_stream(pages, serial, change)
    out = pages
    new = b"".join([*(page.written() for page in out), raw[end:]])
    if len(new) != len(raw) and any(page.body.startswith(b"fishead\0") for page in pages):
        raise ValueError("it has a skeleton with an index of places")
    return new


def _pages(raw: bytes) -> tuple[list[_Page], int]:
    """All pages, and where they end; what stands behind the last one is kept as it is."""
    pages, at = list[_Page](), 0
    while raw[at : at + 4] == OGG and at + 27 <= len(raw):
        _, _, flags, granule, serial, number, _, count = struct.unpack_from("<4sBB8s4sI4sB", raw, at)
        lacing = raw[at + 27 : at + 27 + count]
        start = at + 27 + count
        end = start + sum(lacing)
        if end > len(raw):
            break
        pages.append(_Page(flags, granule, serial, number, lacing, raw[start:end], raw[at:end]))
        at = end
    return pages, at


def _in_stream(pages: list[_Page], serial: bytes, change: Callable[[str], str]) -> list[_Page]:
    """The pages with the comments of one stream changed: its second packet, from the second page on."""
    own = [at for at, page in enumerate(pages) if page.serial == serial]
    head = _header_pages(pages, own[1:])
    packets = list(_packets([pages[at] for at in head])) if head else []
    mark = next((mark for mark in MARKS if packets and packets[0].startswith(mark)), b"")
    if not mark:
        return pages
    comment = mark + comments(packets[0][len(mark) :], change)
    if comment == packets[0]:
        return pages
    made = list(_laid([comment, *packets[1:]], pages[head[0]], pages[head[-1]]))
    shift = len(made) - len(head)
    later = {at: replace(pages[at], number=pages[at].number + shift, raw=b"") for at in own if at > head[-1]}
    kept = [later.get(at, page) if shift else page for at, page in enumerate(pages)]
    gone = set(head)
    return [*kept[: head[0]], *made, *(page for at, page in enumerate(kept) if at > head[0] and at not in gone)]


def _header_pages(pages: list[_Page], own: list[int]) -> list[int]:
    """The pages from the comments on up to the first that ends with a packet."""
    for count, at in enumerate(own, 1):
        if pages[at].flags & _FIRST:
            raise ValueError("two streams of it have one number")
        if pages[at].lacing and pages[at].lacing[-1] < 255:
            return own[:count]
    raise Truncated("the comments end in the middle")


def _packets(pages: list[_Page]) -> Iterator[bytes]:
    packet = bytearray()
    for page in pages:
        at = 0
        for length in page.lacing:
            packet += page.body[at : at + length]
            at += length
            if length < 255:
                yield bytes(packet)
                packet.clear()


def _laid(packets: list[bytes], first: _Page, last: _Page) -> Iterator[_Page]:
    """Pages of 255 segments; of one on which no packet ends the time is not known."""
    lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    body, goes_on = b"".join(packets), False
    for number, at in enumerate(range(0, len(lacing), 255)):
        now = lacing[at : at + 255]
        granule = last.granule if min(now) < 255 else _NO_PACKET_ENDS
        flags = (_CONTINUED if goes_on else 0) | (last.flags & _LAST if at + 255 >= len(lacing) else 0)
        yield _Page(flags, granule, first.serial, first.number + number, now, body[: sum(now)])
        body, goes_on = body[sum(now) :], now[-1] == 255


def _checksum(page: bytes) -> int:
    """CRC-32 with the highest bit first, begun with 0: that of zlib over mirrored bits."""
    found = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{found:032b}"[::-1], 2)
