"""The runner: one thread that decides, one thread for each task that runs.

A turn reads from top to bottom: wake what is due, stop what a person moved, look ahead, start what fits.
It happens whenever something changed, and at the latest when the next waiting task is due.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping

import msgspec

from modelyard.errors import Busy, DiskError, Stuck, YardError, unforeseen
from modelyard.net.stop import Clock, Stop
from modelyard.tasks.kinds import Kind
from modelyard.tasks.lookahead import Lookahead
from modelyard.tasks.moving import Move
from modelyard.tasks.periodic import add_due
from modelyard.tasks.picking import Slots, pick
from modelyard.tasks.queue import Queue
from modelyard.tasks.reserving import Beside, short_of_room
from modelyard.tasks.running import Running
from modelyard.tasks.runs import Runs
from modelyard.tasks.states import ACTIVE, State
from modelyard.tasks.task import Task
from modelyard.tasks.telling import Teller
from modelyard.tasks.upcoming import due, lost, next_due, states_of, upcoming, waiting_for
from modelyard.tasks.verdict import judge

_LONGEST = 10.0
_TROUBLE = 5.0
_AHEAD = 4
_ROOM_AGAIN = 60.0
_QUIET = "Quiet hours."


class Rules(msgspec.Struct, frozen=True):
    """How tasks are run; asked anew every turn, so that a change holds at once.

    Attributes:
        stalled: Seconds without a sign of life.
        retries: Tries after the first one that a task has by itself.
        reserve: Bytes that stay free on every disk.
        quiet_until: No task runs before this time (seconds since 1970); None: they run.
    """

    slots: Slots
    stalled: float = 300.0
    retries: int = 5
    reserve: int = 0
    quiet_until: float | None = None


class Runner:
    """Runs the tasks of a queue.

    Args:
        kinds: Who runs which kind; tasks of other kinds stay queued.
        rules: Asked every turn.
    """

    def __init__(self, queue: Queue, kinds: Iterable[Kind], rules: Callable[[], Rules], clock: Clock) -> None:
        self._queue = queue
        self._kinds: Mapping[str, Kind] = {kind.name: kind for kind in kinds}
        self._rules = rules
        self._clock = clock
        self._stop = Stop()
        self._woken = threading.Event()
        self._runs = Runs()
        self.teller = Teller(queue, self._runs)
        self._own: list[threading.Thread] = []
        self._threads: list[threading.Thread] = []
        self._ahead = Lookahead(self._stop, self._not_ready, self.wake)
        self._was_quiet = True
        self._displaced = False

    # --- start and stop ---------------------------------------------------------------------------

    def start(self) -> None:
        """Go on with what ran when the process ended last, then run."""
        self._queue.database.claim()
        self._queue.recover()
        self._queue.on_change = self.wake
        for target in (self._decide, self._tick):
            thread = threading.Thread(target=target, name=f"runner{target.__name__}", daemon=True)
            thread.start()
            self._own.append(thread)

    def close(self, seconds: float = 2.0) -> None:
        """Stop every task where it is; they go on at the next start."""
        self._stop.set("The service stops.")
        self.wake()
        for one in self._runs.all():
            one.stop.set("The service stops.")
        until = self._clock.now() + seconds
        for thread in [*self._own, *self._threads]:
            thread.join(max(0.0, until - self._clock.now()))

    @property
    def well(self) -> bool:
        """Whether it still decides, and nobody else does."""
        return not self._displaced and all(thread.is_alive() for thread in self._own)

    def wake(self) -> None:
        """Something changed: look for work now."""
        self._woken.set()

    # --- look -------------------------------------------------------------------------------------

    def live(self) -> list[dict[str, object]]:
        """How far each running task is."""
        return [one.live.snapshot() for one in self._runs.all()]

    def discard(self, numbers: Iterable[int]) -> None:
        """Remove what cancelled tasks left behind, now or as soon as their thread has ended."""
        for number in numbers:
            one = self._runs.get(number)
            task = self._queue.get(number)
            if task.state is not State.CANCELLED or self._queue.shared(task):
                continue
            if one is not None:
                one.discard()
            elif task.kind in self._kinds:
                self._kinds[task.kind].discard(task)

    # --- decide -----------------------------------------------------------------------------------

    def _decide(self) -> None:
        while not self._stop.is_set():
            self._woken.clear()
            self._woken.wait(self._safely(self._turn))

    def _safely(self, turn: Callable[[], float]) -> float:
        """The runner never ends of an error: it says so and tries again."""
        try:
            return turn()
        except Exception as error:  # noqa: BLE001  # a queue that stands still without a word is worse
            told = error if isinstance(error, YardError) else unforeseen(error)
            self._queue.events.publish("runner.trouble", told.as_dict())
            return _TROUBLE

    def _turn(self) -> float:
        """One look at everything; gives the seconds until the next one is due."""
        self._stay_alone()
        rules, now = self._rules(), self._queue.wall()
        with self._queue.database.reading() as db:
            awake, following = due(db, now), next_due(db)
        self._release(awake, "Its time has come.")
        add_due(self._queue)
        self._find_lost()
        self._stop_moved()
        self._stop_stuck(rules)
        if rules.quiet_until and rules.quiet_until > now:
            self._quiet(rules.quiet_until)
            return min(_LONGEST, rules.quiet_until - now)
        self._end_quiet()
        if not self._stop.is_set():
            self._start_next(rules)
        return _LONGEST if following is None else max(0.05, min(_LONGEST, following - now))

    def _stay_alone(self) -> None:
        """Nothing runs here while another service runs the queue: ours lost its connection to the database.

        Raises:
            Busy: Another one does.
        """
        try:
            self._queue.database.claim()
        except Busy as error:
            self._displaced = True
            for one in self._runs.all():
                one.stop.set(error.message)
            raise
        self._displaced = False

    def _release(self, numbers: list[int], reason: str) -> None:
        for number in numbers:
            self._queue.mover.attempt(Move(number, State.QUEUED, reason, start=[State.WAITING]))

    def _find_lost(self) -> None:
        """A task whose thread ended without a word goes on."""
        with self._queue.database.reading() as db:
            running = {one.task.id for one in self._runs.all()}
            gone = lost(db, running)
        if self._stop.is_set():
            return  # their threads ended because of that
        for number in gone:
            self._queue.mover.attempt(Move(number, State.QUEUED, "Goes on.", start=ACTIVE))

    def _stop_moved(self) -> None:
        """Stop the threads of tasks that were paused, cancelled or put back."""
        running = self._runs.all()
        if not running:
            return
        with self._queue.database.reading() as db:
            states = states_of(db, [one.task.id for one in running])
        for one in running:
            state, run = states.get(one.task.id, (State.CANCELLED, -1))
            if state not in ACTIVE or run != one.task.run:
                one.stop.set(f"The task is {state}.")

    def _stop_stuck(self, rules: Rules) -> None:
        for one in self._runs.all():
            if one.silent_for(self._clock.now()) > rules.stalled and not one.stop.is_set():
                error = Stuck(f"Nothing happened for {rules.stalled:.0f} seconds.")
                self._put_off(one.task, error, rules)
                one.stop.set("Stuck.")
                self._runs.drop(one)  # its thread may hang for ever; its slot must not

    def _put_off(self, task: Task, error: YardError, rules: Rules) -> None:
        verdict = judge(error, task.attempts, rules.retries)
        until = None if verdict.wait is None else self._queue.wall() + verdict.wait
        fields = {"until": until, "attempts": task.attempts + verdict.counts}
        self._queue.mover.attempt(Move(task.id, verdict.state, verdict.reason, error.as_dict(), task.run, fields))

    def _not_ready(self, task: Task, error: YardError) -> None:
        if not self._stop.is_set():
            self._put_off(task, error, self._rules())

    def _quiet(self, until: float) -> None:
        self._was_quiet = True
        for one in self._runs.all():
            wish = Move(one.task.id, State.WAITING, _QUIET, run=one.task.run, fields={"until": until})
            if self._queue.mover.attempt(wish):
                one.stop.set(_QUIET)

    def _end_quiet(self) -> None:
        """Quiet hours may end before their time: somebody changed the setting."""
        if self._was_quiet:
            self._was_quiet = False
            with self._queue.database.reading() as db:
                waiting = waiting_for(db, _QUIET)
            self._release(waiting, "Quiet hours are over.")

    # --- start ------------------------------------------------------------------------------------

    def _start_next(self, rules: Rules) -> None:
        with self._queue.database.reading() as db:
            candidates = upcoming(db, self._kinds, rules.slots.total + _AHEAD)
        running = self._runs.all()
        held = {one.task.id for one in running}  # put back, but its old thread has not ended yet
        candidates = [task for task in candidates if task.id not in held]
        hubs = [one.task.hub for one in running]
        near = pick(candidates, hubs, Slots(rules.slots.total + _AHEAD, rules.slots.per_hub + 1))
        self._ahead.keep_only([task.id for task in near])
        for task in near:
            self._each_safely(task, rules, lambda task: self._ahead.look(task, self._kinds[task.kind]))
        ready = [task for task in candidates if self._ahead.ready(task.id)]
        for task in pick(ready, hubs, rules.slots):
            self._each_safely(task, rules, lambda task: self._start(task, rules, near))

    def _each_safely(self, task: Task, rules: Rules, do: Callable[[Task], None]) -> None:
        """What cannot even be started fails, and holds up nobody."""
        try:
            do(task)
        except (DiskError, Busy):
            raise  # the database's trouble, not the task's
        except Exception as error:  # noqa: BLE001  # no thread to be had, a number no database holds
            self._put_off(task, error if isinstance(error, YardError) else unforeseen(error), rules)

    def _start(self, task: Task, rules: Rules, near: list[Task]) -> None:
        ready = self._ahead.take(task.id)
        order = (task.priority, task.position)
        earlier = [one.id for one in near if (one.priority, one.position) < order]
        beside = Beside(self._runs.all(), earlier, self._ahead.rooms(earlier))
        short = short_of_room(task, ready, beside, self._queue.database, rules.reserve)
        if short:
            put_off = {"until": self._queue.wall() + _ROOM_AGAIN, "size": ready.size}
            self._queue.mover.attempt(Move(task.id, State.WAITING, f"For room: {short}.", run=task.run, fields=put_off))
            return
        fields = {"run": task.run + 1, "size": ready.size, "title": ready.title or task.title}
        started = self._queue.mover.attempt(Move(task.id, State.RUNNING, run=task.run, fields=fields))
        if started is None:
            return
        one = Running(started, self._kinds[task.kind], ready, Stop(self._stop), self._clock.now(), self._stop)
        self._runs.put(one)
        thread = threading.Thread(target=self._work, args=(one, rules.retries), name=f"task-{task.id}", daemon=True)
        self._threads = [*(each for each in self._threads if each.is_alive()), thread]
        thread.start()

    def _work(self, one: Running, retries: int) -> None:
        try:
            one.work(self._queue, retries, self._clock.now)
        finally:
            self._runs.drop(one)
            self.wake()

    # --- tell -------------------------------------------------------------------------------------

    def _tick(self) -> None:
        while not self._stop.is_set():
            self._stop_wait(self._safely(self.teller.tell))

    def _stop_wait(self, seconds: float) -> None:
        done = threading.Event()
        with self._stop.waking(done.set):
            done.wait(seconds)
