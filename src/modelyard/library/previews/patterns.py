"""Quiet patterns in white, one for each kind of model; the seed varies them. Runs in the limited child."""

from __future__ import annotations

import math
from itertools import pairwise

from PIL import ImageDraw

Size = tuple[int, int]


def arcs(draw: ImageDraw.ImageDraw, size: Size, seed: bytes) -> None:
    """Rings around a corner: layers put on something."""
    width, height = size
    x = width * (0.75 + seed[5] / 255 * 0.35)
    y = height * (0.05 + seed[6] / 255 * 0.25)
    step = width * (0.085 + seed[7] / 255 * 0.05)
    for index in range(1, 14):
        radius = step * index
        strength = 58 - index * 3 + seed[index] % 14
        draw.arc(
            (x - radius, y - radius, x + radius, y + radius),
            0,
            360,
            fill=max(8, strength),
            width=round(step * (0.16 + seed[index + 1] / 255 * 0.34)),
        )


def tiles(draw: ImageDraw.ImageDraw, size: Size, seed: bytes) -> None:
    """A wall of rounded tiles: a whole model."""
    columns = 5 + seed[5] % 3
    side = size[0] / columns
    for row in range(math.ceil(size[1] * 0.72 / side)):
        for column in range(columns):
            value = seed[(row * columns + column * 3) % 16] ^ (row * 37 + column * 91) & 0xFF
            fade = 1 - row * side / size[1]
            box = (
                column * side + side * 0.07,
                row * side + side * 0.07,
                (column + 1) * side - side * 0.07,
                (row + 1) * side - side * 0.07,
            )
            draw.rounded_rectangle(box, side * 0.18, fill=round((6 + value % 56) * fade))


def waves(draw: ImageDraw.ImageDraw, size: Size, seed: bytes) -> None:
    """Waves that run together: there and back again."""
    width, height = size
    turns, phase = 1.1 + seed[5] / 255 * 1.2, seed[6] / 255 * math.tau
    for index in range(16):
        middle = height * (0.06 + index * 0.045)
        reach = height * 0.055 * (0.35 + index / 16)
        points = [
            (x, middle + reach * math.sin(phase + index * 0.32 + x / width * turns * math.tau))
            for x in range(0, width + 8, 8)
        ]
        draw.line(points, fill=20 + (index * 23 + seed[7]) % 40, width=max(2, width // 130), joint="curve")


def mesh(draw: ImageDraw.ImageDraw, size: Size, seed: bytes) -> None:
    """Points joined by lines: something is held in a pose."""
    width, height = size
    points = [
        (
            width * (0.06 + ((seed[index % 16] * (index + 7)) % 251) / 251 * 0.88),
            height * (0.05 + ((seed[(index * 5 + 3) % 16] * (index + 3)) % 241) / 241 * 0.60),
        )
        for index in range(22)
    ]
    for one in points:
        near = sorted(points, key=lambda other: math.dist(one, other))[1:4]
        for other in near:
            draw.line((*one, *other), fill=34, width=max(2, width // 220))
    for index, (x, y) in enumerate(points):
        radius = width * (0.010 + seed[index % 16] / 255 * 0.014)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=80 + seed[(index + 4) % 16] % 50)


def dots(draw: ImageDraw.ImageDraw, size: Size, seed: bytes) -> None:
    """A field of dots that swell: a word given a place."""
    width, height = size
    step = width / 13
    x0, y0 = width * (0.2 + seed[5] / 255 * 0.6), height * (0.1 + seed[6] / 255 * 0.35)
    for row in range(math.ceil(height * 0.74 / step)):
        for column in range(13):
            x, y = (column + 0.5) * step, (row + 0.5) * step
            near = max(0.0, 1 - math.dist((x, y), (x0, y0)) / (width * 0.85))
            radius = step * (0.07 + 0.34 * near * near)
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=round(24 + 66 * near))


def frames(draw: ImageDraw.ImageDraw, size: Size, seed: bytes) -> None:
    """Frames inside frames, each larger: the same in more pixels."""
    width, height = size
    x, y = width * (0.35 + seed[5] / 255 * 0.3), height * 0.33
    sides = [width * 0.07 * 1.42**index for index in range(9)]
    for index, (inner, outer) in enumerate(pairwise(sides)):
        half = (inner + outer) / 2
        draw.rounded_rectangle(
            (x - half, y - half, x + half, y + half),
            half * 0.16,
            outline=76 - index * 7,
            width=max(2, round((outer - inner) * 0.22)),
        )


def lines(draw: ImageDraw.ImageDraw, size: Size, seed: bytes) -> None:
    """Lines of unreadable text."""
    width, height = size
    line = height * 0.046
    for row in range(14):
        x, index = width * 0.078, 0
        while x < width * 0.9:
            long = width * (0.05 + seed[(row * 3 + index) % 16] / 255 * 0.19)
            end = min(x + long, width * 0.922)
            top = height * 0.07 + row * line
            draw.rounded_rectangle(
                (x, top, end, top + line * 0.42),
                line * 0.21,
                fill=max(10, 18 + (seed[(row + index * 5) % 16] % 46) - row),
            )
            x, index = end + width * 0.022, index + 1
            if seed[(row * 7 + index) % 16] < 22:
                break
