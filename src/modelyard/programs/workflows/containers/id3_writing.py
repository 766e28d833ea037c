"""Changes TXXX frames of an MP3's ID3v2 tag: into its padding where that is enough, else the tag grows.

What stands in the sound itself counts from its own begin, so the sound may stand later in the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from modelyard.programs.workflows.containers.id3 import ENCODINGS, syncsafe
from modelyard.programs.workflows.containers.source import Truncated, key_of

_UNSYNCHRONISED, _EXTENDED, _FOOTER = 0x80, 0x40, 0x10
_MOST = 2**28 - 1


def changed(raw: bytes, change: Callable[[str], str]) -> bytes:
    """An MP3 whose workflow texts are what `change` makes of them.

    Raises:
        ValueError: The tag is damaged, or of a kind that few programs write.
    """
    if len(raw) < 10:
        raise Truncated("the tag ends in the middle")
    version, flags, size = raw[3], raw[5], syncsafe(raw[6:10])
    body = raw[10 : 10 + size]
    if len(body) < size or version not in (3, 4):
        raise Truncated("the tag ends in the middle, or is of another version")
    if flags & (_EXTENDED | _FOOTER):
        raise ValueError("its tag has a second header")
    unsynchronised = bool(flags & _UNSYNCHRONISED) and version < 4
    plain = body.replace(b"\xff\x00", b"\xff") if unsynchronised else body
    frames, padding = _frames(plain, version, change)
    if frames + padding == plain:
        return raw
    new = frames.ljust(len(plain), b"\0") if len(frames) <= len(plain) else frames
    if unsynchronised:
        new = re.sub(rb"\xff(?=[\x00\xe0-\xff])", b"\xff\x00", new)
    if len(new) > _MOST:
        raise ValueError("the new text is longer than a tag can be")
    return raw[:6] + _safe(len(new)) + new + raw[10 + size :]


def _frames(body: bytes, version: int, change: Callable[[str], str]) -> tuple[bytes, bytes]:
    """All frames, and what pads them."""
    out, at = list[bytes](), 0
    while at + 10 <= len(body) and body[at]:
        raw = body[at + 4 : at + 8]
        end = at + 10 + (syncsafe(raw) if version >= 4 else int.from_bytes(raw))
        if end > len(body):
            raise Truncated("a frame ends in the middle")
        frame = body[at + 10 : end]
        if body[at : at + 4] == b"TXXX" and body[at + 8 : at + 10] == b"\0\0":
            frame = _user_text(frame, change)
        size = _safe(len(frame)) if version >= 4 else len(frame).to_bytes(4)
        out.append(body[at : at + 4] + size + body[at + 8 : at + 10] + frame)
        at = end
    return b"".join(out), body[at:]


def _user_text(frame: bytes, change: Callable[[str], str]) -> bytes:
    """A frame with its value changed; its encoding, its name and the zeros at its end stay."""
    encoding = ENCODINGS.get(frame[0] if frame else 0, "latin-1")
    wide = encoding.startswith("utf-16")
    zero = b"\0\0" if wide else b"\0"
    at = next((at for at in range(1, len(frame), len(zero)) if frame[at : at + len(zero)] == zero), len(frame))
    head, value = frame[: at + len(zero)], frame[at + len(zero) :]
    if not key_of(frame[1:at].decode(encoding, "replace").lstrip("\ufeff")):
        return frame
    if value[:2] in (b"\xff\xfe", b"\xfe\xff") and wide:
        head, value, encoding = head + value[:2], value[2:], "utf-16-le" if value[0] == 0xFF else "utf-16-be"
    elif encoding == "utf-16":
        encoding = "utf-16-le"
    try:
        told = value.decode(encoding)
        plain = told.rstrip("\0")
        return head + (change(plain) + told[len(plain) :]).encode(encoding)
    except UnicodeDecodeError:
        return frame
    except UnicodeEncodeError as error:
        raise ValueError("the new name has letters that this file's texts cannot hold") from error


def _safe(value: int) -> bytes:
    if value > _MOST:
        raise ValueError("the new text is longer than a frame can be")
    return bytes(value >> shift & 0x7F for shift in (21, 14, 7, 0))
