"""Files that hold texts, each written by the test itself from its format's description."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Mapping

Texts = Mapping[str, str]


def chunk(kind: bytes, data: bytes) -> bytes:
    """One PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*texts: bytes, after: bytes = b"") -> bytes:
    """A picture of one pixel, chunks of text before and after its data."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(texts) + data + after + chunk(b"IEND", b"")


def png_text(texts: Texts, kind: bytes = b"tEXt") -> bytes:
    """A PNG with texts in one of the three chunks, or in ComfyUI's own one behind the data."""
    middle = {b"tEXt": b"", b"comf": b"", b"zTXt": b"\0", b"iTXt": b"\1\0en\0\0"}[kind]
    packed = kind in (b"zTXt", b"iTXt")
    chunks = [
        chunk(kind, key.encode() + b"\0" + middle + (zlib.compress(told.encode()) if packed else told.encode()))
        for key, told in texts.items()
    ]
    return png(after=b"".join(chunks)) if kind == b"comf" else png(*chunks)


def tiff(entries: Mapping[int, bytes], order: str = "<", comment: bytes = b"") -> bytes:
    """A TIFF block with ASCII entries, and a UserComment in an Exif IFD."""
    count = len(entries) + bool(comment)
    table, heap, at = b"", b"", 8 + 2 + 12 * count + 4
    for tag, raw in entries.items():
        table += struct.pack(order + "HHII", tag, 2, len(raw), at + len(heap))
        heap += raw
    if comment:
        table += struct.pack(order + "HHII", 0x8769, 4, 1, at + len(heap))
        heap += struct.pack(order + "H", 1)
        heap += struct.pack(order + "HHII", 0x9286, 7, len(comment), at + len(heap) + 16) + bytes(4) + comment
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "I", 8) + struct.pack(order + "H", count) + table + bytes(4) + heap


def exif(texts: Texts) -> bytes:
    """EXIF as ComfyUI writes it: Model holds the prompt, Make the workflow."""
    tags = {"prompt": 0x0110, "workflow": 0x010F}
    return tiff({tags[key]: f"{key}:{told}".encode() + b"\0" for key, told in texts.items()})


def webp(texts: Texts) -> bytes:
    """A WebP with such EXIF."""
    block = exif(texts)
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(10) + b"VP8L" + struct.pack("<I", 3) + bytes(4)
    body += b"EXIF" + struct.pack("<I", len(block)) + block
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg(comment: bytes, order: str = "<") -> bytes:
    """A JPEG with a UserComment."""
    return _jpeg(tiff({0x010E: b"a picture\0"}, order, comment))


def jpeg_text(texts: Texts) -> bytes:
    """A JPEG with EXIF as ComfyUI writes it; all of it in one segment, less than 64 KiB."""
    return _jpeg(exif(texts))


def _jpeg(told: bytes) -> bytes:
    block = b"Exif\0\0" + told
    return b"\xff\xd8\xff\xe0\0\x04JF\xff\xe1" + struct.pack(">H", len(block) + 2) + block + b"\xff\xda\0\x02\xff\xd9"


def ebml(kind: int, data: bytes) -> bytes:
    """One EBML element with a size of eight bytes."""
    return kind.to_bytes((kind.bit_length() + 7) // 8) + (len(data) | 1 << 56).to_bytes(8) + data


def webm(texts: Texts) -> bytes:
    """A Matroska file; its tags come last, behind a cluster, in upper case."""
    tags = b"".join(
        ebml(0x7373, ebml(0x67C8, ebml(0x45A3, key.upper().encode()) + ebml(0x4487, told.encode())))
        for key, told in texts.items()
    )
    segment = ebml(0x1F43B675, bytes(50)) + ebml(0x1254C367, tags)
    return ebml(0x1A45DFA3, ebml(0x4282, b"webm")) + ebml(0x18538067, segment)


def box(kind: bytes, data: bytes) -> bytes:
    """One MP4 box."""
    return struct.pack(">I", len(data) + 8) + kind + data


def mp4(texts: Texts, *, quicktime: bool = False) -> bytes:
    """An MP4 with mdta keys, its `moov` behind a wide `mdat`."""
    keys = b"".join(struct.pack(">I", len(key) + 8) + b"mdta" + key.encode() for key in texts)
    values = b"".join(
        box(struct.pack(">I", at), box(b"data", struct.pack(">II", 1, 0) + told.encode()))
        for at, told in enumerate(texts.values(), 1)
    )
    inner = box(b"hdlr", bytes(8) + b"mdta" + bytes(12))
    inner += box(b"keys", struct.pack(">II", 0, len(texts)) + keys) + box(b"ilst", values)
    moov = box(b"moov", box(b"mvhd", bytes(20)) + box(b"udta", box(b"meta", (b"" if quicktime else bytes(4)) + inner)))
    return box(b"ftyp", b"isom") + struct.pack(">I4sQ", 1, b"mdat", 16 + 40) + bytes(40) + moov


def comments(texts: Texts) -> bytes:
    """A Vorbis comment block."""
    each = [f"{key.upper()}={told}".encode() for key, told in texts.items()]
    body = b"".join(struct.pack("<I", len(raw)) + raw for raw in each)
    return struct.pack("<I", 4) + b"made" + struct.pack("<I", len(each)) + body


def flac(texts: Texts) -> bytes:
    """A FLAC file's head."""
    block = comments(texts)
    return b"fLaC" + b"\0" + (34).to_bytes(3) + bytes(34) + b"\x84" + len(block).to_bytes(3) + block


def ogg(texts: Texts, mark: bytes = b"OpusTags") -> bytes:
    """An Ogg file: the comments fill several pages."""
    rest, out, number = mark + comments(texts), _page([b"OpusHead" + bytes(11)], 0), 1
    lacing = [255] * (len(rest) // 255) + [len(rest) % 255]
    while lacing:
        now, lacing = lacing[:100], lacing[100:]
        out += _page_of(now, rest[: sum(now)], number)
        rest, number = rest[sum(now) :], number + 1
    return out + _page([b"sound"], number)


def _page(packets: list[bytes], number: int) -> bytes:
    return _page_of([len(packet) for packet in packets], b"".join(packets), number)


def _page_of(lacing: list[int], body: bytes, number: int) -> bytes:
    return b"OggS" + struct.pack("<BBqIIIB", 0, 0, 0, 7, number, 0, len(lacing)) + bytes(lacing) + body


def mp3(texts: Texts, version: int = 4, encoding: int = 3) -> bytes:
    """An ID3v2 tag with TXXX frames."""
    names = {0: "latin-1", 1: "utf-16", 3: "utf-8"}
    frames = b"TIT2" + _size(4, version) + b"\0\0" + b"\3abc"
    for key, told in texts.items():
        end = b"\0\0" if encoding == 1 else b"\0"
        frame = bytes([encoding]) + key.encode(names[encoding]) + end + told.encode(names[encoding])
        frames += b"TXXX" + _size(len(frame), version) + b"\0\0" + frame
    frames += bytes(40)
    return b"ID3" + bytes([version, 0, 0]) + _size(len(frames), 4) + frames + b"\xff\xfb" + bytes(10)


def _size(value: int, version: int) -> bytes:
    if version < 4:
        return value.to_bytes(4)
    return bytes(value >> shift & 0x7F for shift in (21, 14, 7, 0))


def latent(texts: Texts) -> bytes:
    """A safetensors file with metadata."""
    header = json.dumps(
        {"__metadata__": dict(texts), "latent_tensor": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    )
    return struct.pack("<Q", len(header)) + header.encode() + bytes(4)


FORMS: dict[str, tuple[str, Callable[[dict[str, str]], bytes]]] = {
    "tEXt": ("png", png_text),
    "zTXt": ("png", lambda texts: png_text(texts, b"zTXt")),
    "iTXt": ("png", lambda texts: png_text(texts, b"iTXt")),
    "comf": ("png", lambda texts: png_text(texts, b"comf")),
    "webp": ("webp", webp),
    "webm": ("matroska", webm),
    "mp4": ("mp4", mp4),
    "mov": ("mp4", lambda texts: mp4(texts, quicktime=True)),
    "flac": ("flac", flac),
    "opus": ("ogg", ogg),
    "vorbis": ("ogg", lambda texts: ogg(texts, b"\x03vorbis")),
    "id3v24": ("mp3", mp3),
    "id3v23": ("mp3", lambda texts: mp3(texts, 3, 1)),
    "latent": ("safetensors", latent),
}
"""Each kind of file: the name of its container, and what writes texts into one."""
