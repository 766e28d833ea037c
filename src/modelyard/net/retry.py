"""When to try again: pure decisions over a settings object."""

from __future__ import annotations

import random
from datetime import datetime
from email.utils import parsedate_to_datetime

import msgspec

from modelyard.net.headers import Headers


class RetryPolicy(msgspec.Struct, frozen=True):
    """How failures are answered.

    Attributes:
        retries: Further tries without new ground before we give up.
        first: Seconds before the first of them.
        cap: Longest wait in seconds.
        factor: Each wait is this much longer than the last.
        jitter: Wait a random time below the computed one, so that many clients spread (full jitter).
        statuses: HTTP statuses worth another try.
        patience: Seconds a server may ask us to wait before the job is put off instead.
    """

    retries: int = 3
    first: float = 1.0
    cap: float = 60.0
    factor: float = 2.0
    jitter: bool = True
    statuses: frozenset[int] = frozenset({408, 425, 429, 500, 502, 503, 504})
    patience: float = 300.0

    def delay(self, attempt: int, chance: random.Random) -> float:
        """Seconds to wait before retry number `attempt` (0 is the first)."""
        longest = min(self.cap, self.first * self.factor**attempt)
        return chance.uniform(longest / 10, longest) if self.jitter else longest


def asked_to_wait(headers: Headers, now: float) -> float | None:
    """Seconds that a server asks us to wait, None when it does not.

    Reads Retry-After as seconds or as a date (RFC 9110 10.2.3), RateLimit with nothing left
    (``"api";r=0;t=17``), and GitHub's X-RateLimit-Reset with nothing remaining.

    Args:
        now: Seconds since 1970.
    """
    told = headers.get("retry-after").strip()
    if told:
        return _seconds_or_date(told, now)
    spent = _spent_window(headers.get("ratelimit"))
    if spent is not None:
        return spent
    reset = headers.get("x-ratelimit-reset").strip()
    if headers.get("x-ratelimit-remaining").strip() == "0" and reset.isascii() and reset.isdigit():
        return max(0.0, float(reset[:12]) - now)
    return None


def _seconds_or_date(text: str, now: float) -> float | None:
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        when: datetime = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return max(0.0, when.timestamp() - now)


def _spent_window(text: str) -> float | None:
    fields = dict(part.strip().partition("=")[::2] for part in text.split(";")[1:])
    left, wait = fields.get("r", ""), fields.get("t", "")
    return float(wait) if left == "0" and wait.isascii() and wait.isdigit() and len(wait) < 9 else None
