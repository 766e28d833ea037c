import threading

import pytest

from modelyard.events.log import EventLog


@pytest.fixture
def log():
    return EventLog(kept=3)


def test_numbers_only_grow_also_over_a_restart():
    moments = iter([1000.0, 1000.0, 1000.1, 1000.2])
    first = EventLog(wall=lambda: next(moments))
    last = first.publish("a", {}).number
    assert EventLog(wall=lambda: 1000.3).publish("b", {}).number > last


def test_numbers_fit_into_a_javascript_number(log):
    assert log.publish("a", {}).number < 2**53


def test_a_reader_gets_what_it_missed_in_order(log):
    begin = log.newest
    log.publish("a", {"n": 1})
    log.publish("b", {"n": 2})
    replay = log.since(begin)
    assert [event.kind for event in replay.events] == ["a", "b"]
    assert replay.newest == log.newest
    assert not replay.gap
    assert log.since(replay.newest).events == ()


def test_a_reader_that_comes_too_late_is_told_of_the_gap(log):
    begin = log.newest
    for number in range(5):
        log.publish("a", {"n": number})
    assert log.since(begin).gap
    assert [event.data["n"] for event in log.since(log.newest - 3).events] == [2, 3, 4]


def test_a_number_from_the_future_is_a_gap_too(log):
    assert log.since(log.newest + 1).gap


def test_only_the_newest_passing_event_of_a_kind_is_kept(log):
    begin = log.newest
    for number in range(5):
        log.publish("progress", {"n": number}, passing=True)
    log.publish("a", {})
    replay = log.since(begin)
    assert [event.kind for event in replay.events] == ["progress", "a"]
    assert replay.events[0].data == {"n": 4}


def test_a_long_answer_comes_in_pages_that_miss_nothing(log):
    begin = log.newest
    for number in range(3):
        log.publish("a", {"n": number})
    first = log.since(begin, most=2)
    rest = log.since(first.newest)
    assert [event.data["n"] for event in (*first.events, *rest.events)] == [0, 1, 2]


def test_a_waiting_reader_wakes_at_the_next_event(log):
    begin = log.newest
    reader = threading.Thread(target=log.wait, args=(begin, 60))
    reader.start()
    log.publish("a", {})
    reader.join(10)
    assert not reader.is_alive()


def test_a_listener_hears_every_event_until_it_leaves(log):
    heard = []
    leave = log.listen(heard.append)
    log.publish("a", {})
    leave()
    log.publish("b", {})
    assert [event.kind for event in heard] == ["a"]
