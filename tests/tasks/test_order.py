from modelyard.tasks.listing import Filter, queue_page
from modelyard.tasks.states import OPEN
from tasks.conftest import draft


def order(queue):
    with queue.database.reading() as db:
        return [task.id for task in queue_page(db, Filter(states=tuple(OPEN))).tasks]


def test_a_place_is_right_before_the_other_one_also_when_an_ended_task_comes_back_there(queue):
    first, ended, last, placed, next_ = queue.add([draft(name) for name in "abcde"])
    queue.cancel([ended])
    queue.place([placed], last)
    queue.retry([ended])
    queue.place([next_], placed)
    found = order(queue)
    assert found.index(next_) == found.index(placed) - 1
    assert [one for one in found if one != ended] == [first, next_, placed, last]
