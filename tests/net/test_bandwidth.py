import threading
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.errors import BadValue, Stopped
from modelyard.net.bandwidth import SLICE, Bucket, Meter
from modelyard.net.stop import Stop
from modelyard.values.week import parse_schedule
from net.clocks import ManualClock, SharedClock


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([1_000_000, 50_000_000, 500_000_000]), st.integers(1, 16))
def test_ten_seconds_under_a_limit_are_exact_to_three_percent(rate: int, readers: int) -> None:
    clock, stop, read = ManualClock(), Stop(), 0
    meter = Meter([Bucket(clock, rate)])
    begun = clock.now()
    while clock.now() - begun < 10:
        for _ in range(readers):
            count = meter.allowance(2**20)
            read += count
            meter.pay(count, stop)
    assert read / (clock.now() - begun) == pytest.approx(rate, rel=0.03)


@pytest.mark.parametrize("rate", [1_000_000, 500_000_000])
def test_ten_seconds_of_many_connections_at_once_are_exact_to_three_percent(rate: int) -> None:
    """Sixteen threads on lines of very different speed share a limit of everything, of their hub and of their task."""
    lines = [rate * share / 20 for share in range(1, 17)]
    clock, stop = SharedClock(len(lines)), Stop()
    buckets = [Bucket(clock, 3 * rate), Bucket(clock, rate), Bucket(clock, 2 * rate)]
    begun, counts = clock.now(), [0] * len(lines)

    def connection(number: int) -> None:
        meter = Meter(buckets)
        while clock.now() - begun < 10:
            count = meter.allowance(2**20)
            clock.wait(count / lines[number], stop)  # what the line itself takes
            counts[number] += count
            meter.pay(count, stop)
        clock.leave()

    threads = [threading.Thread(target=connection, args=(number,)) for number in range(len(lines))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) / (clock.now() - begun) == pytest.approx(rate, rel=0.03)
    assert min(counts) > 0


@pytest.mark.parametrize(
    ("before", "after"), [(40_000_000, 1_000_000), (1_000_000, 40_000_000), (10_000, 40_000_000), (40_000_000, 10_000)]
)
def test_sixteen_connections_cross_a_border_of_the_week_and_keep_to_both_limits(before: int, after: int) -> None:
    clock, stop, line = SharedClock(16, now=1050.0), Stop(), 100_000_000
    border = clock.now() + 10
    opens = f"{datetime.fromtimestamp(clock.wall() + 10):%H:%M}"
    closes = f"{datetime.fromtimestamp(clock.wall() + 3610):%H:%M}"
    schedule = parse_schedule(f"mon-sun {opens}-{closes} {after}B/s")
    bucket = Bucket(clock, before, schedule)
    came: list[tuple[float, int]] = []

    def connection() -> None:
        meter = Meter([bucket])
        while clock.now() < border + 13:
            count = meter.allowance(2**20)
            clock.wait(count / line, stop)
            came.append((clock.now(), count))
            meter.pay(count, stop)
        clock.leave()

    threads = [threading.Thread(target=connection) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    def rate(start: float, end: float) -> float:
        return sum(count for at, count in came if start <= at - border < end) / (end - start)

    # What may be read at once lies between two payments: at a small rate that is 4 KiB for each connection.
    loose = 16 * 4096
    assert rate(-9, 0) == pytest.approx(before, rel=0.03, abs=loose / 9)
    assert rate(2, 12) == pytest.approx(after, rel=0.03, abs=loose / 10)  # it looks at the clock once a second
    assert rate(0, 2) <= 1.03 * max(before, after) + 16 * 2**20 / 2  # each may have read its first mebibyte unpaid


def test_one_read_never_takes_more_than_a_slice_of_a_second() -> None:
    meter = Meter([Bucket(ManualClock(), 10_000_000)])
    assert meter.allowance(2**20) == 10_000_000 * SLICE
    assert meter.ceiling == 10_000_000


def test_the_strictest_of_several_limits_holds() -> None:
    clock = ManualClock()
    meter = Meter([Bucket(clock, None), Bucket(clock, 4_000_000), Bucket(clock, 1_000_000)])
    assert meter.ceiling == 1_000_000
    for _ in range(20):
        meter.pay(meter.allowance(2**20), Stop())
    assert clock.now() == pytest.approx(1001.0, abs=0.01)


def test_a_limit_changes_while_it_holds() -> None:
    clock = ManualClock()
    bucket = Bucket(clock, 1000)
    bucket.change(None)
    bucket.pay(10**9, Stop())
    assert clock.waited == []
    bucket.change(1000)
    bucket.pay(500, Stop())
    assert sum(clock.waited) == pytest.approx(0.5)


def test_an_idle_limit_saves_no_burst_for_later() -> None:
    clock = ManualClock()
    bucket = Bucket(clock, 1000)
    clock.wait(3600, Stop())
    clock.waited.clear()
    bucket.pay(1000, Stop())
    assert sum(clock.waited) >= 0.85


def test_stopping_ends_the_wait() -> None:
    stop = Stop()
    stop.set("enough")
    with pytest.raises(Stopped):
        Bucket(ManualClock(), 1).pay(100, stop)


def test_a_schedule_is_read_and_the_first_open_window_wins() -> None:
    windows = parse_schedule("mon-fri 08:00-18:00 2MB/s; sat,sun 00:00-24:00 off; fri-mon 22:00-06:00 5MB/s")
    monday_noon, saturday, sunday_night = (
        datetime(2026, 11, 23, 12),
        datetime(2026, 11, 21, 9),
        datetime(2026, 11, 24, 3),
    )
    assert [window.rate for window in windows if window.holds(monday_noon)] == [2_000_000]
    assert next(window.rate for window in windows if window.holds(saturday)) is None
    assert [window.rate for window in windows if window.holds(sunday_night)] == [5_000_000]


@pytest.mark.parametrize(
    "text", ["someday 08:00-18:00 2MB/s", "mon 8-18 2MB/s", "mon 08:00-25:00 2MB/s", "mon 08:00-18:00 fast"]
)
def test_a_schedule_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        parse_schedule(text)
