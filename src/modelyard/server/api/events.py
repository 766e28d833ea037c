"""What happened since: for programs that ask. The page listens on ``/api/v1/events/ws`` instead."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated, Any

import msgspec

from modelyard.events.log import Event, EventLog, Replay
from modelyard.server.api.words import EventPage
from modelyard.server.bell import Bell
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Routes

routes = Routes(tag="events")


class EventsQuery(Ask, frozen=True):
    """Since when, and how long to wait."""

    since: (
        Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1, description="`newest` of the last answer; none: now.")] | None
    ) = None
    wait: Annotated[float, msgspec.Meta(ge=0, le=30, description="Seconds to wait when there is nothing yet.")] = 0.0
    most: Annotated[int, msgspec.Meta(ge=1, le=1000, description="Events in one answer.")] = 1000


@routes.get("/events", role=Role.VIEWER)
async def list_events(here: Here, query: EventsQuery) -> EventPage:
    """What happened since a number.

    With `wait` the answer comes as soon as something happens, or empty after so many seconds.
    """
    since = here.app.events.newest if query.since is None else query.since
    replay = await _wait(here.app.events, since, query.wait, query.most)
    return EventPage([view(event) for event in replay.events], replay.newest, replay.gap)


def view(event: Event) -> dict[str, Any]:
    """An event as callers see it; `words.py` has its types."""
    return {"number": event.number, "at": event.at, "kind": event.kind, "data": dict(event.data)}


async def _wait(log: EventLog, since: int, seconds: float, most: int) -> Replay:
    bell = Bell(log)
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not _told(log.since(since, most)):
                    await bell.rung.wait()
                    bell.rung.clear()
        return log.since(since, most)
    finally:
        bell.close()


def _told(replay: Replay) -> bool:
    return bool(replay.events) or replay.gap
