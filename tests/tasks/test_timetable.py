"""Quiet hours and periodic jobs, on days when the clock is put forward and back too."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from modelyard.errors import BadValue
from modelyard.tasks.timetable import Periodic, Timetable, check_cron, due, next_run
from modelyard.values.week import Hours

BERLIN = ZoneInfo("Europe/Berlin")
HOURS = st.builds(Hours, st.frozensets(st.integers(0, 6), min_size=1), st.integers(0, 1439), st.integers(0, 1440))
SPRING, AUTUMN = datetime(2026, 3, 28, 23, 30, tzinfo=UTC), datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
INSTANTS = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda at: at.replace(tzinfo=UTC)),
    st.sampled_from([SPRING, AUTUMN]).flatmap(
        lambda near: st.integers(-600, 600).map(lambda minutes: near + timedelta(minutes=minutes))
    ),
)
CRONS = st.sampled_from(["0 4 * * *", "*/15 * * * *", "30 2 * * *", "0 0 1 * *", "15 3 * * sun", "0 12 29 2 *"])


@pytest.fixture
def in_berlin() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    yield
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-23T21:59:59", None),
        ("2026-11-23T22:00:00", "2026-11-24T07:00:00"),
        ("2026-11-24T06:59:59", "2026-11-24T07:00:00"),
        ("2026-11-24T07:00:00", None),
        ("2026-11-28T03:00:00", "2026-11-28T07:00:00"),
        ("2026-11-29T03:00:00", None),
    ],
)
def test_quiet_hours_reach_over_midnight_and_belong_to_the_day_they_begin(now: str, until: str | None) -> None:
    table = Timetable.read("quiet: mon-fri 22:00-07:00", BERLIN)
    assert table.quiet_until(at(now)) == (at(until) if until else None)


def test_windows_that_touch_are_one_and_a_week_without_a_break_is_asked_about_again() -> None:
    table = Timetable.read("08:00-12:00; 12:00-13:00; 12:30-14:00", BERLIN)
    assert table.quiet_until(at("2026-11-23T09:00")) == at("2026-11-23T14:00")
    always = Timetable.read("00:00-24:00", BERLIN).quiet_until(at("2026-11-23T09:00"))
    assert always and always > at("2026-11-30T09:00")
    assert Timetable.read("", BERLIN).quiet_until(at("2026-11-23T09:00")) is None


def test_an_end_that_the_clock_jumps_over_comes_when_it_jumps() -> None:
    table = Timetable.read("22:00-02:30", BERLIN)
    assert table.quiet_until(at("2026-03-28T23:00")) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


@settings(max_examples=200, deadline=None)
@given(st.lists(HOURS, max_size=3), INSTANTS)
@example([Hours(frozenset({6}), 60, 150)], SPRING)
@example([Hours(frozenset({6}), 150, 170)], AUTUMN)
def test_quiet_ends_at_the_first_minute_that_is_not_quiet(hours: list[Hours], now: datetime) -> None:
    now = now.replace(second=0, microsecond=0)
    table = Timetable(tuple(hours), BERLIN)
    step = now
    while any(each.holds(step.astimezone(BERLIN)) for each in hours) and step < now + timedelta(days=8):
        step += timedelta(minutes=1)
    until = table.quiet_until(now)
    if until is None:
        assert step == now
    else:
        assert until == step or until >= now + timedelta(days=8)


@pytest.mark.usefixtures("in_berlin")
def test_without_a_zone_the_clock_of_this_machine_counts() -> None:
    table = Timetable.read("22:00-07:00")
    assert table.quiet_until(datetime(2026, 3, 28, 22, 0, tzinfo=UTC)) == datetime(2026, 3, 29, 5, 0, tzinfo=UTC)
    assert table.quiet_until(datetime(2026, 3, 27, 22, 0, tzinfo=UTC)) == datetime(2026, 3, 28, 6, 0, tzinfo=UTC)
    entry = Periodic("a", "0 7 * * *", "scan")
    assert next_run(entry, datetime(2026, 3, 28, 6, 0, tzinfo=UTC)) == datetime(2026, 3, 29, 5, 0, tzinfo=UTC)
    assert next_run(entry, datetime(2026, 3, 27, 6, 0, tzinfo=UTC)) == datetime(2026, 3, 28, 6, 0, tzinfo=UTC)


def test_a_job_that_missed_ten_times_runs_once() -> None:
    entry = Periodic("nightly", "0 4 * * *", "scan", zone=BERLIN)
    last, now = at("2026-11-01T04:00"), at("2026-11-11T12:00")
    assert due(entry, last, now)
    assert not due(entry, now, now)
    assert not due(entry, now, at("2026-11-12T03:59"))
    assert due(entry, now, at("2026-11-12T04:00"))


def test_a_new_entry_waits_for_its_first_time() -> None:
    entry = Periodic("nightly", "0 4 * * *", "scan", since=at("2026-11-10T05:00"), zone=BERLIN)
    assert not due(entry, None, at("2026-11-10T12:00"))
    assert due(entry, None, at("2026-11-11T04:00"))


def test_a_clock_that_was_wrong_does_not_stop_a_job_for_years() -> None:
    entry = Periodic("nightly", "0 4 * * *", "scan", zone=BERLIN)
    assert due(entry, at("2099-01-01T00:00"), at("2026-11-10T12:00"))
    assert not due(entry, at("2026-11-10T12:00:05"), at("2026-11-10T12:00"))


def test_a_time_that_the_clock_jumps_over_or_shows_twice_comes_once_a_day() -> None:
    entry = Periodic("early", "30 2 * * *", "scan", zone=BERLIN)
    for first in (datetime(2026, 3, 27, 12, tzinfo=UTC), datetime(2026, 10, 23, 12, tzinfo=UTC)):
        moment, runs = first, 0
        while (following := next_run(entry, moment)) and following < first + timedelta(days=4):
            moment, runs = following, runs + 1
        assert runs == 4


@settings(max_examples=150, deadline=None)
@given(CRONS, INSTANTS, st.integers(0, 60 * 24 * 40))
def test_a_job_is_due_exactly_when_its_next_time_has_come(cron: str, last: datetime, minutes: int) -> None:
    entry, now = Periodic("x", cron, "scan", zone=BERLIN), last + timedelta(minutes=minutes)
    coming = next_run(entry, last)
    assert coming is not None and coming > last
    assert due(entry, last, now) == (coming <= now)
    assert not due(entry, now, now)


@pytest.mark.parametrize(
    "text", ["", "* * * *", "61 * * * *", "0 0 30 2 *", "* * * * * *", "every day", "0 0 * * " + "x" * 200]
)
def test_a_line_that_is_no_cron_line_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        check_cron(text)


def test_blanks_in_a_cron_line_do_not_matter() -> None:
    assert check_cron("  0   4 * *\tsun ") == "0 4 * * sun"
