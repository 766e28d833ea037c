"""OpenAPI 3.1, read from the routes; ``python -m modelyard.server.openapi > openapi.json`` keeps a copy."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from modelyard import errors as e
from modelyard.server.api.answers import PROBLEM, example_of, json_of
from modelyard.server.api.words import WORDS, SocketFirst
from modelyard.server.messages import JSON
from modelyard.server.once import LONGEST_KEY
from modelyard.server.problem import MEDIA_TYPE, Problem, family, status_of
from modelyard.server.reading import RawReader
from modelyard.server.routes import Route
from modelyard.values.version import VERSION

REF = "#/components/schemas/{name}"
ALWAYS: tuple[type[e.YardError], ...] = (e.BadRequest, e.WrongHost, e.CrossSite, e.TooManyTries, e.YardError)
"""What every route may answer with."""
GUARDED: tuple[type[e.YardError], ...] = (e.TokenNeeded, e.RoleTooLow, e.DiskError, e.NoPermission)
"""And one that needs a role, for it looks into the data folder."""
WRITING: tuple[type[e.YardError], ...] = (e.WrongMediaType, e.BodyTooLarge, e.DiskFull, e.ReadOnlyDisk, e.Busy)
"""And one that changes something."""
POSTING: tuple[type[e.YardError], ...] = (e.KeyReused, e.OutcomeUnknown, e.Busy)
"""And one that honours Idempotency-Key."""

TAGS = {
    "events": "What happened, numbered. The WebSocket `/api/v1/events/ws` tells it as it happens: the client says "
    "`SocketFirst`, the service answers with one `SocketWord` after the other."
}
"""What a group of routes needs said beside them."""

_HEADERS = {
    "If-None-Match": {"type": "string"},
    "Idempotency-Key": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
}


def describe(routes: Iterable[Route]) -> bytes:
    """The description of all routes, as JSON for people and programs."""
    routes = sorted(routes, key=lambda route: (route.path, route.method))
    types = [kind for route in routes for kind in _types(route)] + [Problem, SocketFirst, *WORDS]
    schemas, components = msgspec.json.schema_components(types, ref_template=REF)
    for component in components.values():
        if "description" in component:  # a docstring, which Python 3.13 indents otherwise than those before it
            component["description"] = inspect.cleandoc(component["description"])
    known = dict(zip(map(repr, types), schemas, strict=True))
    components["SocketWord"] = _word()
    components["Problem"]["examples"] = [PROBLEM]
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path.replace("*}", "}"), {})[route.method.lower()] = _operation(route, known)
    told = {
        "openapi": "3.1.0",
        "info": {"title": "Modelyard", "version": VERSION, "description": "Downloads, proves and keeps AI models."},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "tags": [_tag(name) for name in sorted({route.tag for route in routes})],
    }
    return msgspec.json.format(msgspec.json.encode(told, order="deterministic"), indent=2) + b"\n"


def _word() -> dict[str, Any]:
    """What the service says over the WebSocket: one of several, told apart by the name of the first field."""
    return {
        "title": "SocketWord",
        "description": "What the service says over the WebSocket; the name of the first field tells which it is.",
        "anyOf": [{"$ref": REF.format(name=word.__name__)} for word in WORDS],
    }


def _tag(name: str) -> dict[str, Any]:
    return {"name": name} | ({"description": TAGS[name]} if name in TAGS else {})


def _types(route: Route) -> list[Any]:
    """Every type that the description of a route needs a schema for."""
    found = [*route.path_reader.kinds.values()]
    if route.query_reader:
        found += [field.type for field in msgspec.structs.fields(route.query_reader.kind)]
    if route.body_reader:
        found.append(route.body_reader.kind)
    return [*found, route.gives] if _has_schema(route) else found


def _has_schema(route: Route) -> bool:
    return route.status != 204 and route.media_type.endswith("json")


def _operation(route: Route, known: dict[str, Any]) -> dict[str, Any]:
    summary, description = route.words
    told: dict[str, Any] = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": summary,
        "parameters": [*_path_parameters(route, known), *_query_parameters(route, known), *_header_parameters(route)],
        "responses": _responses(route, known),
        "security": [{"token": []}] if route.role else [],
    }
    if needs := route.role and f"Needs the role {route.role.value}.":
        description = f"{description}\n\n{needs}".strip()
    if description:
        told["description"] = description
    if route.body_reader:
        most = f"At most {route.most // 2**20} MiB."
        told["requestBody"] = {"required": True, "description": most, "content": _content(route, known)}
    return told


def _content(route: Route, known: dict[str, Any]) -> dict[str, Any]:
    shown = {} if route.example is None else {"example": route.example}
    if route.body_reader is None or isinstance(route.body_reader, RawReader):
        return dict.fromkeys(route.takes, shown)
    return {"application/json": {"schema": known[repr(route.body_reader.kind)], **shown}}


def _path_parameters(route: Route, known: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = route.path_reader.kinds
    names = re.findall(r"\{(\w+)\*?\}", route.path)
    return [{"name": name, "in": "path", "required": True, "schema": known[repr(kinds[name])]} for name in names]


def _query_parameters(route: Route, known: dict[str, Any]) -> list[dict[str, Any]]:
    if not route.query_reader:
        return []
    return [_query_parameter(field, known) for field in msgspec.structs.fields(route.query_reader.kind)]


def _query_parameter(field: msgspec.structs.FieldInfo, known: dict[str, Any]) -> dict[str, Any]:
    schema = dict(known[repr(field.type)])
    told: dict[str, Any] = {"name": field.encode_name, "in": "query", "required": field.required, "schema": schema}
    if "description" in schema:
        told["description"] = schema.pop("description")
    if "anyOf" in schema:  # nobody can write null behind a question mark: a parameter is left out instead
        choices = [choice for choice in schema["anyOf"] if choice != {"type": "null"}]
        told["schema"] = schema = choices[0] if len(choices) == 1 else {**schema, "anyOf": choices}
    if field.default is not msgspec.NODEFAULT and field.default is not None:
        told["schema"] = {**schema, "default": msgspec.to_builtins(field.default)}
    return told


def _header_parameters(route: Route) -> list[dict[str, Any]]:
    names = {"GET": ("If-None-Match",), "POST": ("Idempotency-Key",)}.get(route.method, ())
    names = names if route.once or route.method == "GET" else ()
    return [{"name": name, "in": "header", "required": False, "schema": _HEADERS[name]} for name in names]


def _responses(route: Route, known: dict[str, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": HTTPStatus(route.status).phrase}
    if route.status != 204:
        shown = {} if (answer := example_of(route)) is None else {"example": answer}
        schema = known[repr(route.gives)] if _has_schema(route) else {"type": "string"}
        also = {kind: {"example": json_of(route)} if kind == JSON else {} for kind in route.also}
        good["content"] = {route.media_type: {"schema": schema, **shown}} | also
    told = {str(route.status): good}
    if route.method == "GET":
        told["304"] = {"description": "Not changed since the ETag in If-None-Match."}
    for status, codes in failures(route).items():
        schema = {"$ref": REF.format(name="Problem")}
        told[str(status)] = {"description": f"One of: {', '.join(codes)}.", "content": {MEDIA_TYPE: {"schema": schema}}}
    return told


def failures(route: Route) -> dict[int, list[str]]:
    """Statuses of what may go wrong, and the codes behind each; who raises a class may raise what is below it."""
    kinds = [*ALWAYS, *(below for kind in route.raises for below in family(kind))]
    kinds += GUARDED if route.role else ()
    kinds += WRITING if route.method != "GET" else ()
    kinds += POSTING if route.once else ()
    found: dict[int, list[str]] = {}
    for kind in kinds:
        codes = found.setdefault(status_of(kind), [])
        if kind.code not in codes:
            codes.append(kind.code)
    return dict(sorted(found.items()))


def main() -> None:
    """Print the description of every route of the service."""
    import sys

    from modelyard.server.inside import router

    sys.stdout.write(describe(router().routes).decode())


if __name__ == "__main__":
    main()
