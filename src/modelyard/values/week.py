"""Parts of the week, and speed limits that hold in them. Pure."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from modelyard.errors import BadValue
from modelyard.values.sizes import parse_rate

DAY = 86400.0
"""Seconds."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"\s*([a-z,-]+)\s+(\d\d):(\d\d)-(\d\d):(\d\d)\s*")
_EVERY_DAY = frozenset(range(7))


class Hours(msgspec.Struct, frozen=True):
    """The same hours on some days of every week.

    Attributes:
        days: 0 is Monday.
        start: Minute of the day, included.
        end: Minute of the day, excluded; below `start` it reaches into the next day.
    """

    days: frozenset[int]
    start: int
    end: int

    def holds(self, moment: datetime) -> bool:
        """Whether these are the hours at `moment` (local time)."""
        return self.left(moment) > 0

    def left(self, moment: datetime) -> int:
        """Minutes from the minute of `moment` until these hours end; 0 outside of them."""
        minute, today = moment.hour * 60 + moment.minute, moment.weekday()
        if self.start <= self.end:
            return self.end - minute if today in self.days and self.start <= minute < self.end else 0
        if today in self.days and minute >= self.start:
            return 24 * 60 - minute + self.end
        return self.end - minute if (today - 1) % 7 in self.days and minute < self.end else 0


class Window(msgspec.Struct, frozen=True):
    """A part of the week with its own limit.

    Attributes:
        rate: Bytes per second, None for no limit.
    """

    hours: Hours
    rate: int | None

    def holds(self, moment: datetime) -> bool:
        """Whether the window is open at `moment` (local time)."""
        return self.hours.holds(moment)


def parse_schedule(text: str) -> tuple[Window, ...]:
    """Read ``mon-fri 08:00-18:00 2MB/s; sat,sun 00:00-24:00 off``; the first open window wins.

    Raises:
        BadValue: A day, time or rate that cannot be read.
    """
    return tuple(_window(part) for part in text.split(";") if part.strip())


def _window(text: str) -> Window:
    hours, _, rate = text.strip().rpartition(" ")
    if not _HOURS.fullmatch(hours.lower()):
        raise BadValue(f"{text.strip()!r} is no schedule.", hint="Write it like: mon-fri 08:00-18:00 2MB/s")
    return Window(parse_hours(hours), parse_rate(rate))


def parse_quiet(text: str) -> tuple[Hours, ...]:
    """Read ``mon-fri 22:00-07:00; sat,sun 00:00-24:00``; ``quiet:`` may stand before it, days may be left out.

    Raises:
        BadValue: A day or time that cannot be read.
    """
    text = re.sub(r"^\s*quiet\s*:", "", text.lower())
    return tuple(parse_hours(part) for part in text.split(";") if part.strip())


def parse_hours(text: str) -> Hours:
    """Read ``mon-fri 22:00-07:00``, or ``22:00-07:00`` for every day.

    Raises:
        BadValue: A day or time that cannot be read.
    """
    everyday = text.strip()[:1].isdigit()
    match = _HOURS.fullmatch(f"mon-sun {text}" if everyday else text.lower())
    if not match:
        raise BadValue(f"{text.strip()!r} names no hours.", hint="Write it like: mon-fri 22:00-07:00")
    start, end = int(match[2]) * 60 + int(match[3]), int(match[4]) * 60 + int(match[5])
    if max(start, end) > 24 * 60 or max(int(match[3]), int(match[5])) > 59:
        raise BadValue(f"{text.strip()!r} names a time that no clock shows.")
    return Hours(_EVERY_DAY if everyday else frozenset(_days(match[1])), start, end)


def _days(text: str) -> list[int]:
    days: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last and last not in _DAYS):
            raise BadValue(f"{part!r} is no day.", hint="Days are mon, tue, wed, thu, fri, sat, sun.")
        low, high = _DAYS.index(first), _DAYS.index(last or first)
        days += [day % 7 for day in range(low, high + 1 if high >= low else high + 8)]
    return days
