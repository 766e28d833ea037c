"""Paintings of no thing at all, for previews in pictures of the page: hills, a sun, mist, from a seed."""

from __future__ import annotations

import colorsys
import io
import math
import random

from PIL import Image, ImageDraw, ImageFilter

WIDE, HIGH = 512, 768


def painting(seed: int) -> bytes:
    """A PNG in colours of its own."""
    dice = random.Random(seed)
    hue = dice.random()
    picture = Image.new("RGB", (WIDE, HIGH))
    draw = ImageDraw.Draw(picture)
    for row in range(HIGH):
        draw.line([(0, row), (WIDE, row)], fill=_colour(hue + 0.12 * row / HIGH, 0.45, 0.95 - 0.35 * row / HIGH))
    x, y, radius = dice.randrange(80, WIDE - 80), dice.randrange(120, 330), dice.randrange(35, 95)
    draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=_colour(hue + 0.5, 0.25, 1.0))
    picture = picture.filter(ImageFilter.GaussianBlur(3))
    for layer in range(5):
        _hills(ImageDraw.Draw(picture), dice, hue, layer)
    told = io.BytesIO()
    picture.save(told, "PNG")
    return told.getvalue()


def _hills(draw: ImageDraw.ImageDraw, dice: random.Random, hue: float, layer: int) -> None:
    """One range of hills, the nearer the darker."""
    base = HIGH * (0.42 + 0.13 * layer)
    waves = [(dice.uniform(8, 55), dice.uniform(0.004, 0.022), dice.uniform(0, 7)) for _ in range(3)]
    edge = [(x, base + sum(high * math.sin(x * wide + at) for high, wide, at in waves)) for x in range(0, WIDE + 8, 8)]
    draw.polygon([(0, HIGH), *edge, (WIDE, HIGH)], fill=_colour(hue + 0.05 * layer, 0.5, 0.75 - 0.13 * layer))


def _colour(hue: float, strength: float, light: float) -> tuple[int, int, int]:
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue % 1, strength, light))
    return red, green, blue
