"""The queue against a model, with restarts at any moment."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from modelyard.events.log import EventLog
from modelyard.store.database import Database
from modelyard.tasks.listing import Filter, history_page, queue_page
from modelyard.tasks.moving import Move
from modelyard.tasks.queue import Queue
from modelyard.tasks.states import ACTIVE, ENDED, State
from modelyard.tasks.statistics import days
from modelyard.tasks.task import Priority
from tasks.conftest import draft

FAILURE = {"code": "x", "message": "y", "hint": "z", "retryable": False}


class QueueMachine(RuleBasedStateMachine):
    """What the model knows: state, leader and needs of each task, and how often one ended."""

    ids = Bundle("ids")

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp(prefix="queue-"))
        self.seconds = 1_700_000_000.0
        self.state, self.key, self.follows, self.needs, self.place = {}, {}, {}, {}, {}
        self.ends = 0
        self.open()

    def open(self):
        self.queue = Queue(Database(self.folder), EventLog(), lambda: self.seconds)

    def teardown(self):
        if hasattr(self, "queue"):
            self.queue.database.close()
            shutil.rmtree(self.folder)

    # --- rules ------------------------------------------------------------------------------------

    @rule(
        target=ids,
        key=st.sampled_from([None, None, "a", "b"]),
        priority=st.sampled_from(Priority),
        need=st.none() | ids,
    )
    def add(self, key, priority, need):
        needs = (need,) if need else ()
        leader = self.leader(key)
        (number,) = self.queue.add([draft(key=key, priority=priority, needs=needs)])
        assert number not in self.state
        self.key[number], self.follows[number], self.needs[number] = key, leader, needs
        self.state[number] = State.WAITING if leader or needs else State.QUEUED
        self.place[number] = (int(priority), float(number))
        self.settle(number)
        return number

    def settle(self, number):
        """A task that waits for others starts, fails, or goes on waiting."""
        if self.state[number] is not State.WAITING or self.follows[number] is not None:
            return
        needed = [self.state[one] for one in self.needs[number]]
        if State.FAILED in needed or State.CANCELLED in needed:
            self.ended(number, State.FAILED)
        elif all(state is State.DONE for state in needed):
            self.state[number] = State.QUEUED

    def leader(self, key, but=None):
        if key is None:
            return None
        fitting = [
            one
            for one, its in self.key.items()
            if one != but and its == key and self.follows[one] is None and self.state[one] not in {*ENDED, State.PAUSED}
        ]
        return fitting[0] if fitting else None

    @rule(number=ids)
    def start(self, number):
        if self.state[number] is State.QUEUED:
            self.queue.mover.move(Move(number, State.RUNNING))
            self.state[number] = State.RUNNING

    @rule(number=ids, end=st.sampled_from([State.DONE, State.FAILED]))
    def finish(self, number, end):
        if self.state[number] in ACTIVE:
            self.queue.mover.move(Move(number, end, error=FAILURE if end is State.FAILED else None))
            self.ended(number, end)

    def ended(self, number, end):
        """The model's own word on what an end draws along."""
        self.state[number] = end
        self.ends += 1
        if end is State.CANCELLED:
            self.promote(number)
        for other in self.followers(number):
            self.ended(other, end)
        for other in sorted(self.state):
            if number in self.needs[other]:
                self.settle(other)

    def followers(self, number):
        left = {*ENDED, State.PAUSED}
        return [one for one in sorted(self.state) if self.follows[one] == number and self.state[one] not in left]

    def promote(self, number):
        """The first follower leads the others."""
        followers = self.followers(number)
        for other in followers:
            self.follows[other] = followers[0] if other != followers[0] else None
        if followers:
            self.settle(followers[0])

    @rule(number=ids)
    def pause(self, number):
        (answer,) = self.queue.pause([number])
        possible = self.state[number] not in {*ENDED, State.PAUSED}
        assert (answer.error is None) == possible
        if possible:
            self.state[number] = State.PAUSED
            self.promote(number)

    @rule(number=ids)
    def resume(self, number):
        (answer,) = self.queue.resume([number])
        follower = self.follows[number] is not None and self.state[number] is State.WAITING
        possible = self.state[number] not in {*ENDED, State.QUEUED} and not follower
        assert (answer.error is None) == possible, answer
        if possible:
            self.again(number)

    @rule(number=ids)
    def retry(self, number):
        (answer,) = self.queue.retry([number])
        possible = self.state[number] in {State.FAILED, State.CANCELLED}
        assert (answer.error is None) == possible
        if possible:
            self.again(number)

    def again(self, number):
        self.follows[number] = None
        self.state[number] = State.QUEUED
        leader = self.leader(self.key[number], but=number)
        if leader:
            self.follows[number] = leader
        met = all(self.state[one] is State.DONE for one in self.needs[number])
        if leader or not met:
            self.state[number] = State.WAITING
            self.settle(number)

    @rule(number=ids)
    def cancel(self, number):
        (answer,) = self.queue.cancel([number])
        possible = self.state[number] not in ENDED
        assert (answer.error is None) == possible
        if possible:
            self.ended(number, State.CANCELLED)

    @rule(number=ids, other=ids)
    def put_before(self, number, other):
        if number != other and self.state[number] not in ENDED and self.state[other] not in ENDED:
            self.queue.place([number], other)
            order = self.order()
            assert order.index(number) == order.index(other) - 1
            task = self.queue.get(number)
            self.place[number] = (int(task.priority), task.position)

    @rule(number=ids)
    def put_on_top(self, number):
        if self.state[number] not in ENDED:
            self.queue.place([number], top=True)
            task = self.queue.get(number)
            self.place[number] = (int(task.priority), task.position)

    @rule(seconds=st.floats(0, 1e6))
    def later(self, seconds):
        self.seconds += seconds

    @rule()
    def crash(self):
        """The process ends without a word; another one begins."""
        self.queue.database.close()
        self.open()
        self.queue.recover()
        for number, state in self.state.items():
            if state in ACTIVE:
                self.again(number)

    # --- what always holds ------------------------------------------------------------------------

    def order(self):
        with self.queue.database.reading() as db:
            page = queue_page(db, Filter(), None, 1000)
        return [task.id for task in page.tasks if task.state not in ENDED]

    @invariant()
    def every_task_is_where_the_model_says(self):
        if hasattr(self, "queue"):
            found = {number: self.queue.get(number) for number in self.state}
            assert {number: task.state for number, task in found.items()} == self.state
            assert {number: task.follows for number, task in found.items()} == self.follows

    @invariant()
    def the_order_is_the_one_that_was_asked_for(self):
        if hasattr(self, "queue"):
            expected = [one for one in self.state if self.state[one] not in ENDED]
            assert self.order() == sorted(expected, key=lambda one: (self.place[one], one))

    @invariant()
    def each_history_is_a_chain_that_ends_at_the_state(self):
        if hasattr(self, "queue"):
            for number, state in self.state.items():
                steps = self.queue.steps(number)
                befores = [None, *(step.after for step in steps[:-1])]
                assert [step.before for step in steps] == befores
                assert steps[-1].after is state

    @invariant()
    def statistics_count_every_end_once(self):
        if hasattr(self, "queue"):
            with self.queue.database.reading() as db:
                told = days(db)
                ended = {task.id for task in history_page(db, Filter(), None, 1000).tasks}
            assert sum(day.done + day.failed + day.cancelled for day in told) == self.ends
            assert ended == {number for number, state in self.state.items() if state in ENDED}


QueueMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestQueue = QueueMachine.TestCase
