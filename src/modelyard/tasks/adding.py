"""Adding tasks: their numbers, their leaders, what they need, their first state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.errors import NoSuchTask, UsageError
from modelyard.store.schema import moves, needs, tasks
from modelyard.tasks.moving import Mover
from modelyard.tasks.order import take_numbers
from modelyard.tasks.states import ENDED, State
from modelyard.tasks.task import Draft


def insert(db: Connection, drafts: Sequence[Draft], now: float, mover: Mover) -> list[int]:
    """Write drafts as tasks; gives their ids.

    Raises:
        NoSuchTask: A draft needs a task that does not exist.
    """
    added = list(take_numbers(db, len(drafts)))
    leaders = _leaders(db, [draft.key for draft in drafts if draft.key])
    rows, links, steps = [], [], []
    for number, draft in zip(added, drafts, strict=True):
        leader = leaders.setdefault(draft.key, number) if draft.key else number
        follows = leader if leader != number else None
        needed = [added[-1 - need] if need < 0 else need for need in draft.needs]
        state, reason = _first_state(follows, needed)
        first = {"id": number, "created": now, "state": state, "reason": reason, "follows": follows}
        rows.append(_row(draft) | first | {"position": float(number)})
        links += [{"task": number, "needs": need} for need in dict.fromkeys(needed)]
        steps.append({"task": number, "at": now, "from_state": None, "to_state": state, "reason": reason})
    if rows:
        db.execute(tasks.insert(), rows)
        db.execute(moves.insert(), steps)
    if links:
        _link(db, links, added, mover)
    return added


def _link(db: Connection, links: list[dict[str, int]], added: Sequence[int], mover: Mover) -> None:
    wanted = {link["needs"] for link in links} - set(added)
    known = {
        number
        for some in chunks(wanted)
        for number in db.execute(sa.select(tasks.c.id).where(tasks.c.id.in_(some))).scalars()
    }
    if wanted - known:
        raise NoSuchTask(f"There is no task {min(wanted - known)} to wait for.")
    if any(link["needs"] >= link["task"] for link in links):
        raise UsageError("A task can only need one that was added before it.")
    db.execute(needs.insert(), links)
    for number in dict.fromkeys(link["task"] for link in links):
        mover.settle(db, number)


def _row(draft: Draft) -> dict[str, Any]:
    """The columns that a draft fills, and the defaults of the rest."""
    return {
        "kind": draft.kind,
        "title": draft.title,
        "address": draft.address,
        "hub": draft.hub,
        "target": draft.target,
        "payload": msgspec.json.encode(draft.payload).decode(),
        "key": draft.key,
        "priority": int(draft.priority),
        "size": draft.size,
        "search": f"{draft.title} {draft.address} {draft.target}".lower(),
        **dict.fromkeys(("until", "error", "result", "started", "ended")),
        **dict.fromkeys(("run", "attempts", "done", "received", "seconds"), 0),
        "favourite": False,
        "listed": True,
    }


def _first_state(leader: int | None, needed: list[int]) -> tuple[State, str]:
    if leader is not None:
        return State.WAITING, f"With task {leader}, which fetches the same."
    if needed:
        return State.WAITING, "For what it needs."
    return State.QUEUED, ""


def _leaders(db: Connection, keys: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in chunks(set(keys)):
        query = sa.select(tasks.c.key, tasks.c.id).where(
            tasks.c.key.in_(some), tasks.c.follows.is_(None), tasks.c.state.not_in([*ENDED, State.PAUSED])
        )
        found.update((row.key, row.id) for row in db.execute(query))
    return found


def chunks(values: Iterable[Any], size: int = 500) -> Iterable[list[Any]]:
    """Values in lists short enough for one statement."""
    chosen = list(values)
    return (chosen[first : first + size] for first in range(0, len(chosen), size))
