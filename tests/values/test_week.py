from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.errors import BadValue
from modelyard.values.week import Hours, parse_hours, parse_quiet

HOURS = st.builds(Hours, st.frozensets(st.integers(0, 6)), st.integers(0, 1439), st.integers(0, 1440))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda at: at.replace(second=0, microsecond=0))


@given(HOURS, MOMENTS)
def test_what_is_left_of_some_hours_is_the_time_until_they_end(hours: Hours, moment: datetime) -> None:
    left = hours.left(moment)
    assert hours.holds(moment) == (left > 0)
    if left:
        assert hours.holds(moment + timedelta(minutes=left - 1))
        end = moment + timedelta(minutes=left)
        assert (end.hour * 60 + end.minute) == hours.end % 1440


def test_quiet_hours_may_leave_the_days_out_and_begin_with_their_name() -> None:
    assert parse_quiet("quiet: mon-fri 22:00-07:00; 12:00-13:00") == (
        Hours(frozenset(range(5)), 1320, 420),
        Hours(frozenset(range(7)), 720, 780),
    )
    assert parse_quiet(" ") == ()


@pytest.mark.parametrize(
    "text", ["mon", "mon 8-9", "noday 08:00-09:00", "08:61-09:00", "25:00-26:00", "mon 08:00-09:00 5MB"]
)
def test_hours_that_no_clock_shows_are_refused(text: str) -> None:
    with pytest.raises(BadValue):
        parse_hours(text)
