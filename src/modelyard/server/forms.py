"""Bodies of callers that were not written for us: HTML forms, and JSON with fields that nobody here knows.

A route takes them only when its body is a `Form` and its `takes` names the media types. What kind of body it is
is read from the body itself: one front end sends multipart without telling its boundary.
"""

from __future__ import annotations

from collections.abc import Set
from email.parser import HeaderParser
from typing import Any, get_args
from urllib.parse import parse_qsl

import msgspec

from modelyard.errors import BadRequest
from modelyard.server.reading import misfit

ANY = ("multipart/form-data", "application/x-www-form-urlencoded", "text/plain", "")
"""What a page may send without asking first, and no media type at all."""

_MOST_FIELDS = 200


class Form(msgspec.Struct, frozen=True, rename="camel"):
    """Base of such a body: fields that nobody knows are passed over; files too, unless a field takes bytes."""


class FormReader:
    """Reads a form or a JSON object into a `Form`."""

    def __init__(self, kind: type[Form]) -> None:
        self.kind = kind
        self._files = {field.encode_name for field in msgspec.structs.fields(kind) if bytes in get_args(field.type)}

    def read(self, body: bytes) -> Any:
        """The `Form`.

        Raises:
            BadRequest: Neither a form nor a JSON object, or a field that does not fit.
        """
        try:
            fields = _fields(body, self._files)
            for name in self._files & fields.keys() if isinstance(fields, dict) else ():
                if isinstance(fields[name], str):  # a word in the place of a file
                    fields[name] = fields[name].encode()
            return msgspec.convert(fields, self.kind, strict=False)
        except (msgspec.DecodeError, msgspec.ValidationError, ValueError, RecursionError) as error:
            raise misfit(error, "body", ()) from error


def _fields(body: bytes, files: Set[str]) -> Any:
    if body.startswith(b"--"):
        return _multipart(body, files)
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        if b"=" not in body:
            raise
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))


def _multipart(body: bytes, files: Set[str]) -> dict[str, str | bytes]:
    """The texts of a multipart form by name, and the files that are wanted; its first line is its boundary."""
    mark = b"\r\n" + body.partition(b"\r\n")[0]
    _, *parts = (b"\r\n" + body).split(mark, _MOST_FIELDS)
    if not parts or not parts[-1].startswith(b"--"):
        raise BadRequest("The form is cut off, or has too many fields.", place="body")
    found: dict[str, str | bytes] = {}
    for part in parts[:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name, is_file = _name(head.decode("utf-8", "replace"))
        if name and is_file and name in files:
            found[name] = content
        elif name and not is_file:
            found[name] = content.decode()
    return found


def _name(head: str) -> tuple[str, bool]:
    """The name of a part, and whether it is a file."""
    told = HeaderParser().parsestr(head)
    name = told.get_param("name", header="content-disposition")
    is_file = told.get_param("filename", header="content-disposition") is not None
    return name if isinstance(name, str) else "", is_file
