"""Pictures that tests need, honest and hostile; made here, copied from nowhere."""

from __future__ import annotations

import io
import random
import struct
import zlib
from typing import Any

from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def picture(width: int = 96, height: int = 144, form: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    """A picture with some noise in it."""
    noise = random.Random(7).randbytes(16 * 16)
    image = Image.frombytes("L", (16, 16), noise).resize((width, height)).convert(mode)
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def chunk(name: bytes, content: bytes, *, crc: int | None = None) -> bytes:
    told = zlib.crc32(name + content) if crc is None else crc
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", told)


def one_bit_png(side: int) -> bytes:
    """A huge picture in few bytes."""
    row = b"\0" * (1 + (side + 7) // 8)
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def with_chunks(data: bytes, *chunks: bytes) -> bytes:
    """A PNG with more chunks after its head."""
    at = len(SIGNATURE) + 25
    return data[:at] + b"".join(chunks) + data[at:]


def film(form: str, frames: int) -> bytes:
    images = [Image.new("RGB", (32, 32), (index % 256, 0, 0)) for index in range(frames)]
    out = io.BytesIO()
    images[0].save(out, form, save_all=True, append_images=images[1:])
    return out.getvalue()
