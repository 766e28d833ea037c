"""The states of a task and the moves between them.

::

    queued ──> running ──> verifying ──> done
      │  ^        │            │
      v  │        v            v
    waiting    paused, failed, cancelled ──> queued (go on, try again)
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a task stands."""

    QUEUED = "queued"  # its turn will come
    WAITING = "waiting"  # for a time, for room or for another task; the reason says which
    RUNNING = "running"  # bytes move
    VERIFYING = "verifying"  # every byte is here and is being proven
    PAUSED = "paused"  # by a person
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_LEFT = frozenset({State.PAUSED, State.CANCELLED, State.WAITING, State.QUEUED, State.DONE, State.FAILED})

MOVES: dict[State, frozenset[State]] = {
    State.QUEUED: _LEFT - {State.QUEUED} | {State.RUNNING},
    State.WAITING: _LEFT - {State.WAITING},
    State.RUNNING: _LEFT | {State.VERIFYING},
    State.VERIFYING: _LEFT | {State.RUNNING},
    State.PAUSED: frozenset({State.QUEUED, State.CANCELLED, State.DONE}),  # done: it ended before the pause reached it
    State.DONE: frozenset(),
    State.FAILED: frozenset({State.QUEUED}),
    State.CANCELLED: frozenset({State.QUEUED}),
}
"""Every move that is allowed; all others are refused."""

ACTIVE = frozenset({State.RUNNING, State.VERIFYING})
ENDED = frozenset({State.DONE, State.FAILED, State.CANCELLED})
OPEN = frozenset(State) - ENDED


def allowed(start: State, end: State) -> bool:
    """Whether a task may go from one state to another."""
    return end in MOVES[start]
