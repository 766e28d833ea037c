"""Serving a file the right way: ranges, If-Range, If-None-Match (RFC 9110 sections 13 and 14)."""

from __future__ import annotations

import re
from dataclasses import replace
from email.utils import formatdate

from modelyard.testing.content import Content
from modelyard.testing.wire import Answer, Fields, Request, Served, text

BIRTHDAY = 1_750_000_000
"""When every fixture was last modified, in seconds since 1970."""

Span = tuple[int, int]


def served(content: Content, label: str, *, etag: str | None = "", **rest: object) -> Served:
    """A file with a strong ETag of its content and a fixed Last-Modified, unless told otherwise."""
    file = Served(content, label, strong_etag(content) if etag == "" else etag, formatdate(BIRTHDAY, usegmt=True))
    for key, value in rest.items():
        setattr(file, key, value)
    return file


def strong_etag(content: Content) -> str:
    """A strong ETag that is no hash of the bytes, so that nobody can take it for one."""
    return f'"{content.tag[:24]}"'


def conditional(request: Request, answer: Answer) -> Answer:
    """JSON that is asked for gets a weak ETag of its bytes, and is not sent again to who names that one.

    As Express and GitHub's API do (docs.github.com, "Use conditional requests").
    """
    kind = answer.header("content-type") or ""
    if request.method != "GET" or answer.status != 200 or not kind.startswith("application/json"):
        return answer
    etag = f'W/"{answer.body.tag[:24]}"'
    if _names(request.headers.get("if-none-match", ""), etag):
        return Answer(304, [("ETag", etag)])
    return replace(answer, headers=[*answer.headers, ("ETag", etag)])


def answer_file(request: Request, file: Served) -> Answer:
    """200, 206, 304 or 416 for this file."""
    if file.etag and _names(request.headers.get("if-none-match", ""), file.etag):
        return Answer(304, validators(file))
    size = file.content.size
    asked = read_range(request.headers.get("range", ""), size) if file.ranges else None
    if asked is None or not _range_stands(request, file):
        return whole(file)
    if asked[0] >= asked[1]:
        refused = text(416, "Range not satisfiable", ("Content-Range", f"bytes */{size}"))
        refused.file = file
        return refused
    return part(file, asked)


def whole(file: Served) -> Answer:
    """The whole file with 200."""
    return Answer(200, all_fields(file), file.content, 0, file.content.size, file)


def part(file: Served, span: Span) -> Answer:
    """One span with 206."""
    start, stop = span
    fields = [*all_fields(file), ("Content-Range", f"bytes {start}-{stop - 1}/{file.content.size}")]
    return Answer(206, fields, file.content, start, stop, file)


def validators(file: Served) -> Fields:
    """ETag and Last-Modified, those that the file has."""
    pairs = (("ETag", file.etag), ("Last-Modified", file.modified))
    return [(name, value) for name, value in pairs if value is not None]


def all_fields(file: Served) -> Fields:
    """Every header of a 200 or 206 except its length and span."""
    ranges = [("Accept-Ranges", "bytes")] if file.ranges else []
    return [("Content-Type", file.content_type), *validators(file), *ranges, *file.fields]


def read_range(field: str, size: int) -> Span | None:
    """The one span that a Range header asks for; None when it asks for none, empty when it is beyond the end."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", field.strip())
    if not match or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return (max(0, size - int(last)), size) if int(last) else (size, size)
    stop = min(size, int(last) + 1) if last else size
    if last and int(last) < int(first):
        return None
    return (int(first), stop) if int(first) < size else (size, size)


def _range_stands(request: Request, file: Served) -> bool:
    """Whether If-Range lets the range stand: strong ETags only, dates only exactly."""
    condition = request.headers.get("if-range")
    if condition is None:
        return True
    if condition.startswith("W/") or (file.etag or "").startswith("W/"):
        return False
    return condition in (file.etag, file.modified)


def _names(field: str, etag: str) -> bool:
    plain = etag.removeprefix("W/")
    return field.strip() == "*" or plain in (part.strip().removeprefix("W/") for part in field.split(","))
