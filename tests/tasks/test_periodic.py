import pytest

from modelyard.errors import BadValue, NoSuchTask
from modelyard.tasks.periodic import add_due, entries, keep, remove
from modelyard.tasks.states import State
from tasks.conftest import draft

HOUR = 3600.0


def test_a_periodic_task_is_added_each_time_it_comes(queue, wall):
    entry = keep(queue, "hourly", "0 * * * *", draft("a"))
    assert add_due(queue) == []
    wall.seconds = entry.next
    (first,) = add_due(queue)
    assert queue.get(first).title == "a"
    assert add_due(queue) == []
    queue.cancel([first])
    wall.seconds += HOUR
    assert len(add_due(queue)) == 1


def test_however_often_it_was_missed_it_runs_once(queue, wall):
    keep(queue, "hourly", "0 * * * *", draft("a"))
    wall.seconds += 100 * HOUR
    assert len(add_due(queue)) == 1
    assert add_due(queue) == []


def test_an_earlier_run_that_is_still_open_is_not_doubled(queue, wall):
    keep(queue, "hourly", "0 * * * *", draft("a"))
    wall.seconds += HOUR
    (first,) = add_due(queue)
    wall.seconds += HOUR
    (second,) = add_due(queue)
    assert queue.get(second).follows == first


def test_entries_are_changed_listed_and_removed(queue):
    keep(queue, "b", "0 4 * * *", draft("a"))
    keep(queue, "a", "0 4 * * *", draft("a"))
    assert keep(queue, "a", "30 4 * * sun", draft("x")).cron == "30 4 * * sun"
    assert [entry.name for entry in entries(queue)] == ["a", "b"]
    remove(queue, "a")
    assert [entry.name for entry in entries(queue)] == ["b"]
    with pytest.raises(NoSuchTask):
        remove(queue, "a")


@pytest.mark.parametrize("cron", ["", "nonsense", "* * * *", "61 * * * *", "0 0 30 2 *"])
def test_a_cron_line_that_cannot_be_read_is_refused(queue, cron):
    with pytest.raises(BadValue):
        keep(queue, "a", cron, draft("a"))
    assert entries(queue) == []


def test_what_it_added_is_a_task_like_any_other(queue, wall):
    keep(queue, "a", "0 * * * *", draft("a"))
    wall.seconds += HOUR
    (number,) = add_due(queue)
    assert queue.get(number).state is State.QUEUED
