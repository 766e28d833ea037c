"""Wrong guesses cost time: after five from one place each further one must wait longer."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from modelyard.errors import TooManyTries

FREE = 5
FIRST = 1.0
LONGEST = 300.0
_MOST_PLACES = 10_000
_FORGET = 3600.0


class Tries:
    """Counts wrong guesses per client address; an IPv6 network of 64 bits is one place.

    Args:
        now: Seconds that only go forward.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def check(self, address: str) -> None:
        """Refuse a place that has to wait.

        Raises:
            TooManyTries: With the seconds in ``retry_after``.
        """
        with self._lock:
            count, last = self._wrong.get(_place(address), (0, 0.0))
            left = last + _delay(count) - self._now()
        if count >= FREE and left > 0:
            raise TooManyTries(f"There were {count} wrong tries from {address}.", retry_after=round(left, 1))

    def failed(self, address: str) -> None:
        """One more wrong guess from there."""
        place = _place(address)
        with self._lock:
            count, last = self._wrong.pop(place, (0, 0.0))
            fresh = self._now() - last > _FORGET
            self._wrong[place] = (1 if fresh else count + 1, self._now())
            while len(self._wrong) > _MOST_PLACES:
                self._wrong.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """A right one: the count begins anew."""
        with self._lock:
            self._wrong.pop(_place(address), None)


def _delay(count: int) -> float:
    return min(LONGEST, FIRST * 2.0 ** min(count - FREE, 20)) if count >= FREE else 0.0


def _place(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.IPv6Network((ip, 64), strict=False))
    return str(ip)
