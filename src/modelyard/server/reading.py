"""From the texts of a request to the types that a handler declares; every misfit is told with its place."""

from __future__ import annotations

import difflib
import math
import re
import types
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Union, get_args, get_origin
from urllib.parse import parse_qsl, unquote

import msgspec

from modelyard.errors import BadRequest, BodyTooLarge

_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?P<place>.*?)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(?P<name>.*)`", re.DOTALL)
_MOST_FIELDS = 200
_MOST_OBJECTS = 250_000
"""Braces in a body that lists objects; the longest list has 100,000, and an address may hold one, too."""


class PathReader:
    """Reads the parameters of a path such as ``/tasks/{id}``.

    Args:
        kinds: Type of each parameter.
    """

    def __init__(self, path: str, kinds: Mapping[str, Any]) -> None:
        self.kinds = dict(kinds)
        named = set(re.findall(r"\{(\w+)\*?\}", path))
        if named != set(kinds):
            raise TypeError(f"{path} names {sorted(named)}, its handler takes {sorted(kinds)}.")

    def read(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """The parameters as the handler wants them.

        Raises:
            BadRequest: One does not fit its type.
        """
        return {name: _convert(texts[name], kind, f"path.{name}") for name, kind in self.kinds.items()}


class QueryReader:
    """Reads what stands behind the question mark into a Struct; lists are repeated names."""

    def __init__(self, kind: type[msgspec.Struct]) -> None:
        _closed(kind)
        self.kind = kind
        self.fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}

    def read(self, query: str) -> Any:
        """The Struct.

        Raises:
            BadRequest: An unknown name, a repeated one, or a value that does not fit.
        """
        held: dict[str, Any] = {}
        for name, text in _pairs(query):
            if name not in self.fields:
                raise BadRequest(
                    f"There is no parameter {name!r}.", hint=near(name, self.fields), place=f"query.{name}"
                )
            if is_list(self.fields[name].type):
                held.setdefault(name, []).append(text)
            elif name in held:
                raise BadRequest(
                    f"The parameter {name!r} was given twice.", hint="Give it once.", place=f"query.{name}"
                )
            else:
                held[name] = text
        read = _convert(held, self.kind, "query")
        for name, text in held.items():
            if getattr(read, self.fields[name].name) is None:  # `null` became None; who means none leaves it out
                raise BadRequest(f"{text!r} is no value of {name!r}.", hint="Leave it out.", place=f"query.{name}")
        return read


class BodyReader:
    """Reads a JSON body into a type."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        self._names = _closed(kind)
        self._decoder = msgspec.json.Decoder(kind)
        self._lists = _lists_structs(kind)

    def read(self, body: bytes) -> Any:
        """The value.

        Raises:
            BadRequest: No JSON, or one that does not fit; the message names the place.
            BodyTooLarge: More objects than any list may have: each takes many times the memory of its two bytes,
                and the length of a list is looked at only when all of it was read.
        """
        if self._lists and body.count(b"{") > _MOST_OBJECTS:
            raise BodyTooLarge(f"The body has more than {_MOST_OBJECTS} objects.", most=_MOST_OBJECTS)
        try:
            return self._decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise misfit(error, "body", self._names) from error


class RawReader:
    """Hands a body on as it came: a picture, say. The route's `takes` names the media types."""

    kind = bytes

    def read(self, body: bytes) -> bytes:
        """The body."""
        return body


def no_query(query: str) -> None:
    """A route without parameters takes none.

    Raises:
        BadRequest: It was given some.
    """
    for name, _ in _pairs(query):
        raise BadRequest(f"There is no parameter {name!r}.", hint="This route takes none.", place=f"query.{name}")


def plain(text: str) -> str:
    """A percent-encoded text, decoded.

    Raises:
        BadRequest: Its bytes are no text.
    """
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise BadRequest("The address holds bytes that are no UTF-8.", hint="Percent-encode names as UTF-8.") from error


def near(name: str, known: Iterable[str]) -> str:
    """A hint with the nearest known name, or all of them."""
    known = sorted(known)
    found = difflib.get_close_matches(name, known, 1)
    return f"Did you mean {found[0]!r}?" if found else f"Known: {', '.join(known) or 'none'}."


def misfit(error: Exception, where: str, names: Iterable[str]) -> BadRequest:
    """What msgspec says, as an error that names the place: ``body.files[2].size``."""
    match = _PLACE.match(str(error) or type(error).__name__)
    what, place = (match["what"], match["place"]) if match else (str(error), None)
    place = (place or "$").replace("$", where, 1)
    unknown = _UNKNOWN.search(what)
    if unknown:
        return BadRequest(f"{place} has no field {unknown['name']!r}.", hint=near(unknown["name"], names), place=place)
    return BadRequest(f"{place}: {what}.", place=place)


def is_list(kind: Any) -> bool:
    """Whether a type takes several values, ``list[str] | None`` included."""
    origin = get_origin(kind)
    if origin is Annotated:
        return is_list(get_args(kind)[0])
    if origin in (Union, types.UnionType):
        return any(is_list(part) for part in get_args(kind))
    return (origin or kind) in (list, tuple, set, frozenset)


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except (UnicodeDecodeError, ValueError) as error:
        raise BadRequest(f"What stands behind the question mark cannot be read: {error}.") from error


def _convert(value: Any, kind: Any, where: str) -> Any:
    try:
        read = msgspec.convert(value, kind, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise misfit(error, where, ()) from error
    if not _finite(read):
        raise BadRequest(f"{where}: NaN and Infinity are no numbers that JSON knows.", place=where)
    return read


def _finite(value: Any) -> bool:
    if isinstance(value, msgspec.Struct):
        return all(_finite(part) for part in msgspec.structs.astuple(value))
    if isinstance(value, list | tuple | set | frozenset):
        return all(_finite(part) for part in value)
    return not isinstance(value, float) or math.isfinite(value)


def _closed(kind: Any) -> set[str]:
    """Names of all fields below a type, once every Struct in it is known to refuse others.

    Raises:
        TypeError: One does not: derive it from `Ask`.
    """
    names: set[str] = set()
    for found in _structs(msgspec.inspect.type_info(kind), set()):
        if not found.__struct_config__.forbid_unknown_fields:
            raise TypeError(f"{found.__name__} must derive from Ask: it would swallow unknown fields.")
        names |= {field.encode_name for field in msgspec.structs.fields(found)}
    return names


def _lists_structs(kind: Any) -> bool:
    info = msgspec.inspect.type_info(kind)
    lists = [field.type for field in getattr(info, "fields", ()) if isinstance(field.type, msgspec.inspect.ListType)]
    return any(isinstance(found.item_type, msgspec.inspect.StructType) for found in lists)


def _structs(info: Any, seen: set[type]) -> set[type[msgspec.Struct]]:
    if isinstance(info, msgspec.inspect.StructType) and info.cls not in seen:
        seen.add(info.cls)
    elif isinstance(info, msgspec.inspect.StructType):
        return seen
    for part in _parts(info):
        _structs(part, seen)
    return seen


def _parts(info: Any) -> list[Any]:
    held = [getattr(info, name) for name in ("item_type", "key_type", "value_type", "type") if hasattr(info, name)]
    for name in ("types", "item_types"):
        held += getattr(info, name, ())
    held += [field.type for field in getattr(info, "fields", ())]
    return [part for part in held if isinstance(part, msgspec.inspect.Type)]
