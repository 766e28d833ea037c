"""Finds the route of a request, runs its handler and turns what comes back into bytes.

Knows no socket: the service, the command line without a service, and tests send it the same `Asked`.
"""

from __future__ import annotations

import hashlib
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy.engine import Connection

from modelyard.errors import BadRequest, NoSuchRoute, RoleTooLow, TokenNeeded, WrongMethod, YardError
from modelyard.server.forms import FormReader
from modelyard.server.messages import JSON, Answer, Asked, Reply
from modelyard.server.once import LONGEST_KEY
from modelyard.server.packing import packed, packs, tagged
from modelyard.server.problem import defect, problem_reply
from modelyard.server.reading import BodyReader, RawReader, no_query, plain
from modelyard.server.rights import check_comfyui
from modelyard.server.roles import Role
from modelyard.server.routes import Here, Route, Routes
from modelyard.server.service import Service

Run = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Runs a blocking call somewhere and gives its result."""

Keep = Callable[[Connection, Any], None]
"""Writes what a handler returns down within the transaction of its work."""

_log = logging.getLogger("modelyard.server")
_PARAMETER = "{}"
_REST = "{*}"
"""A parameter that takes one or more parts: ``{name*}``, once in a path; literal parts may follow it."""
_LARGE = 64 * 1024
"""Bytes of a body from which on it is read beside the loop."""


class Runs(msgspec.Struct, frozen=True):
    """Where handlers that block are run.

    Attributes:
        quick: What only looks at this machine.
        slow: What asks the network; however many of these there are, the others go on.
    """

    quick: Run
    slow: Run


def _no_key(_db: Connection, _given: Any) -> None:
    """Nobody will ask again."""


async def inline(call: Callable[[], Any]) -> Any:
    """Run a blocking call right here."""
    return call()


INLINE = Runs(inline, inline)


class Router:
    """All routes of the service.

    Raises:
        TypeError: Two routes share a place or a name.
    """

    def __init__(self, groups: Iterable[Routes]) -> None:
        self.routes = [route for group in groups for route in group.all]
        self._tree: dict[str, Any] = {}
        for route in self.routes:
            self._plant(route)
        names = [route.name for route in self.routes]
        if twice := {name for name in names if names.count(name) > 1}:
            raise TypeError(f"Several handlers are called {sorted(twice)}.")

    def _plant(self, route: Route) -> None:
        branch = self._tree
        for part in route.path.split("/")[1:]:
            branch = branch.setdefault(_kind(part), {})
        methods = branch.setdefault("", {})
        if route.method in methods:
            raise TypeError(f"Two handlers for {route.method} {route.path}.")
        methods[route.method] = route

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route of a request and the texts of its path parameters; HEAD finds what GET finds.

        Raises:
            NoSuchRoute: Nothing is under this path.
            WrongMethod: Something is, for other methods.
            BadRequest: The path cannot be read.
        """
        parts = path.split("/")[1:]
        allow: set[str] = set()
        for methods in _leaves(self._tree, parts):
            if route := methods.get("GET" if method == "HEAD" else method):
                return route, _texts(route, parts)
            allow |= methods.keys()
        if not allow:
            raise NoSuchRoute(f"There is nothing under {path[:200]!r}.")
        names = sorted(allow | ({"HEAD"} if "GET" in allow else set()))
        raise WrongMethod(f"{path[:200]!r} does not know the method {method[:20]!r}.", allow=names)

    async def answer(self, service: Service, asked: Asked, runs: Runs = INLINE) -> Reply:
        """Do what was asked; never raises for what a caller did or what a handler met.

        Args:
            runs: Where handlers that block are run.
        """
        try:
            route, texts = self.find(asked.method, asked.path)
            _check_role(route, asked)
            return await _matched(asked, route, await self._once(service, asked, route, texts, runs), runs.quick)
        except YardError as error:
            return problem_reply(error, asked.request_id, service.app.redactor)
        except Exception:  # noqa: BLE001  # whatever a handler met, the caller gets an answer
            _log.exception("%s %s failed [%s]", asked.method, asked.path, asked.request_id)
            return problem_reply(defect(asked.request_id), asked.request_id)

    async def _once(self, service: Service, asked: Asked, route: Route, texts: dict[str, str], runs: Runs) -> Reply:
        run = runs.quick
        given = asked.headers.get("idempotency-key")
        if given is None or not route.once:
            return await _call(service, asked, route, texts, runs)
        key, mark = _key(asked, given), _mark(asked, given)
        earlier: Reply | None = await run(lambda: service.once.begin(key, mark, note=route.noted))
        if earlier is not None:
            return Reply(
                earlier.status, earlier.body, earlier.media_type, {**earlier.headers, "Idempotent-Replay": "true"}
            )
        try:
            keep = _keeping(service, route, key)
            reply = await _call(service, asked, route, texts, runs, keep)
        except Exception:  # where a stop cut it off instead its thread may still do it: nobody begins it again
            await run(lambda: service.once.drop(key))
            raise
        if reply.failed:
            await run(lambda: service.once.drop(key))
        else:
            await run(lambda: service.once.keep(key, reply, secret=route.secret))
        return reply


def _keeping(service: Service, route: Route, key: str) -> Keep:
    return lambda db, given: service.once.keep_within(db, key, _reply(route, given))


async def _call(
    service: Service, asked: Asked, route: Route, texts: dict[str, str], runs: Runs, keep: Keep = _no_key
) -> Reply:
    arguments = route.path_reader.read(texts)
    if route.query_reader:
        arguments["query"] = route.query_reader.read(asked.query)
    else:
        no_query(asked.query)
    if route.body_reader:
        arguments["body"] = await _read(route.body_reader, asked.body, runs.quick)
    here = Here(service.app, asked.caller, asked.request_id, asked.address, asked.headers, service, keep)
    if inspect.iscoroutinefunction(route.call):
        return _reply(route, await route.call(here, **arguments))
    run = runs.slow if route.is_slow(arguments.get("body")) else runs.quick
    reply: Reply = await run(lambda: _reply(route, route.call(here, **arguments)))
    return reply


async def _read(reader: BodyReader | FormReader | RawReader, body: bytes, run: Run) -> Any:
    return reader.read(body) if len(body) < _LARGE else await run(lambda: reader.read(body))


def _reply(route: Route, given: Any) -> Reply:
    answer = given if isinstance(given, Answer) else Answer(given, media_type=route.media_type)
    if answer.file is not None:
        return Reply(answer.status or route.status, b"", answer.media_type, answer.headers, answer.file)
    status = answer.status or (204 if answer.body is None else route.status)
    if status == 204:
        return Reply(204, b"", "", answer.headers)
    return Reply(status, _bytes(answer, raw=answer is given), answer.media_type, answer.headers, failed=answer.failed)


def _bytes(answer: Answer, *, raw: bool) -> bytes:
    """What goes over the wire; a text is a JSON string unless it came as an `Answer` or is declared as no JSON."""
    raw = raw or answer.media_type != JSON
    if raw and isinstance(answer.body, str):
        return answer.body.encode()
    return answer.body if raw and isinstance(answer.body, bytes) else msgspec.json.encode(answer.body)


async def _matched(asked: Asked, route: Route, reply: Reply, run: Run) -> Reply:
    """The reply of a GET with its ETag, compressed where that pays, without a body when the caller has that already."""
    if asked.method not in ("GET", "HEAD") or reply.status != 200 or reply.file is not None:
        return reply
    tag = f'"{hashlib.sha256(reply.body).hexdigest()[:32]}"'
    headers = {"ETag": tag, **reply.headers}
    small = not route.secret and packs(asked, reply)
    if small:
        tag = tagged(tag, "gzip")
        headers |= {"ETag": tag, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    wanted = [part.strip().removeprefix("W/") for part in asked.headers.get("if-none-match", "").split(",")]
    if tag in wanted or "*" in wanted:
        return Reply(304, b"", "", headers)
    body = await _packed(reply.body, run) if small else reply.body
    return Reply(200, body, reply.media_type, headers)


async def _packed(body: bytes, run: Run) -> bytes:
    return packed(body) if len(body) < _LARGE else bytes(await run(lambda: packed(body)))


def _check_role(route: Route, asked: Asked) -> None:
    if route.role is None:
        return
    if asked.caller.role is None:
        raise TokenNeeded("This needs a token.")
    if asked.caller.role is Role.COMFYUI:
        check_comfyui(route)
    elif not asked.caller.role.may(route.role):
        raise RoleTooLow(
            f"This needs the role {route.role.value}; {asked.caller.name} is {asked.caller.role.value}.",
            needed=route.role.value,
        )


def _leaves(branch: dict[str, Any], parts: list[str]) -> Iterator[dict[str, Route]]:
    """The method tables of every place that fits; literal names before parameters."""
    if not parts:
        if "" in branch:
            yield branch[""]
        return
    for name in (parts[0], _PARAMETER):
        if name and name in branch and (name != _PARAMETER or parts[0]):
            yield from _leaves(branch[name], parts[1:])
    for taken in range(1, len(parts) + 1) if _REST in branch else ():
        yield from _leaves(branch[_REST], parts[taken:])


def _kind(part: str) -> str:
    if not part.startswith("{"):
        return part
    return _REST if part.endswith("*}") else _PARAMETER


def _texts(route: Route, parts: list[str]) -> dict[str, str]:
    names = route.path.split("/")[1:]
    more = len(parts) - len(names)  # what a rest takes beyond one part
    texts: dict[str, str] = {}
    at = 0
    for name in names:
        end = at + 1 + (more if name.endswith("*}") else 0)
        if name.startswith("{"):
            texts[name.strip("{*}")] = "/".join(plain(part) for part in parts[at:end])
        at = end
    return texts


def _key(asked: Asked, given: str) -> str:
    if not 1 <= len(given) <= LONGEST_KEY or not given.isprintable():
        raise BadRequest(
            f"An Idempotency-Key has 1 to {LONGEST_KEY} printable letters.", place="header.idempotency-key"
        )
    caller = asked.caller
    return f"{caller.name}\0{caller.role.value if caller.role else ''}\0{caller.token}\0{given}"


def _mark(asked: Asked, given: str) -> bytes:
    """What is kept of a request; with its key, so that nobody finds a secret of the body by trying."""
    parts = (given.encode(), asked.method.encode(), asked.path.encode(), asked.query.encode(), asked.body)
    return hashlib.sha256(b"\0".join(parts)).digest()
