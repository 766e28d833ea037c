"""What the queue should do, without a database: state, leader and needs of each task, and how often one ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from modelyard.tasks.states import ACTIVE, ENDED, State

ILLEGAL = "illegal-move"
_OUT = {*ENDED, State.PAUSED}


@dataclass
class Model:
    """The tasks by number.

    Attributes:
        put_off: Those that wait for a time.
        ends: How often a task ended.
        bytes: How many came over the wire.
    """

    state: dict[int, State] = field(default_factory=dict)
    key: dict[int, str | None] = field(default_factory=dict)
    follows: dict[int, int | None] = field(default_factory=dict)
    needs: dict[int, list[int]] = field(default_factory=dict)
    place: dict[int, list[float]] = field(default_factory=dict)
    put_off: set[int] = field(default_factory=set)
    ends: int = 0
    bytes: int = 0

    def looks(self) -> dict[str, Any]:
        """What a look at the queue should tell."""
        return {
            "state": self.state,
            "follows": self.follows,
            "place": self.place,
            "ended": [number for number, state in self.state.items() if state in ENDED],
            "ends": self.ends,
            "bytes": self.bytes,
        }

    def order(self) -> list[int]:
        """What is open, in the order of the queue."""
        return sorted(
            (one for one, state in self.state.items() if state not in ENDED), key=lambda one: (self.place[one], one)
        )

    def movable(self, how: str) -> list[int]:
        """What can be moved that way."""
        starts = {"start": {State.QUEUED}, "verify": {State.RUNNING}}.get(how, ACTIVE)
        return [number for number, state in self.state.items() if state in starts]

    # --- verbs: each gives what the queue should answer ---------------------------------------------

    def add(self, drafts: list[dict[str, Any]]) -> list[int]:
        added = list(range(len(self.state) + 1, len(self.state) + len(drafts) + 1))
        for number, draft in zip(added, drafts, strict=True):
            leader = self._leader(draft["key"])
            needs = [added[-1 - need] if need < 0 else need for need in draft["needs"]]
            self.key[number], self.follows[number], self.needs[number] = draft["key"], leader, needs
            self.state[number] = State.WAITING if leader or needs else State.QUEUED
            self.place[number] = [draft["priority"], float(number)]
        for number in added:
            self._settle(number)
        return added

    def move(self, how: str, ids: list[int]) -> list[str | None]:
        (number,) = ids
        if number not in self.movable(how):
            return [ILLEGAL]
        ends = {"succeed": State.DONE, "fail": State.FAILED}
        if how in ends:
            self.bytes += 7
            self._end(number, ends[how])
        elif how == "put_off":
            self._stand(number, State.WAITING)
            self.put_off.add(number)
        else:
            self._stand(number, State.RUNNING if how == "start" else State.VERIFYING)
        return [None]

    def change(self, how: str, ids: list[int]) -> list[str | None]:
        answers = [getattr(self, f"_{how}")(number) for number in ids]
        for number in ids:
            self._settle(number)
        return answers

    def recover(self) -> None:
        """What a new process does first."""
        active = [number for number, state in self.state.items() if state in ACTIVE]
        for number in active:
            self._again(number)
        for number in active:
            self._settle(number)

    def _pause(self, number: int) -> str | None:
        if self.state[number] in _OUT:
            return ILLEGAL
        self._stand(number, State.PAUSED)
        self._promote(number)
        return None

    def _resume(self, number: int) -> str | None:
        follower = self.follows[number] is not None and self.state[number] is State.WAITING
        if self.state[number] in {*ENDED, State.QUEUED} or follower:
            return ILLEGAL
        self._again(number)
        return None

    def _retry(self, number: int) -> str | None:
        if self.state[number] not in {State.FAILED, State.CANCELLED}:
            return ILLEGAL
        self._again(number)
        return None

    def _cancel(self, number: int) -> str | None:
        if self.state[number] in ENDED:
            return ILLEGAL
        self._end(number, State.CANCELLED)
        return None

    # --- what a move draws along --------------------------------------------------------------------

    def _stand(self, number: int, state: State) -> None:
        self.state[number] = state
        self.put_off.discard(number)

    def _again(self, number: int) -> None:
        self.follows[number] = self._leader(self.key[number], but=number)
        met = all(self.state[one] is State.DONE for one in self.needs[number])
        self._stand(number, State.QUEUED if met and self.follows[number] is None else State.WAITING)

    def _settle(self, number: int) -> None:
        """A task that waits for others starts, fails, or goes on waiting."""
        if self.state[number] is not State.WAITING or self.follows[number] is not None or number in self.put_off:
            return
        needed = [self.state[one] for one in self.needs[number]]
        if State.FAILED in needed or State.CANCELLED in needed:
            self._end(number, State.FAILED)
        elif all(state is State.DONE for state in needed):
            self._stand(number, State.QUEUED)

    def _leader(self, key: str | None, but: int | None = None) -> int | None:
        fitting = (
            one
            for one, its in self.key.items()
            if key is not None
            and one != but
            and its == key
            and self.follows[one] is None
            and self.state[one] not in _OUT
        )
        return min(fitting, default=None)

    def _end(self, number: int, end: State) -> None:
        self._stand(number, end)
        self.ends += 1
        if end is State.CANCELLED:
            self._promote(number)
        else:
            for other in self._followers(number):
                self._end(other, end)
        for other in sorted(self.state):
            if number in self.needs[other]:
                self._settle(other)

    def _followers(self, number: int) -> list[int]:
        return [one for one in sorted(self.state) if self.follows[one] == number and self.state[one] not in _OUT]

    def _promote(self, number: int) -> None:
        """The first follower leads the others."""
        first, *others = self._followers(number) or [None]
        if first is not None:
            self.follows |= {first: None, **dict.fromkeys(others, first)}
            self._settle(first)
