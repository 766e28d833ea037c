"""Opening, turning and writing pictures with Pillow. Runs in the limited child only."""

from __future__ import annotations

import io
import struct
from typing import Any

from PIL import Image, ImageOps

from modelyard.library.previews import png_chunks
from modelyard.library.previews.containers import form_of

LARGEST = 20 << 20
MOST_PIXELS = 25_000_000
_FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP", "gif": "GIF", "avif": "AVIF", "bmp": "BMP"}
_LONGEST_SIDE = 2048
_BROKEN_EXIF = (OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, struct.error)

Image.MAX_IMAGE_PIXELS = MOST_PIXELS


class Refused(Exception):
    """A picture that is not decoded; the message says why."""


def recoded(data: bytes, form: str) -> bytes:
    """A picture written anew without metadata, its longer side at most 2048 pixels; the first frame of a film.

    Args:
        form: ``png`` or ``webp``.

    Raises:
        Refused: It is no picture, too large or broken.
    """
    picture = _opened(data, _LONGEST_SIDE)
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE), Image.Resampling.LANCZOS)
    return encoded(picture, form)


def thumbnail(data: bytes, width: int, form: str) -> bytes:
    """A picture of at most a given width and four times that height, never larger than it is.

    Raises:
        Refused: It is no picture, too large or broken.
    """
    picture = _opened(data, width)
    return encoded(shrunk(picture, width), form)


def shrunk(picture: Image.Image, width: int) -> Image.Image:
    """A picture fitted into a width and four times that height: a stripe of 30,000 lines is no thumbnail."""
    scale = min(1.0, width / picture.width, 4 * width / picture.height)
    if scale == 1.0:
        return picture
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def encoded(picture: Image.Image, form: str) -> bytes:
    """The bytes of a picture; nothing of what it once carried."""
    out = io.BytesIO()
    picture.info.clear()
    options: dict[str, Any] = {"quality": 82, "method": 3} if form == "webp" else {}
    if form == "png":
        options = {"compress_level": 6}
    if form == "jpeg":
        picture, options = picture.convert("RGB"), {"quality": 85}
    picture.save(out, _FORMATS[form], **options)
    return out.getvalue()


def _opened(data: bytes, width: int) -> Image.Image:
    if len(data) > LARGEST:
        raise Refused(f"it has {len(data):,} bytes; pictures up to 20 MB are decoded")
    form = form_of(data)
    if form == "jxl":
        raise Refused("it is JPEG XL, which nothing here decodes")
    if form not in _FORMATS:
        raise Refused("it is no PNG, JPEG, WebP, GIF, AVIF or BMP")
    try:
        return _loaded(png_chunks.bare(data) if form == "png" else data, _FORMATS[form], width)
    except Image.DecompressionBombError as error:
        raise Refused("it has more than 25 megapixels") from error
    except MemoryError:
        raise
    except Exception as error:  # Pillow raises whatever its parsers meet: OSError, SyntaxError, struct.error ...
        raise Refused(f"it is broken ({type(error).__name__})") from error


def _loaded(data: bytes, form: str, width: int) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=(form,)) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise Image.DecompressionBombError
        picture.draft("RGB", (width * 2, width * 2))  # a JPEG is decoded smaller, if that is enough
        picture.load()
        return _plain(_turned(picture))


def _turned(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except _BROKEN_EXIF:  # the picture is shown as it lies
        return picture.copy()


def _plain(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith(("I", "F")):  # 16 bits of grey
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    see_through = picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info
    return picture.convert("RGBA" if see_through else "RGB")
