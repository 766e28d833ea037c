"""What has ended: pages, what is forgotten by and by, and what commands did by themselves."""

from modelyard.tasks.again import prune
from modelyard.tasks.elsewhere import Elsewhere, keep
from modelyard.tasks.listing import Filter, history_page
from modelyard.tasks.states import State
from modelyard.tasks.statistics import days
from tasks.conftest import draft

DAY = 86_400


def history(queue, most=100, **chosen):
    """All pages of it, joined."""
    found, after = [], None
    while True:
        with queue.database.reading() as db:
            page = history_page(db, Filter(**chosen), after, most)
        found += [task.id for task in page.tasks]
        after = page.next
        if after is None:
            return found


def test_pages_of_the_history_join_the_latest_first_and_keep_to_their_time(queue, wall):
    numbers = queue.add([draft(f"{index}") for index in range(9)])
    for number in numbers[:6]:
        wall.seconds += 10
        queue.cancel([number])
    queue.cancel(numbers[6:8])
    begin = 1_700_000_000
    assert history(queue, most=2) == [8, 7, 6, 5, 4, 3, 2, 1], "two that ended at once are told apart by their number"
    assert history(queue, most=2, since=begin + 20, until=begin + 40) == [3, 2]
    assert history(queue, states=(State.DONE,)) == []


def test_what_ended_long_ago_is_forgotten_but_favourites_open_tasks_and_statistics_stay(queue, wall):
    old, loved, needed, follower = queue.add(
        [draft("old"), draft("loved"), draft("needed"), draft("follower", needs=(-3,))]
    )
    queue.favour(loved, True)
    queue.cancel([old, loved, needed])
    assert queue.get(follower).state is State.FAILED, "what it needed was cancelled"
    waits, young = queue.add([draft("waits"), draft("young")])
    wall.seconds += 9 * DAY
    queue.cancel([young])
    wall.seconds += 2 * DAY
    assert prune(queue, 10) == 3
    assert history(queue) == [young, loved]
    assert queue.get(waits).state is State.QUEUED and queue.steps(young)[-1].after is State.CANCELLED
    with queue.database.reading() as db:
        assert sum(day.cancelled + day.failed for day in days(db)) == 5
    assert prune(queue, 10) == 0


def test_what_a_command_did_is_kept_once_with_its_own_times(queue, wall):
    failure = {"code": "x", "message": "y", "hint": "z", "retryable": False}
    fine = Elsewhere(draft("fine", key="one"), wall() - DAY, 5.0, 700, 700, {"said": "fine"})
    bad = Elsewhere(draft("bad", key="two"), wall() - 2 * DAY, 1.0, 0, 30, {}, failure)
    assert keep(queue, [fine, bad]) == 2
    assert keep(queue, [bad, fine]) == 0
    first, second = (queue.get(number) for number in history(queue))
    assert (first.title, first.state, first.ended, first.result) == ("fine", State.DONE, wall() - DAY, {"said": "fine"})
    assert (second.title, second.state, second.error, second.listed) == ("bad", State.FAILED, failure, False)
    with queue.database.reading() as db:
        told = days(db)
    assert [(day.done, day.failed, day.bytes) for day in told] == [(0, 1, 30), (1, 0, 700)]
