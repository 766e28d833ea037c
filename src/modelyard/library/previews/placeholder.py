"""The picture of a model that has none: colours from its name, a pattern from its kind, initials and the kind's word.

The same name and kind give the same picture on every machine. Runs in the limited child.
"""

from __future__ import annotations

import colorsys
import functools
import hashlib
import re

import msgspec
from PIL import Image, ImageDraw, ImageFont

from modelyard.library.previews import patterns

_OVER = 2  # drawn larger and shrunk: smooth edges
_WIDE, _HIGH = 512, 768
_WORDS = {
    "lora": ("LoRA", patterns.arcs),
    "locon": ("LoCon", patterns.arcs),
    "lycoris": ("LyCORIS", patterns.arcs),
    "dora": ("DoRA", patterns.arcs),
    "checkpoint": ("Checkpoint", patterns.tiles),
    "diffusionmodel": ("Diffusion model", patterns.tiles),
    "unet": ("UNet", patterns.tiles),
    "vae": ("VAE", patterns.waves),
    "controlnet": ("ControlNet", patterns.mesh),
    "textualinversion": ("Embedding", patterns.dots),
    "embedding": ("Embedding", patterns.dots),
    "upscaler": ("Upscaler", patterns.frames),
    "upscalemodel": ("Upscaler", patterns.frames),
    "textencoder": ("Text encoder", patterns.lines),
    "llm": ("LLM", patterns.lines),
    "gguf": ("LLM", patterns.lines),
    "clip": ("Text encoder", patterns.lines),
    "clipvision": ("CLIP vision", patterns.dots),
}
_ALL = (patterns.arcs, patterns.tiles, patterns.waves, patterns.mesh, patterns.dots, patterns.frames, patterns.lines)
_LOUD = (0.12, 0.42)  # yellow to green look brighter than they are
_LATIN = 0x250  # the font has letters up to here


class _Colours(msgspec.Struct, frozen=True):
    light: tuple[int, int, int]
    dark: tuple[int, int, int]
    glow: tuple[int, int, int]


def drawn(name: str, kind: str, width: int) -> Image.Image:
    """A card of 2:3.

    Args:
        kind: The hub's or our word for what it is; any text will do.
        width: Of the picture, in pixels.
    """
    seed = hashlib.blake2b(f"{name}\0{kind}".encode("utf-8", "replace"), digest_size=16).digest()
    key = re.sub(r"[^a-z]", "", kind.lower())
    word, pattern = (
        _WORDS.get(key) or _WORDS.get(key.rstrip("s")) or (kind.strip()[:20] or "Model", _ALL[seed[0] % len(_ALL)])
    )
    scale = _OVER
    size = (_WIDE * scale, _HIGH * scale)
    card = _ground(size, _colours(seed))
    layer = Image.new("L", size, 0)
    pattern(ImageDraw.Draw(layer), size, seed)
    card.paste((255, 255, 255), mask=layer)
    _shade(card)
    _write(card, _initials(name), word, scale)
    return card.resize((width, max(1, round(width * _HIGH / _WIDE))), Image.Resampling.LANCZOS)


def _colours(seed: bytes) -> _Colours:
    hue = int.from_bytes(seed[1:3], "big") / 65536
    other = (hue + (0.09 + seed[3] / 255 * 0.10) * (1 if seed[4] % 2 else -1)) % 1
    loud = _LOUD[0] < hue < _LOUD[1]
    light, saturation = (0.41, 0.44) if loud else (0.49, 0.55)
    return _Colours(_rgb(hue, light, saturation), _rgb(other, 0.19, 0.55), _rgb((hue + 0.08) % 1, 0.64, 0.70))


def _rgb(hue: float, light: float, saturation: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hls_to_rgb(hue, light, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def _ground(size: tuple[int, int], colours: _Colours) -> Image.Image:
    """A diagonal gradient with a glow in the upper right."""
    wide, high = 64, 96
    steps = bytes(int(255 * (x / wide * 0.35 + y / high * 0.65)) for y in range(high) for x in range(wide))
    slope = Image.frombytes("L", (wide, high), steps)
    ground = Image.composite(
        Image.new("RGB", size, colours.dark),
        Image.new("RGB", size, colours.light),
        slope.resize(size, Image.Resampling.BICUBIC),
    )
    reach = round(size[0] * 1.3)
    glow = (
        Image.radial_gradient("L")
        .resize((reach, reach), Image.Resampling.BICUBIC)
        .point(lambda value: max(0, 150 - value) * 2 // 3)
    )
    ground.paste(
        Image.new("RGB", (reach, reach), colours.glow), (size[0] - round(reach * 0.62), -round(reach * 0.42)), glow
    )
    return ground


def _shade(card: Image.Image) -> None:
    """Darker towards the foot, so that the letters can be read on every colour."""
    width, height = card.size
    foot = height * 45 // 100
    mask = Image.linear_gradient("L").resize((width, foot)).point(lambda value: value * 110 // 255)
    card.paste((8, 10, 18), (0, height - foot), mask)


def _write(card: Image.Image, initials: str, word: str, scale: int) -> None:
    draw = ImageDraw.Draw(card)
    margin = 40 * scale
    small, large = _font(26 * scale), _font(190 * scale)
    label = word if all(ord(char) < _LATIN for char in word) else "Model"
    box = draw.textbbox((0, 0), label, font=small)
    foot = card.height - margin
    draw.text((margin, foot), label, font=small, fill=(255, 255, 255), anchor="ls", stroke_width=scale // 2)
    rule = foot - round((box[3] - box[1]) * 1.35) - 14 * scale
    draw.rounded_rectangle((margin, rule, margin + 56 * scale, rule + 4 * scale), 2 * scale, fill=(255, 255, 255))
    if initials:
        left = draw.textbbox((0, 0), initials, font=large, anchor="ls")[0]
        draw.text(
            (margin - left, rule - 34 * scale),
            initials,
            font=large,
            fill=(255, 255, 255),
            anchor="ls",
            stroke_width=2 * scale,
        )


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _initials(name: str) -> str:
    """Two letters: of the first two words, else the first two of the only one; none that the font lacks."""
    parts = re.findall(r"[A-Za-z\u00c0-\u024f]+|[0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))
    words = [str(part) for part in parts if not part.isdigit()]
    words = [word for word in words if len(word) > 1] or words
    if len(words) > 1:
        return (words[0][0] + words[1][0]).upper()
    if words:
        return words[0][:2].capitalize()
    return str(parts[0])[:2] if parts else ""
