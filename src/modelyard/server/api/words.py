"""What is said over the WebSocket, and each kind of event as it goes over the wire: for the API's description.

Sent is what `fan.py` and `live.py` encode; tests hold it against these.
"""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from modelyard.events.kinds import KINDS
from modelyard.server.api.views import TaskView
from modelyard.server.problem import Problem
from modelyard.server.roles import Role
from modelyard.server.routes import Ask


class SocketFirst(Ask, frozen=True):
    """What a client says first, within five seconds.

    Attributes:
        token: Not needed over the Unix socket, nor in a session of the page.
        since: `newest` of the last word heard; none: a snapshot comes.
    """

    token: str | None = None
    since: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)] | None = None


def _wire(kind: str) -> type[msgspec.Struct]:
    """An event of one kind: number, seconds since 1970, its name, and what it tells."""
    told = KINDS[kind]
    doc = (told.__doc__ or "").partition("\n")[0]
    fields: list[tuple[str, Any]] = [("number", int), ("at", float), ("data", told)]
    return msgspec.defstruct(
        f"{told.__name__}Event", fields, frozen=True, tag_field="kind", tag=kind, namespace={"__doc__": doc}
    )


if TYPE_CHECKING:
    AnyEvent = Any
else:
    AnyEvent = functools.reduce(operator.or_, map(_wire, KINDS))
"""An event of any kind; `kind` tells which."""


class EventPage(msgspec.Struct, frozen=True):
    """What happened.

    Attributes:
        newest: The number to ask with next time.
        gap: Events in between are gone: ask for the whole state instead.
    """

    events: list[AnyEvent]
    newest: int
    gap: bool


class Hello(msgspec.Struct, frozen=True):
    """Whom the service talks to, and which version it is."""

    version: str
    name: str
    role: Role


class SocketHello(msgspec.Struct, frozen=True):
    """The first word of the service."""

    hello: Hello
    newest: int


class SocketEvent(msgspec.Struct, frozen=True):
    """Something happened."""

    event: AnyEvent


class Shot(msgspec.Struct, frozen=True):
    """The queue: how many tasks are in each state, the first 500 in order, and the mark of the page after them."""

    counts: dict[str, int]
    tasks: list[TaskView]
    next: str | None


class SocketSnapshot(msgspec.Struct, frozen=True):
    """The state with everything up to `newest`, instead of events that were missed."""

    snapshot: Shot
    newest: int


class SocketRefusal(msgspec.Struct, frozen=True):
    """The last word before the service hangs up."""

    problem: Problem


WORDS: tuple[type[msgspec.Struct], ...] = (SocketHello, SocketEvent, SocketSnapshot, SocketRefusal)
"""All that the service says over the WebSocket; the name of the first field tells them apart."""
