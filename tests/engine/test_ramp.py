from modelyard.engine.ramp import Ramp, part_size


def test_a_fast_line_stays_at_one_connection() -> None:
    ramp = Ramp()
    assert ramp.next(160e6) == 1
    assert ramp.settled


def test_connections_double_while_the_total_rises() -> None:
    ramp = Ramp()
    assert [ramp.next(rate) for rate in (20e6, 80e6, 160e6, 320e6)] == [4, 8, 16, 16]
    assert ramp.settled


def test_connections_stop_growing_when_they_bring_nothing() -> None:
    ramp = Ramp()
    assert [ramp.next(rate) for rate in (20e6, 21e6, 90e6)] == [4, 4, 4]


def test_a_speed_limit_needs_no_further_connections() -> None:
    assert Ramp().next(0.95e6, ceiling=1e6) == 1


def test_parts_are_two_seconds_long_and_leave_work_for_the_others() -> None:
    assert part_size(320e6, 16, 100 * 2**30) == 40_000_000
    assert part_size(320e6, 16, 480 * 2**20) == 10 * 2**20
    assert part_size(0, 1, 0) == 8 * 2**20
