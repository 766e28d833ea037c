"""One run of one task: its thread, its stop flag, how far it is, and what becomes of it."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from modelyard.errors import Busy, DiskError, IllegalMove, Stopped, YardError, unforeseen
from modelyard.net.stop import Stop
from modelyard.tasks.kinds import Kind, Ready, Result
from modelyard.tasks.moving import Move
from modelyard.tasks.progress import Live
from modelyard.tasks.queue import Queue
from modelyard.tasks.states import State
from modelyard.tasks.task import Task
from modelyard.tasks.verdict import judge

_PATIENT = 12.0
_AGAIN = 1.0


@dataclass
class Running:
    """A task that runs.

    Attributes:
        begun: When, on the clock that only goes forward.
        closing: Set when the whole runner stops.
    """

    task: Task
    kind: Kind
    ready: Ready
    stop: Stop
    begun: float
    closing: Stop = field(default_factory=Stop)
    live: Live = field(init=False)
    _unwanted: bool = False
    _over: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seen: tuple[int, float] = field(init=False)

    def __post_init__(self) -> None:
        self.live = Live(self.task.id, self.task.run)
        self.live.tell(done=self.task.done, received=0, size=self.ready.size, stage="waiting")
        self._seen = (self.live.moves, self.begun)

    def left(self) -> dict[str, int]:
        """Bytes still to be written, by folder: what was reserved less what has arrived."""
        arrived = int(self.live.get("received", 0))
        left = {}
        for folder, size in self.ready.room.items():
            left[folder] = max(0, size - arrived)
            arrived = max(0, arrived - size)
        return left

    def silent_for(self, now: float) -> float:
        """Seconds without any sign of life, shortened where a disk or a hub may take long."""
        moves, since = self._seen
        if self.live.moves != moves:
            self._seen = (self.live.moves, now)
            return 0.0
        patience = 1.0 if self.live.get("stage") == "transferring" else _PATIENT
        return (now - since) / patience

    def work(self, queue: Queue, retries: int, now: Callable[[], float]) -> None:
        """Run to the end and write down what became of it. Runs in a thread of its own."""
        try:
            result = self.kind.run(self.task, self.ready, self.live, self.stop)
        except YardError as error:
            self._failed(queue, error, retries, now() - self.begun)
        except Exception as error:  # noqa: BLE001  # a defect in one task must not end the runner
            self._failed(queue, unforeseen(error), retries, now() - self.begun)
        else:
            self._done(queue, result, now() - self.begun)

    def _done(self, queue: Queue, result: Result, seconds: float) -> None:
        fields = self._costs(seconds) | {"result": dict(result.told), "attempts": 0}
        size = result.size if result.size is not None else self.ready.size
        fields |= {"size": size, "done": size or 0, "received": self.task.received + result.received}
        self._write_down(queue, Move(self.task.id, State.DONE, run=self.task.run, fields=fields), seconds)

    def _failed(self, queue: Queue, error: YardError, retries: int, seconds: float) -> None:
        if self.stop.is_set():
            self._patiently(lambda: self._set_down(queue, seconds))
            return
        verdict = judge(error, self.task.attempts, retries)
        until = None if verdict.wait is None else queue.wall() + verdict.wait
        fields = self._costs(seconds) | {"until": until, "attempts": self.task.attempts + verdict.counts}
        wish = Move(self.task.id, verdict.state, verdict.reason, error.as_dict(), self.task.run, fields)
        self._write_down(queue, wish, seconds)

    def _write_down(self, queue: Queue, wish: Move, seconds: float) -> None:
        """Move, or where a person moved it in that very moment set down what was reached; the file stays."""

        def write() -> None:
            try:
                queue.mover.move(wish)
            except IllegalMove:
                self._set_down(queue, seconds)

        self._patiently(write)

    def _patiently(self, write: Callable[[], None]) -> None:
        """Write as soon as the database takes it: its first refusal frees the reserve, later ones wait for room."""
        with contextlib.suppress(Stopped):  # the next start goes on from what the database knows
            for pause in itertools.chain((0.0,), itertools.repeat(_AGAIN)):
                try:
                    write()
                    break
                except (DiskError, Busy):
                    self.closing.wait(pause)

    def _set_down(self, queue: Queue, seconds: float) -> None:
        """Somebody moved the task while it ran: only what was reached is written down."""
        queue.note(self.task.id, self.task.run, self._costs(seconds))
        with self._lock:
            self._over = True
        if self._unwanted:
            self.kind.discard(self.task)

    def discard(self) -> None:
        """A person cancelled and wants nothing kept: remove it as soon as nobody writes it any more."""
        with self._lock:
            self._unwanted, over = True, self._over
        self.stop.set("Cancelled.")
        if over:
            self.kind.discard(self.task)

    def _costs(self, seconds: float) -> dict[str, object]:
        live = self.live.snapshot()
        return {
            "done": live["done"],
            "size": live["size"],
            "received": self.task.received + live["received"],
            "seconds": self.task.seconds + seconds,
        }
