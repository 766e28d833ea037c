"""MP3: the TXXX frames of an ID3v2.3 or 2.4 tag (id3.org, 4.2.2)."""

from __future__ import annotations

from typing import BinaryIO

from modelyard.programs.workflows.containers.source import Texts, exactly, key_of

MAGIC = b"ID3"
ENCODINGS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}


def texts(stream: BinaryIO) -> Texts:
    """User texts of known names."""
    head = exactly(stream, 10)
    version, flags = head[3], head[5]
    body = exactly(stream, syncsafe(head[6:]))
    if flags & 0x80 and version < 4:
        body = body.replace(b"\xff\x00", b"\xff")
    at = 0
    if flags & 0x40:
        at = syncsafe(body[:4]) if version >= 4 else 4 + int.from_bytes(body[:4])
    while at + 10 <= len(body) and body[at]:
        raw = body[at + 4 : at + 8]
        size = syncsafe(raw) if version >= 4 else int.from_bytes(raw)
        if body[at : at + 4] == b"TXXX":
            yield from _user_text(body[at + 10 : at + 10 + size])
        at += 10 + size


def _user_text(frame: bytes) -> Texts:
    if not frame:
        return
    encoding = ENCODINGS.get(frame[0], "latin-1")
    name, _, value = frame[1:].decode(encoding, "replace").partition("\0")
    if key := key_of(name):
        yield key, value.lstrip("\ufeff").rstrip("\0")


def syncsafe(raw: bytes) -> int:
    """A number of four bytes, seven bits each."""
    value = 0
    for byte in raw:
        value = value << 7 | byte & 0x7F
    return value
