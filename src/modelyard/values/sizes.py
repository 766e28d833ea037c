"""Sizes, rates and durations as people write them."""

from __future__ import annotations

import re

from modelyard.errors import BadValue

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


def parse_size(text: str) -> int:
    """Read ``50MB``, ``1.5GiB``, ``800k`` or ``123`` as bytes.

    Raises:
        BadValue: Not a size, or negative.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?\s*", text.lower())
    if not match or match[2] == "i":
        raise BadValue(f"{text!r} is no size.", hint="Write it like 50MB, 1.5GiB or 800k.")
    return int(float(match[1]) * _UNITS[match[2]])


def parse_rate(text: str) -> int | None:
    """Read ``50MB/s`` (``/s`` may be left out) as bytes per second; ``0``, ``off`` or ``none`` mean no limit.

    Raises:
        BadValue: Not a rate.
    """
    if text.strip().lower() in {"0", "off", "none", "unlimited"}:
        return None
    return parse_size(re.sub(r"(/s|ps)\s*$", "", text.strip(), flags=re.IGNORECASE)) or None


def show_size(size: float) -> str:
    """Bytes for people in decimal units: ``1.2 GB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} TB"


def show_time(seconds: float) -> str:
    """A duration for people: ``42 s``, ``3 min 05 s``, ``2 h 10 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
