import itertools

import pytest

from modelyard.errors import IllegalMove, NoSuchTask, UsageError
from modelyard.tasks.listing import Filter
from modelyard.tasks.moving import Move
from modelyard.tasks.states import MOVES, State
from modelyard.tasks.task import Priority
from tasks.conftest import draft


def run(queue, number):
    return queue.mover.move(Move(number, State.RUNNING))


def end(queue, number, state=State.DONE, **fields):
    error = {"code": "x", "message": "y", "hint": "z", "retryable": False} if state is State.FAILED else None
    return queue.mover.move(Move(number, state, error=error, fields=fields))


def test_added_tasks_keep_what_was_said(queue):
    [number] = queue.add([draft("b", address="hf:a/b", payload={"to": "x"}, priority=Priority.HIGH, size=5)])
    task = queue.get(number)
    assert (task.title, task.address, task.payload, task.priority, task.size) == (
        "b", "hf:a/b", {"to": "x"}, Priority.HIGH, 5,
    )  # fmt: skip
    assert task.state is State.QUEUED
    assert task.created == queue.wall()


def test_numbers_are_never_used_twice(queue, database):
    from modelyard.store.schema import moves, tasks

    [first] = queue.add([draft()])
    with database.writing() as db:
        db.execute(moves.delete())
        db.execute(tasks.delete())
    [second] = queue.add([draft()])
    assert second > first


@pytest.mark.parametrize(("start", "to"), list(itertools.product(State, State)))
def test_only_moves_of_the_table_are_made(queue, start, to):
    [number] = queue.add([draft()])
    for step in way(start):
        queue.mover.move(Move(number, step))
    if to in MOVES[start]:
        assert queue.mover.move(Move(number, to)).state is to
    else:
        with pytest.raises(IllegalMove):
            queue.mover.move(Move(number, to))
        assert queue.get(number).state is start


def way(state):
    """Moves from queued to a state, the shortest."""
    ways = {State.QUEUED: []}
    while state not in ways:
        for known in list(ways):
            for following in MOVES[known]:
                ways.setdefault(following, [*ways[known], following])
    return ways[state]


def test_every_state_can_be_reached():
    assert all(way(state) is not None for state in State)


def test_each_move_is_recorded_and_announced(queue):
    begin = queue.events.newest
    [number] = queue.add([draft()])
    run(queue, number)
    end(queue, number)
    assert [step.after for step in queue.steps(number)] == [State.QUEUED, State.RUNNING, State.DONE]
    told = [(event.kind, event.data.get("to")) for event in queue.events.since(begin).events]
    assert told == [("task.added", None), ("task.moved", "running"), ("task.moved", "done")]


def test_the_late_word_of_an_older_run_moves_nothing(queue):
    [number] = queue.add([draft()])
    queue.mover.move(Move(number, State.RUNNING, fields={"run": 1}))
    queue.pause([number])
    queue.resume([number])
    queue.mover.move(Move(number, State.RUNNING, fields={"run": 2}))
    with pytest.raises(IllegalMove, match="Run 1"):
        queue.mover.move(Move(number, State.DONE, run=1))
    assert queue.get(number).state is State.RUNNING


def test_the_same_work_asked_twice_is_done_once(queue):
    first, second = queue.add([draft(key="k"), draft(key="k")])
    [third] = queue.add([draft(key="k")])
    assert queue.get(second).follows == queue.get(third).follows == first
    run(queue, first)
    end(queue, first, result={"files": ["f"]})
    for number in (second, third):
        assert queue.get(number).state is State.DONE
        assert queue.get(number).result == {"files": ["f"]}
    [later] = queue.add([draft(key="k")])
    assert queue.get(later).follows is None


def test_a_follower_fails_with_its_leader(queue):
    first, second = queue.add([draft(key="k"), draft(key="k")])
    run(queue, first)
    end(queue, first, State.FAILED)
    assert queue.get(second).state is State.FAILED
    assert queue.get(second).error["code"] == "x"


def test_when_the_leader_is_cancelled_the_follower_goes_on_itself(queue):
    first, second = queue.add([draft(key="k"), draft(key="k")])
    queue.cancel([first])
    assert queue.get(second).state is State.QUEUED
    assert queue.get(second).follows is None


def test_when_the_leader_is_paused_the_others_go_on_with_one_transfer(queue):
    first, second, third = queue.add([draft(key="k"), draft(key="k"), draft(key="k")])
    run(queue, first)
    queue.pause([first])
    assert queue.get(second).state is State.QUEUED
    assert queue.get(third).follows == second
    assert queue.resume([first])[0].task.follows == second


def test_when_the_leader_is_cancelled_there_is_still_one_transfer(queue):
    first, second, third = queue.add([draft(key="k"), draft(key="k"), draft(key="k")])
    queue.cancel([first])
    assert queue.get(third).follows == second
    assert queue.retry([first])[0].task.follows == second


def test_a_task_that_needs_what_has_failed_fails_at_once(queue):
    [companion] = queue.add([draft("vae")])
    queue.cancel([companion])
    [model] = queue.add([draft("model", needs=(companion,))])
    assert queue.get(model).error["code"] == "need-failed"
    assert queue.retry([model])[0].task.state is State.FAILED


def test_a_paused_task_whose_need_failed_meanwhile_fails_when_it_goes_on(queue):
    companion, model = queue.add([draft("vae"), draft("model", needs=(-1,))])
    queue.pause([model])
    queue.cancel([companion])
    assert queue.resume([model])[0].task.error["code"] == "need-failed"


def test_a_task_cannot_need_itself_or_a_later_one(queue):
    with pytest.raises(UsageError):
        queue.add([draft("a", needs=(-2,)), draft("b", needs=(-1,))])
    with pytest.raises((UsageError, NoSuchTask)):
        queue.add([draft("a", needs=(1,))])
    assert sum(queue.counts().values()) == 0


def test_a_chain_of_a_thousand_needs_ends_with_its_head(queue):
    drafts = [draft(str(index), needs=(-index,) if index else ()) for index in range(1000)]
    numbers = queue.add(drafts)
    queue.cancel([numbers[0]])
    assert {queue.get(number).state for number in numbers[1:]} == {State.FAILED}


def test_a_byte_is_counted_once_whatever_run_it_came_in(queue, database):
    from modelyard.tasks.statistics import days

    [number] = queue.add([draft()])
    run(queue, number)
    end(queue, number, State.FAILED, received=5, seconds=1.0)
    queue.retry([number])
    run(queue, number)
    end(queue, number, State.DONE, received=10, seconds=2.0)
    with database.reading() as db:
        assert [(day.bytes, day.seconds) for day in days(db)] == [(10, 2.0)]


def test_what_is_told_comes_in_the_order_in_which_it_became_true(queue):
    import threading

    numbers = queue.add([draft() for _ in range(10)])
    begin = queue.events.newest

    def flip():
        for _ in range(5):
            queue.pause(numbers)
            queue.resume(numbers)

    threads = [threading.Thread(target=flip) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = {event.data["id"]: event.data["to"] for event in queue.events.since(begin).events if "to" in event.data}
    assert told == {number: queue.get(number).state for number in numbers}


def test_a_thread_that_writes_cannot_write_beside_itself(queue, database):
    def twice():
        with database.writing():
            queue.add([draft()])

    with pytest.raises(RuntimeError):
        twice()
    assert queue.add([draft()])


def test_a_task_waits_for_what_it_needs(queue):
    companion, model = queue.add([draft("vae"), draft("model", needs=(-1,))])
    assert queue.get(model).state is State.WAITING
    run(queue, companion)
    end(queue, companion)
    assert queue.get(model).state is State.QUEUED


def test_a_task_fails_when_what_it_needs_fails_and_can_be_tried_again(queue):
    companion, model = queue.add([draft("vae"), draft("model", needs=(-1,))])
    run(queue, companion)
    end(queue, companion, State.FAILED)
    assert queue.get(model).error["code"] == "need-failed"
    queue.retry([model, companion])
    assert queue.get(companion).state is State.QUEUED
    assert queue.get(model).state is State.WAITING


def test_a_task_that_needs_what_is_done_starts_at_once(queue):
    [companion] = queue.add([draft("vae")])
    run(queue, companion)
    end(queue, companion)
    [model] = queue.add([draft("model", needs=(companion,))])
    assert queue.get(model).state is State.QUEUED


def test_needing_an_unknown_task_adds_nothing(queue):
    with pytest.raises(NoSuchTask):
        queue.add([draft("a"), draft("b", needs=(99,))])
    assert sum(queue.counts().values()) == 0


def test_a_bulk_change_answers_for_each_and_one_refusal_stops_no_other(queue):
    first, second = queue.add([draft(), draft()])
    queue.cancel([first])
    answers = queue.pause([first, second, 99])
    assert [answer.error and answer.error["code"] for answer in answers] == ["illegal-move", None, "no-such-task"]
    assert queue.get(second).state is State.PAUSED


def test_an_ended_task_is_not_resumed_but_retried(queue):
    [number] = queue.add([draft()])
    queue.cancel([number])
    assert queue.resume([number])[0].error["code"] == "illegal-move"
    assert queue.retry([number])[0].task.state is State.QUEUED


def test_all_failed_ones_are_tried_again(queue):
    numbers = queue.add([draft(), draft(), draft()])
    for number in numbers[:2]:
        run(queue, number)
        end(queue, number, State.FAILED)
    assert len(queue.retry(queue.chosen(Filter(states=(State.FAILED,))))) == 2
    assert queue.counts()[State.QUEUED] == 3


def test_clearing_keeps_the_history(queue):
    done, open_one = queue.add([draft(), draft()])
    run(queue, done)
    end(queue, done)
    assert queue.clear() == 1
    assert not queue.get(done).listed
    assert queue.get(open_one).listed


def test_open_tasks_cannot_be_cleared(queue):
    with pytest.raises(IllegalMove):
        queue.clear([State.RUNNING])


def test_what_ran_when_the_process_ended_goes_on_after_a_start(queue):
    first, second = queue.add([draft(), draft()])
    run(queue, first)
    assert queue.recover() == 1
    assert {queue.get(first).state, queue.get(second).state} == {State.QUEUED}


def test_too_many_at_once_are_refused_whole(queue):
    with pytest.raises(UsageError):
        queue.add([draft()] * 100_001)


def test_a_favourite_is_remembered(queue):
    [number] = queue.add([draft()])
    assert queue.favour(number, favourite=True).favourite
    assert not queue.favour(number, favourite=False).favourite
