"""From a person's text to the value of a setting. Each raises `BadValue` with what is allowed."""

from __future__ import annotations

from collections.abc import Callable

from modelyard.errors import BadValue
from modelyard.values.proxy import parse_proxy
from modelyard.values.sizes import parse_rate, parse_size
from modelyard.values.suffixes import SIDECARS
from modelyard.values.week import parse_quiet, parse_schedule


def whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number in a range."""

    def read(text: str) -> int:
        if not text.strip().isascii() or not text.strip().isdigit() or not low <= int(text[:12]) <= high:
            raise BadValue(f"{text!r} is not a whole number from {low} to {high}.")
        return int(text)

    return read


def number(low: float, high: float) -> Callable[[str], float]:
    """A number in a range."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise BadValue(f"{text!r} is not a number from {low} to {high}.")
        return value

    return read


def one_of(*words: str) -> Callable[[str], str]:
    """One of these words."""

    def read(text: str) -> str:
        if text.strip().lower() not in words:
            raise BadValue(f"{text!r} is none of {', '.join(words)}.")
        return text.strip().lower()

    return read


def switch(text: str) -> bool:
    """On or off."""
    if text.lower() not in {"on", "off", "true", "false", "yes", "no", "1", "0"}:
        raise BadValue(f"{text!r} is neither on nor off.")
    return text.lower() in {"on", "true", "yes", "1"}


def rate(text: str) -> str:
    """Bytes per second, such as ``50MB/s`` or ``off``."""
    parse_rate(text)
    return text.strip()


def size(text: str) -> str:
    """Bytes, such as ``100MB``."""
    parse_size(text)
    return text.strip()


def sidecars(text: str) -> str:
    """Forms of sidecars with commas between them; ``none`` is none."""
    words = [] if text.strip() == "none" else [word.strip() for word in text.split(",")]
    for word in words:
        if word not in SIDECARS:
            raise BadValue(f"{word!r} is no form of sidecar that is written.", hint=f"There are {', '.join(SIDECARS)}.")
    return ",".join(words)


def statuses(text: str) -> str:
    """HTTP statuses with commas between them."""
    if not all(part.strip().isdigit() and 400 <= int(part) < 600 for part in text.split(",")):
        raise BadValue(f"{text!r} is no list of HTTP statuses.", hint="Write it like 408,429,500,503.")
    return text.replace(" ", "")


def schedule(text: str) -> str:
    """Limits by the hour; empty for none."""
    parse_schedule(text)
    return text.strip()


def quiet(text: str) -> str:
    """Hours in which nothing runs; empty for none."""
    parse_quiet(text)
    return text.strip()


def proxy(text: str) -> str:
    """A proxy, ``direct`` or nothing."""
    if text.strip() not in ("", "direct"):
        parse_proxy(text.strip())
    return text.strip()


def database(text: str) -> str:
    """A PostgreSQL URL; empty for SQLite."""
    if text.strip() and not text.strip().startswith(("postgresql://", "postgresql+psycopg://")):
        raise BadValue("That is no database we know.", hint="Write postgresql://user:pass@host/name, or nothing.")
    return text.strip()
