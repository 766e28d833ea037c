"""What was done outside the queue is kept by the one function that moves tasks, and is no news."""

import pytest

from modelyard.errors import IllegalMove
from modelyard.tasks import states
from modelyard.tasks.elsewhere import Elsewhere, keep
from modelyard.tasks.states import State
from modelyard.tasks.statistics import days
from tasks.conftest import draft

ERROR = {"code": "no-space", "message": "Full.", "hint": "Make room.", "retryable": True}


def done(title, **more):
    told = {"ended": 1000.0, "seconds": 10.0, "size": 50, "received": 40, "result": {"files": []}} | more
    return Elsewhere(draft(title, key=f"once {title}"), **told)


def test_what_was_done_elsewhere_stands_in_history_and_statistics_and_nobody_is_told_of_a_move(queue):
    newest = queue.events.newest
    assert keep(queue, [done("a"), done("b", error=ERROR)]) == 2
    first, second = queue.get(1), queue.get(2)
    assert (first.state, first.started, first.ended, first.received) == (State.DONE, 990.0, 1000.0, 40)
    assert (second.state, second.error) == (State.FAILED, ERROR) and not second.listed
    assert [(step.at, step.before, step.after) for step in queue.steps(1)] == [
        (990.0, None, State.QUEUED),
        (1000.0, State.QUEUED, State.DONE),
    ]
    with queue.database.reading() as db:
        (day,) = days(db)
    assert (day.done, day.failed, day.bytes, day.seconds) == (1, 1, 80, 20.0)
    assert [event.kind for event in queue.events.since(newest).events] == ["queue.kept"]


def test_it_is_kept_once(queue):
    assert keep(queue, [done("a")]) == 1
    assert keep(queue, [done("a"), done("b")]) == 1


def test_the_table_of_moves_holds_for_it_too(queue, monkeypatch):
    monkeypatch.setitem(states.MOVES, State.QUEUED, frozenset())
    with pytest.raises(IllegalMove):
        keep(queue, [done("a")])
    assert queue.counts()[State.QUEUED] == 0
