"""What an error of a run means for its task. Pure."""

from __future__ import annotations

import msgspec

from modelyard.errors import DiskFull, Offline, Waiting, YardError
from modelyard.tasks.states import State

_FIRST = 30.0
_LONGEST = 3600.0
_ROOM = 60.0


class Verdict(msgspec.Struct, frozen=True):
    """Where the task goes.

    Attributes:
        wait: Seconds until it is tried again, for `State.WAITING`.
        counts: Whether it was one of the allowed failures.
    """

    state: State
    reason: str
    wait: float | None = None
    counts: bool = True


def judge(error: YardError, attempts: int, retries: int) -> Verdict:
    """Decide.

    A full disk and a hub that asks for patience are no failures: the task waits as long as it takes.

    Args:
        attempts: Failures before this one.
        retries: How many more tries a task has by itself.
    """
    if isinstance(error, DiskFull):
        return Verdict(State.WAITING, f"For room: {error.message}", _ROOM, counts=False)
    if isinstance(error, Waiting):
        seconds = max(1.0, float(error.facts.get("seconds", _LONGEST)))
        return Verdict(State.WAITING, error.message, seconds, counts=False)
    if error.retryable and attempts < retries:
        wait = min(_LONGEST, _FIRST * 2.0**attempts)
        word = "For the network" if isinstance(error, Offline) else f"Try {attempts + 2} of {retries + 1}"
        return Verdict(State.WAITING, f"{word}: {error.message}", wait)
    return Verdict(State.FAILED, error.message)
