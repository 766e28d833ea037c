import contextlib
import shutil
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from modelyard.errors import Busy, DiskFull, HashDiffers, Interrupted, Waiting
from modelyard.events.log import EventLog
from modelyard.net.stop import Clock
from modelyard.store.database import Database
from modelyard.tasks.kinds import Ready, Result
from modelyard.tasks.picking import Slots
from modelyard.tasks.queue import Queue
from modelyard.tasks.runner import Rules, Runner
from modelyard.tasks.states import State
from modelyard.tasks.task import Priority
from tasks.conftest import draft


class Toy:
    """A kind whose runs wait until the test says how they end."""

    name = "toy"

    def __init__(self):
        self.begun = []
        self.discarded = []
        self.ready = Ready()
        self.needs = {}
        self.looked = []
        self.not_ready = {}
        self.live = None
        self._ends = {}
        self._changed = threading.Condition()

    def prepare(self, task, stop):
        if task.title in self.not_ready:
            raise self.not_ready[task.title]
        with self._changed:
            self.looked.append(task.title)
            self._changed.notify_all()
        return self.needs.get(task.title, self.ready)

    def run(self, task, ready, live, stop):
        with self._changed:
            self.live = live
            self.begun.append(task.title)
            self._changed.notify_all()
            with stop.waking(self.look):
                self._changed.wait_for(lambda: task.title in self._ends or stop.is_set(), 30)
            end = self._ends.pop(task.title, None)
        stop.check()
        if isinstance(end, Exception):
            raise end
        live.tell(done=7, received=7, size=7)
        return Result({"said": end}, 7, 7)

    def discard(self, task):
        self.discarded.append(task.title)

    def look(self):
        with self._changed:
            self._changed.notify_all()

    def end(self, title, how="fine"):
        with self._changed:
            self._ends[title] = how
            self._changed.notify_all()

    def seen(self, title):
        with self._changed:
            assert self._changed.wait_for(lambda: title in self.looked, 10), self.looked

    def started(self, *titles):
        with self._changed:
            assert self._changed.wait_for(lambda: self.begun[-len(titles) :] == list(titles), 10), self.begun


class Yard:
    """A queue, a toy kind and a runner."""

    def __init__(self, queue, wall):
        self.queue, self.wall = queue, wall
        self.toy = Toy()
        self.rules = Rules(Slots(1, 1))
        self.clock = Clock()
        self.runner = self.new_runner()

    def new_runner(self):
        return Runner(self.queue, [self.toy], lambda: self.rules, self.clock)

    def change(self, **rules):
        self.rules = replace(self.rules, **rules)
        self.runner.wake()

    def later(self, seconds):
        self.wall.seconds += seconds
        self.runner.wake()

    def idle(self):
        """Wait until no thread of a task is left."""
        end = time.monotonic() + 10
        while self.runner.live():
            assert time.monotonic() < end
            self.toy.look()

    def until(self, number, state):
        """Wait for the event that a task reached a state."""
        end = time.monotonic() + 10
        while self.queue.get(number).state is not state:
            assert time.monotonic() < end, (self.queue.get(number), self.queue.steps(number))
            newest = self.queue.events.newest
            if self.queue.get(number).state is not state:
                self.queue.events.wait(newest, 0.2)
        return self.queue.get(number)


@pytest.fixture
def yard(queue, wall):
    yard = Yard(queue, wall)
    yard.runner.start()
    yield yard
    yard.runner.close()


def test_a_task_runs_to_its_end(yard):
    [number] = yard.queue.add([draft("a")])
    yard.toy.end("a")
    task = yard.until(number, State.DONE)
    assert task.result == {"said": "fine"}
    assert (task.size, task.done, task.received, task.run) == (7, 7, 7, 1)
    assert [step.after for step in yard.queue.steps(number)] == [State.QUEUED, State.RUNNING, State.DONE]


def test_a_higher_priority_goes_first_then_position(queue, wall):
    yard = Yard(queue, wall)
    low, normal, high = Priority.LOW, Priority.NORMAL, Priority.HIGH
    titles = [("a", low), ("b", normal), ("c", high), ("d", normal)]
    numbers = queue.add([draft(title, priority=priority) for title, priority in titles])
    for title, _ in titles:
        yard.toy.end(title)
    yard.runner.start()
    for number in numbers:
        yard.until(number, State.DONE)
    yard.runner.close()
    assert yard.toy.begun == ["c", "b", "d", "a"]


def test_a_limit_may_change_while_tasks_run(yard):
    yard.queue.add([draft("a"), draft("b", hub="other"), draft("c")])
    yard.toy.started("a")
    yard.change(slots=Slots(3, 1))
    yard.toy.started("a", "b")
    yard.change(slots=Slots(3, 2))
    yard.toy.started("a", "b", "c")


def test_a_paused_task_frees_its_slot_and_goes_on_later(yard):
    first, second = yard.queue.add([draft("a"), draft("b")])
    yard.toy.started("a")
    yard.queue.pause([first])
    yard.toy.started("b")
    assert yard.queue.get(first).state is State.PAUSED
    yard.toy.end("b")
    yard.until(second, State.DONE)
    yard.queue.resume([first])
    yard.toy.end("a")
    assert yard.until(first, State.DONE).run == 2


def test_a_cancelled_task_can_leave_nothing_behind(yard):
    running, queued = yard.queue.add([draft("a"), draft("b")])
    yard.toy.started("a")
    yard.queue.cancel([running, queued])
    yard.runner.discard([running, queued])
    yard.runner.close()
    assert sorted(yard.toy.discarded) == ["a", "b"]


def test_a_failure_that_may_pass_is_tried_again_and_the_reason_is_told(yard):
    [number] = yard.queue.add([draft("a")])
    yard.toy.end("a", Interrupted("The line was cut."))
    task = yard.until(number, State.WAITING)
    assert (task.attempts, task.until, task.error["code"]) == (1, yard.wall() + 30, "interrupted")
    assert "The line was cut." in task.reason
    yard.toy.end("a")
    yard.later(31)
    assert yard.until(number, State.DONE).attempts == 0


def test_a_failure_that_cannot_pass_is_final(yard):
    [number] = yard.queue.add([draft("a")])
    yard.toy.end("a", HashDiffers("Other bytes."))
    assert yard.until(number, State.FAILED).error["code"] == "hash-differs"


def test_after_the_last_try_it_is_final_too(yard):
    yard.change(retries=1)
    [number] = yard.queue.add([draft("a")])
    yard.toy.end("a", Interrupted("Cut."))
    yard.until(number, State.WAITING)
    yard.toy.end("a", Interrupted("Cut."))
    yard.later(31)
    assert yard.until(number, State.FAILED).attempts == 2


def test_a_hub_that_asks_for_patience_gets_it_and_the_slot_is_free(yard):
    first, second = yard.queue.add([draft("a"), draft("b")])
    yard.toy.end("a", Waiting("In an hour.", seconds=3600))
    task = yard.until(first, State.WAITING)
    assert (task.until, task.attempts) == (yard.wall() + 3600, 0)
    yard.toy.end("b")
    yard.until(second, State.DONE)


def test_a_full_disk_waits_and_counts_as_no_failure(yard):
    [number] = yard.queue.add([draft("a")])
    yard.toy.end("a", DiskFull("No room."))
    task = yard.until(number, State.WAITING)
    assert task.attempts == 0
    assert "room" in task.reason


def test_room_is_reserved_over_all_running_tasks(yard, tmp_path):
    free = shutil.disk_usage(tmp_path).free
    yard.toy.ready = Ready(size=free * 6 // 10, room={str(tmp_path): free * 6 // 10})
    yard.change(slots=Slots(2, 2))
    first, second = yard.queue.add([draft("a"), draft("b")])
    yard.toy.started("a")
    assert "For room" in yard.until(second, State.WAITING).reason
    yard.toy.end("a")
    yard.until(first, State.DONE)
    yard.toy.end("b")
    yard.later(61)
    yard.until(second, State.DONE)


def most_of(folder):
    """A task that needs six tenths of what is free."""
    size = shutil.disk_usage(folder).free * 6 // 10
    return Ready(size=size, room={str(folder): size})


def test_room_is_kept_for_a_task_that_comes_before_and_waits_for_its_hub(yard, tmp_path):
    yard.toy.needs = {"b": most_of(tmp_path), "c": most_of(tmp_path)}
    yard.change(slots=Slots(2, 1))
    first, second = yard.queue.add([draft("a"), draft("b")])
    yard.toy.started("a")
    yard.toy.seen("b")
    [third] = yard.queue.add([draft("c", hub="other")])
    assert "other tasks need" in yard.until(third, State.WAITING).reason
    yard.toy.end("a")
    yard.toy.end("b")
    yard.until(second, State.DONE)
    yard.later(61)
    yard.toy.end("c")
    yard.until(third, State.DONE)
    yard.until(first, State.DONE)


def test_room_is_kept_for_a_task_that_was_begun_and_is_tried_again_later(yard, tmp_path):
    yard.toy.needs = {"a": most_of(tmp_path), "b": most_of(tmp_path)}
    [first] = yard.queue.add([draft("a", target=str(tmp_path / "a"))])
    yard.toy.end("a", Waiting("In an hour.", seconds=3600))
    yard.until(first, State.WAITING)
    [second] = yard.queue.add([draft("b")])
    assert "other tasks need" in yard.until(second, State.WAITING).reason
    yard.queue.cancel([first])
    yard.later(61)
    yard.toy.end("b")
    yard.until(second, State.DONE)


def test_room_is_kept_for_a_task_far_back_that_brought_its_size_along(yard, tmp_path):
    size = most_of(tmp_path).size
    yard.toy.needs = {"d": most_of(tmp_path)}
    yard.change(slots=Slots(2, 1))
    _, *others = yard.queue.add([draft("a"), draft("b"), draft("c", target=str(tmp_path / "c"), size=size)])
    yard.toy.started("a")
    [last] = yard.queue.add([draft("d", hub="other")])
    assert "other tasks need" in yard.until(last, State.WAITING).reason
    assert "c" not in yard.toy.looked
    yard.queue.cancel(others)
    yard.toy.end("a")
    yard.later(61)
    yard.toy.started("d")


_MEMORY = Path("/dev/shm")  # a disk of its own right below another one


@pytest.mark.skipif(
    not _MEMORY.is_dir() or _MEMORY.stat().st_dev == _MEMORY.parent.stat().st_dev, reason="no disk of its own"
)
def test_the_room_of_a_task_whose_target_is_a_folder_is_kept_on_the_disk_of_that_folder(yard):
    yard.toy.needs = {"a": most_of(_MEMORY), "b": most_of(_MEMORY)}
    [first] = yard.queue.add([draft("a", target=str(_MEMORY))])
    yard.toy.end("a", Waiting("In an hour.", seconds=3600))
    yard.until(first, State.WAITING)
    [second] = yard.queue.add([draft("b")])
    assert "other tasks need" in yard.until(second, State.WAITING).reason


def test_a_small_task_and_one_with_a_higher_priority_do_not_wait_for_claims(yard, tmp_path):
    yard.toy.needs = {"a": most_of(tmp_path), "b": Ready(size=9, room={str(tmp_path): 9}), "c": most_of(tmp_path)}
    [first] = yard.queue.add([draft("a", target=str(tmp_path / "a"))])
    yard.toy.end("a", Waiting("In an hour.", seconds=3600))
    yard.until(first, State.WAITING)
    small, urgent = yard.queue.add([draft("b"), draft("c", priority=Priority.HIGH)])
    yard.toy.end("b")
    yard.toy.end("c")
    yard.until(small, State.DONE)
    yard.until(urgent, State.DONE)


def test_a_task_that_no_disk_can_hold_holds_up_nobody(yard, tmp_path):
    huge = shutil.disk_usage(tmp_path).total * 2
    yard.toy.needs = {"a": Ready(size=huge, room={str(tmp_path): huge}), "b": most_of(tmp_path)}
    first, second = yard.queue.add([draft("a", target=str(tmp_path / "a")), draft("b")])
    assert "For room" in yard.until(first, State.WAITING).reason
    yard.toy.end("b")
    yard.until(second, State.DONE)


def test_a_look_ahead_that_fails_takes_no_slot(yard):
    yard.toy.not_ready["a"] = HashDiffers("No.")
    first, second = yard.queue.add([draft("a"), draft("b")])
    yard.toy.started("b")
    assert yard.until(first, State.FAILED).run == 0
    yard.toy.end("b")
    yard.until(second, State.DONE)


def test_a_defect_in_a_job_is_told_and_ends_only_its_task(yard):
    first, second = yard.queue.add([draft("a"), draft("b")])
    yard.toy.end("a", ZeroDivisionError("oops"))
    assert yard.until(first, State.FAILED).error["code"] == "internal"
    yard.toy.end("b")
    yard.until(second, State.DONE)


def test_what_ran_when_the_service_stopped_goes_on_by_itself(yard):
    first, second = yard.queue.add([draft("a"), draft("b")])
    yard.toy.started("a")
    yard.runner.close()
    assert yard.queue.get(first).state is State.RUNNING
    yard.runner = yard.new_runner()
    yard.toy.end("a")
    yard.toy.end("b")
    yard.runner.start()
    assert yard.until(first, State.DONE).run == 2
    yard.until(second, State.DONE)


def test_a_task_without_a_sign_of_life_loses_its_slot(yard):
    yard.change(stalled=0.0)
    [number] = yard.queue.add([draft("a")])
    yard.toy.started("a")
    yard.runner.wake()
    task = yard.until(number, State.WAITING)
    assert task.error["code"] == "stuck"


def test_in_quiet_hours_nothing_runs(yard):
    first, second = yard.queue.add([draft("a"), draft("b")])
    yard.toy.started("a")
    yard.change(quiet_until=yard.wall() + 100)
    assert yard.until(first, State.WAITING).reason == "Quiet hours."
    assert yard.queue.get(second).state is State.QUEUED
    yard.idle()
    yard.toy.end("a")
    yard.toy.end("b")
    yard.later(101)
    for number in (first, second):
        yard.until(number, State.DONE)


def test_progress_of_all_running_tasks_comes_in_one_frame(yard):
    begin = yard.queue.events.newest
    yard.change(slots=Slots(2, 2))
    first, second = yard.queue.add([draft("a"), draft("b")])
    for number in (first, second):
        yard.until(number, State.RUNNING)
    end = time.monotonic() + 10
    while {one["id"] for one in yard.runner.live()} != {first, second}:
        assert time.monotonic() < end
        yard.toy.look()
    yard.runner.teller.tell()
    frames = [event for event in yard.queue.events.since(begin).events if event.kind == "progress"]
    assert {first, second} in [{one["id"] for one in frame.data["tasks"]} for frame in frames]


def test_progress_comes_four_times_a_second_at_most_however_often_it_changes(yard):
    frames, enough = [], threading.Event()

    def hear(event):
        if event.kind == "progress":
            frames.append(event.at)
            yard.toy.live.tell(done=len(frames), received=0)
            if len(frames) == 4:
                enough.set()

    yard.queue.add([draft("a")])
    yard.toy.started("a")
    yard.queue.events.listen(hear)
    yard.toy.live.tell(done=0, received=0)
    assert enough.wait(20)
    assert min(after - before for before, after in pairwise(frames)) > 0.24


def test_a_hub_that_is_full_or_hangs_keeps_no_other_waiting(yard):
    yard.change(slots=Slots(4, 3))
    hung = [draft(f"a{index}", hub="slow", priority=Priority.HIGH) for index in range(20)]
    yard.queue.add(hung)
    yard.queue.add([draft("b", hub="other")])
    end = time.monotonic() + 10
    while "b" not in yard.toy.begun:
        assert time.monotonic() < end, yard.toy.begun
        yard.queue.events.wait(yard.queue.events.newest, 0.1)
    assert len(yard.toy.begun) == 4


def test_an_error_that_nobody_foresaw_ends_neither_the_runner_nor_other_tasks(yard, monkeypatch):
    yard.toy.ready = Ready(size=2**70)
    [number] = yard.queue.add([draft("a")])
    assert yard.until(number, State.FAILED).error["code"] in {"internal", "bad-value"}
    yard.toy.ready = Ready()
    [number] = yard.queue.add([draft("b")])
    yard.toy.end("b")
    yard.until(number, State.DONE)
    assert yard.runner.well


def test_a_task_whose_thread_is_gone_goes_on(yard, queue):
    from modelyard.tasks.moving import Move

    yard.change(quiet_until=yard.wall() + 50)
    [number] = queue.add([draft("a")])
    queue.mover.move(Move(number, State.RUNNING))
    yard.toy.end("a")
    yard.change(quiet_until=None)
    yard.until(number, State.DONE)


def test_quiet_hours_that_are_taken_away_hold_nothing_back(yard):
    [number] = yard.queue.add([draft("a")])
    yard.toy.started("a")
    yard.change(quiet_until=yard.wall() + 10_000)
    yard.until(number, State.WAITING)
    yard.idle()
    yard.toy.end("a")
    yard.change(quiet_until=None)
    yard.until(number, State.DONE)


def test_what_a_follower_discards_is_not_what_its_leader_writes(yard):
    first, second = yard.queue.add([draft("a", key="k"), draft("b", key="k")])
    yard.toy.started("a")
    yard.queue.cancel([second])
    yard.runner.discard([second])
    assert yard.toy.discarded == []
    yard.toy.end("a")
    yard.until(first, State.DONE)


def take_over(other):
    """End the connection that has the claim and be quicker than its owner to take it again."""
    for _ in range(20):
        with other.reading() as db:
            db.execute(sa.text("SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE objid = 7980"))
        with contextlib.suppress(Busy):
            return other.claim()
    pytest.fail("The claim cannot be had.")


def test_what_runs_is_stopped_when_another_service_has_taken_the_queue(postgres, tmp_path, wall):
    url = postgres.database()
    mine, other = Database(tmp_path / "a", url), Database(tmp_path / "b", url)
    yard = Yard(Queue(mine, EventLog(), wall), wall)
    [number] = yard.queue.add([draft("a")])
    yard.runner.start()
    yard.toy.started("a")
    take_over(other)
    yard.runner.wake()
    yard.idle()
    assert not yard.runner.well
    assert yard.queue.get(number).state is State.RUNNING, "the other service goes on with it"
    other.close()
    yard.runner.wake()
    yard.toy.started("a", "a")
    assert yard.runner.well
    yard.runner.close()
    mine.close()
