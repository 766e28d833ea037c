import gc
import threading
import weakref

import pytest

from modelyard.errors import Stopped
from modelyard.net.stop import Stop


def test_ten_thousand_children_leave_nothing_behind() -> None:
    parent = Stop()
    born = weakref.WeakSet(Stop(parent) for _ in range(10_000))
    gc.collect()
    assert len(born) == 0
    assert len(parent._children) == 0
    assert parent._wake == []


def test_a_child_in_use_hears_its_parent_and_the_reason() -> None:
    parent = Stop()
    child = Stop(parent)
    gc.collect()
    parent.set("The house closes.")
    with pytest.raises(Stopped, match="The house closes"):
        child.check()


def test_a_grandchild_hears_it_though_nobody_else_holds_the_flag_between() -> None:
    root = Stop()
    grandchild = Stop(Stop(root))
    gc.collect()
    root.set("Everything ends.")
    assert grandchild.is_set()
    assert grandchild.reason == "Everything ends."


def test_a_child_does_not_stop_its_parent() -> None:
    parent = Stop()
    Stop(parent).set()
    assert not parent.is_set()


def test_a_child_of_a_set_flag_is_born_set() -> None:
    parent = Stop()
    parent.set("Too late.")
    assert Stop(parent).reason == "Too late."


def test_a_thread_that_waits_on_a_child_wakes_when_the_parent_is_set() -> None:
    parent, told = Stop(), []

    def sleep() -> None:
        try:
            Stop(parent).wait(60)
        except Stopped as error:
            told.append(error.message)

    thread = threading.Thread(target=sleep)
    thread.start()
    while not parent._children:
        pass
    parent.set("Wake up.")
    thread.join(10)
    assert told == ["Wake up."]


def test_a_call_made_while_another_call_sets_the_flag_is_not_lost() -> None:
    stop, calls = Stop(), []
    stop.also(lambda: stop.also(lambda: calls.append("inner")))
    stop.set()
    assert calls == ["inner"]


def test_a_flag_may_be_set_by_a_signal_in_the_middle_of_registering() -> None:
    stop, calls = Stop(), []
    with stop._lock:  # as the handler finds it
        stop.set()
    stop.also(lambda: calls.append("woken"))
    assert calls == ["woken"]


def test_children_may_come_and_go_in_many_threads_while_the_parent_is_set() -> None:
    parent, kept = Stop(), []

    def work() -> None:
        for _ in range(500):
            Stop(parent)
            kept.append(Stop(parent))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    parent.set("Now.")
    for thread in threads:
        thread.join()
    assert all(child.is_set() for child in kept)
