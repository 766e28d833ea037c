"""Declaring routes: a decorated function is a typed endpoint, and its signature is its contract.

::

    routes = Routes(tag="tasks")

    @routes.get("/tasks/{id}", role=Role.VIEWER, raises=(NoSuchTask,))
    def one_task(here: Here, id: Id) -> TaskView:
        \"\"\"One task.\"\"\"

A path names its parameters in braces; ``{name*}`` takes one part or more, with the slashes between them.
``query`` is a Struct of everything behind the question mark,
``body`` is the JSON that was sent, or `bytes`: the body as it is. What is returned goes back as JSON.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import msgspec
from sqlalchemy.engine import Connection

from modelyard.errors import YardError
from modelyard.server.forms import Form, FormReader
from modelyard.server.messages import JSON
from modelyard.server.reading import BodyReader, PathReader, QueryReader, RawReader
from modelyard.server.roles import Caller, Role

if TYPE_CHECKING:
    from modelyard.app import App
    from modelyard.server.service import Service

API = "/api/v1"
LARGEST_BODY = 1024 * 1024

Id = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
"""A number of ours: what JavaScript and SQLite can both hold."""

F = TypeVar("F", bound=Callable[..., Any])


class Ask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what a caller sends, body and query: a field that nobody knows is an error, not a silence."""


class Here(msgspec.Struct, frozen=True):
    """What every handler gets: the App, who asks, and under which number.

    Attributes:
        address: Where the request comes from: an IP address, ``socket`` or ``inside``.
        headers: Of the request, names in lower case.
        service: What only a service has: its tokens, its start, its snapshot.
        keep: Called inside the transaction that does the work, with what will be returned: writes the answer down
            under the request's Idempotency-Key, so that neither is there without the other.
    """

    app: App
    caller: Caller
    request_id: str
    address: str
    headers: Mapping[str, str]
    service: Service
    keep: Callable[[Connection, Any], None]


@dataclass(frozen=True)
class Route:
    """One endpoint, read from its function.

    Attributes:
        role: Who may; None means anybody, without a token.
        most: Bytes that a body may have.
        raises: Errors it may answer with, beside those that every route has.
        media_type: Of a good answer.
        also: Further media types that it may have.
        takes: Media types of a body beside JSON, see `doors.check_write`; empty is none.
        once: Whether Idempotency-Key is honoured; not where a POST only looks, nor at the door.
        noted: Whether it is made durable that a request with a key is begun, before it is; see `once_kept.py`.
        slow: Whether it asks the network or moves many files, maybe only for some bodies: threads of their own.
        secret: Its answer holds a secret, so it is never compressed, and kept nowhere but in memory.
    """

    method: str
    path: str
    call: Callable[..., Any]
    tag: str
    role: Role | None
    status: int
    raises: tuple[type[YardError], ...]
    most: int
    media_type: str
    also: tuple[str, ...]
    takes: tuple[str, ...]
    once: bool
    noted: bool
    slow: bool | Callable[[Any], bool]
    secret: bool
    example: Any
    path_reader: PathReader
    query_reader: QueryReader | None
    body_reader: BodyReader | FormReader | RawReader | None
    gives: Any

    @property
    def name(self) -> str:
        """The function's name, which is the operation's id."""
        return str(getattr(self.call, "__name__", "?"))

    def is_slow(self, body: Any) -> bool:
        """Whether a request with this body must not keep others waiting."""
        return self.slow(body) if callable(self.slow) else self.slow

    @property
    def words(self) -> tuple[str, str]:
        """Its first sentence, and the rest of what its docstring says."""
        first, _, rest = inspect.cleandoc(self.call.__doc__ or "").partition("\n")
        return first, rest.strip()


@dataclass
class Routes:
    """The routes of one file.

    Args:
        tag: Groups them in the API's description.
        prefix: Stands before every path.
    """

    tag: str
    prefix: str = API
    all: list[Route] = field(default_factory=list)

    def get(self, path: str, **how: Any) -> Callable[[F], F]:
        """A route that reads. Options: see `_add`."""
        return self._adding("GET", path, how)

    def post(self, path: str, **how: Any) -> Callable[[F], F]:
        """A route that makes or starts something; honours Idempotency-Key."""
        return self._adding("POST", path, how)

    def put(self, path: str, **how: Any) -> Callable[[F], F]:
        """A route that sets something to what was sent."""
        return self._adding("PUT", path, how)

    def patch(self, path: str, **how: Any) -> Callable[[F], F]:
        """A route that changes some fields."""
        return self._adding("PATCH", path, how)

    def delete(self, path: str, **how: Any) -> Callable[[F], F]:
        """A route that removes."""
        return self._adding("DELETE", path, how)

    def _adding(self, method: str, path: str, how: Mapping[str, Any]) -> Callable[[F], F]:
        def add(call: F) -> F:
            self.all.append(self._add(method, path, call, **how))
            return call

        return add

    def _add(
        self,
        method: str,
        path: str,
        call: Callable[..., Any],
        *,
        role: Role | None,
        status: int = 200,
        raises: tuple[type[YardError], ...] = (),
        most: int = LARGEST_BODY,
        media_type: str = JSON,
        also: tuple[str, ...] = (),
        takes: tuple[str, ...] = (),
        once: bool = True,
        noted: bool = True,
        slow: bool | Callable[[Any], bool] = False,
        secret: bool = False,
        example: Any = None,
        gives: Any = None,
    ) -> Route:
        """Read a function into a route.

        Args:
            role: Who may; None means anybody, without a token.
            status: Of a good answer; 204 when nothing is returned.
            raises: Errors it may answer with, beside those that every route has.
            most: Bytes that a body may have.
            media_type: Of a good answer.
            also: Further media types that it may have.
            takes: Media types of a body beside JSON, see `doors.check_write`.
            once: Whether Idempotency-Key is honoured; not where a POST only looks, nor at the door.
            noted: Not needed where the answer is written with the work, or where twice is the same as once.
            slow: Whether it asks the network or moves many files; a function of the body where only some do.
            secret: Its answer holds a secret, so it is never compressed, and kept nowhere but in memory.
            example: A body, for the description.
            gives: Type of a good answer, for handlers that return an `Answer`.
        """
        hints = get_type_hints(call, include_extras=True)
        hints.pop("here", None)
        returned = hints.pop("return", None)
        query, body = hints.pop("query", None), hints.pop("body", None)
        return Route(
            method,
            self.prefix + path,
            call,
            self.tag,
            role,
            204 if returned is type(None) and status == 200 else status,
            raises,
            most,
            media_type,
            also,
            takes,
            once and method == "POST",
            noted,
            slow,
            secret,
            example,
            PathReader(self.prefix + path, hints),
            QueryReader(query) if query else None,
            _reader(body),
            gives or returned,
        )


def _reader(body: Any) -> BodyReader | FormReader | RawReader | None:
    if body is None:
        return None
    if body is bytes:
        return RawReader()
    return FormReader(body) if isinstance(body, type) and issubclass(body, Form) else BodyReader(body)
