"""Reading strangers' JSON without trusting its shape: what is wrong, missing or null is absent, never a crash."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from modelyard.errors import BadValue
from modelyard.values.digests import LENGTHS, digest

LONGEST = 1000
"""Characters of a name, a word or an address; descriptions may be longer."""

MOST = 1000
"""Entries of a list that are looked at."""


def record(value: object) -> Mapping[str, Any]:
    """A JSON object, empty when it is anything else."""
    return value if isinstance(value, dict) else {}


def records(value: object) -> list[Mapping[str, Any]]:
    """The objects among the first entries of a JSON array."""
    return [entry for entry in value[:MOST] if isinstance(entry, dict)] if isinstance(value, list) else []


def text(value: object, longest: int = LONGEST) -> str:
    """A text without NUL and lone surrogates, which databases and UTF-8 refuse; empty when it is anything else."""
    if not isinstance(value, str):
        return ""
    kept = value[:longest]
    if not kept.isascii():
        kept = kept.encode("utf-8", "replace").decode()
    return kept.replace("\0", "") if "\0" in kept else kept


def texts(value: object) -> tuple[str, ...]:
    """The texts of a JSON array that are not empty, or the one text that stands in its place."""
    entries = value[:MOST] if isinstance(value, list) else [value]
    return tuple(told for entry in entries if (told := text(entry)))


def whole(value: object) -> int | None:
    """A count: an integer from 0 up, or a float that is one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**63 and value == int(value) else None


def finite(value: object) -> float | None:
    """A number that can be reckoned with: no NaN, no infinity, no truth value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # an integer of 400 digits
        return None


def number(value: object) -> str:
    """An id as text, whether it came as a number or as digits; empty for 0 and for everything else."""
    if isinstance(value, str) and re.fullmatch(r"[1-9][0-9]{0,17}", value):
        return value
    return str(whole(value) or "")


def claims(hashes: Mapping[str, Any] | Iterable[tuple[str, object]]) -> dict[str, str]:
    """The well-formed digests of known algorithms, whatever their names' case; the first of each counts."""
    claimed: dict[str, str] = {}
    for name, value in hashes.items() if isinstance(hashes, Mapping) else hashes:
        algorithm = name.lower()
        if algorithm in LENGTHS and algorithm not in claimed and isinstance(value, str):
            try:
                claimed[algorithm] = digest(algorithm, value)
            except BadValue:
                continue
    return claimed
