"""What a service that runs for months keeps in memory and on disk has a bound."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from modelyard.net import pool as pools
from modelyard.net.cache import AnswerCache, Kept
from modelyard.net.dial import Dialer, Timeouts
from modelyard.net.guard import Guard
from modelyard.net.manners import Manners
from modelyard.net.pool import IDLE_SECONDS, Pool
from modelyard.net.proxies import Proxies
from modelyard.net.stop import Stop
from modelyard.net.url import parse

from .clocks import ManualClock


def test_origins_that_once_asked_us_to_wait_are_forgotten_when_their_time_is_over() -> None:
    clock = ManualClock()
    manners = Manners(clock)
    manners.hold("https://long.example", 10_000_000)
    for number in range(5_000):
        manners.hold(f"https://{number}.example", 1.0)
        clock.wait(1.0, Stop())
    assert len(manners._until) < 300
    assert manners.observe("https://long.example") > 0


class Idle:
    """A kept connection without a socket."""

    def __init__(self, origin: str, clock: Any) -> None:
        self.origin = self.host = origin
        self._clock = clock
        self.used_at = 0.0
        self.closed = False

    def rested(self) -> None:
        self.used_at = self._clock.monotonic()

    def close(self) -> None:
        self.closed = True


def test_connections_to_origins_that_nobody_asks_again_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    clock = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr(pools, "time", clock)
    pool = Pool(Dialer(Guard(allow_private=True), Proxies(None, {}), Timeouts()))
    first: list[Idle] = []
    for number in range(2_000):
        pool._enter(f"http://{number}.example", Stop())
        first.append(Idle(f"http://{number}.example", clock))
        pool.give_back(first[-1], keep=True)  # type: ignore[arg-type]
        now[0] += 1.0
    assert pool.idle <= 2 * IDLE_SECONDS
    assert len(pool._idle) <= 2 * IDLE_SECONDS and len(pool._busy) == 0
    assert all(connection.closed for connection in first[:1900])


def test_a_busy_origin_keeps_its_connections() -> None:
    pool = Pool(Dialer(Guard(allow_private=True), Proxies(None, {}), Timeouts()))
    url = parse("http://127.0.0.1:9/")
    pool._enter(url.host, Stop())
    kept = Idle(url.origin, SimpleNamespace(monotonic=lambda: 10**12))
    kept.host = url.host
    pool.give_back(kept, keep=True)  # type: ignore[arg-type]
    assert pool.idle == 1 and not kept.closed


def test_kept_answers_take_no_more_room_than_allowed_and_the_newest_stay(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path, most=200_000)
    for number in range(600):
        cache.put(f"https://hub.example/{number}", "", Kept(200, "", [], b"x" * 1000))
    assert sum(path.stat().st_size for path in tmp_path.glob("*/*")) < 420_000
    cache.sweep()
    assert sum(path.stat().st_size for path in tmp_path.glob("*/*")) <= 200_000
    assert cache.get("https://hub.example/599", "") is not None


def test_a_cache_whose_folder_is_missing_sweeps_nothing(tmp_path: Path) -> None:
    AnswerCache(tmp_path / "none").sweep()
