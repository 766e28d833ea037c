"""Changes texts in the EXIF block of a WebP or JPEG: a longer one is put at the block's end, nothing else moves."""

from __future__ import annotations

import struct
from collections.abc import Callable

from modelyard.programs.workflows.containers.exif import texts_at
from modelyard.programs.workflows.containers.source import LONGEST, key_of

_MOST_JPEG = 65_533
"""Bytes of one segment: its length has sixteen bits and counts itself."""


def in_webp(raw: bytes, change: Callable[[str], str]) -> bytes:
    """A WebP whose workflow texts are what `change` makes of them.

    Raises:
        ValueError: Its lengths do not fit.
    """
    out, at = [raw[:12]], 12
    while at + 8 <= len(raw):
        kind, length = struct.unpack_from("<4sI", raw, at)
        end = at + 8 + length + length % 2
        chunk = raw[at:end]
        if kind == b"EXIF" and length <= LONGEST and end <= len(raw) + length % 2:
            block = raw[at + 8 : at + 8 + length]
            if (new := _block(block, change)) != block:
                chunk = struct.pack("<4sI", kind, len(new)) + new + b"\0" * (len(new) % 2)
        out.append(chunk)
        at = end
    body = b"".join([*out, raw[at:]])
    if body == raw:
        return raw
    return body[:4] + struct.pack("<I", struct.unpack_from("<I", raw, 4)[0] + len(body) - len(raw)) + body[8:]


def in_jpeg(raw: bytes, change: Callable[[str], str]) -> bytes:
    """A JPEG whose workflow texts are what `change` makes of them.

    Raises:
        ValueError: The new text is longer than a segment can be.
    """
    out, at = [raw[:2]], 2
    while at + 4 <= len(raw) and raw[at] == 0xFF and raw[at + 1] not in (0xD9, 0xDA):
        end = at + 2 + struct.unpack_from(">H", raw, at + 2)[0]
        segment = raw[at:end]
        if segment[1] == 0xE1 and segment[4:10] == b"Exif\0\0":
            block = segment[10:]
            if (new := _block(block, change)) != block:
                if len(new) + 8 > _MOST_JPEG + 2:
                    raise ValueError("the new text is longer than a JPEG's segment can be")
                segment = b"\xff\xe1" + struct.pack(">H", len(new) + 8) + b"Exif\0\0" + new
        out.append(segment)
        at = max(end, at + 2)
    return b"".join([*out, raw[at:]])


def _block(raw: bytes, change: Callable[[str], str]) -> bytes:
    """A TIFF block with its texts changed; the entry of a changed text points to the block's new end."""
    head = raw[:6] if raw.startswith(b"Exif\0\0") else b""
    block = raw[len(head) :]
    order = "<" if block[:2] == b"II" else ">"
    for entry, start, count in list(texts_at(block)):
        told = block[start : start + count]
        if (new := _told(told, change)) == told:
            continue
        if len(new) > 4:
            block += b"\0" * (len(block) % 2)
            place = struct.pack(order + "I", len(block))
            block += new
        else:
            place = new.ljust(4, b"\0")
        block = block[: entry + 4] + struct.pack(order + "I", len(new)) + place + block[entry + 12 :]
    return head + block


def _told(raw: bytes, change: Callable[[str], str]) -> bytes:
    """`workflow:{…}` as ComfyUI writes it, or bare JSON; with the zeros that ended it."""
    plain = raw.rstrip(b"\0")
    name, colon, rest = plain.partition(b":")
    if plain.startswith(b"{"):
        new = change(plain.decode("utf-8")).encode("utf-8")
    elif len(name) < 40 and key_of(name.decode("latin-1")):
        new = name + colon + change(rest.decode("utf-8")).encode("utf-8")
    else:
        return raw
    return raw if new == plain else new + raw[len(plain) :]
