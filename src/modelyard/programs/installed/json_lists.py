"""A list of texts in a JSON object, changed where it stands: every other byte of the settings stays as it was. Pure.

What is added and taken out again leaves the very text that there was. A text alone, which Fooocus takes for a list of
one, becomes `["it","ours"]` without a blank; that is how it is known when it becomes one again.
"""

from __future__ import annotations

import json
import re
from typing import Any

_BLANK = re.compile(r"[ \t\r\n]*")
_READ = json.JSONDecoder().raw_decode

Span = tuple[int, int, Any]
"""Where a value begins and ends, and what it is."""


def member(text: str, key: str) -> Span | None:
    """The value of an object's member; the last of that name, as Python's own reader takes it.

    Raises:
        ValueError, RecursionError: It is no JSON object.
    """
    found, at = None, _after(text, 0, "{")
    while text[at] != "}":
        name, at = _READ(text, at)
        start = _after(text, _skip(text, at), ":")
        value, end = _READ(text, start)
        found = (start, end, value) if name == key else found
        at = _next(text, end, "}")
    return found


def added(text: str, span: Span, new: str) -> str:
    """The text with another entry at the end of a list, or of a text alone, which becomes one."""
    start, end, value = span
    entry = json.dumps(new, ensure_ascii=text.isascii())
    if isinstance(value, str):
        return f"{text[:start]}[{text[start:end]},{entry}]{text[end:]}"
    entries = _entries(text, start)
    if not entries:
        return f"{text[: start + 1]}{entry}{text[start + 1 :]}"
    last = entries[-1]
    between = text[entries[-2][1] : last[0]] if len(entries) > 1 else f",{text[start + 1 : last[0]] or ' '}"
    return f"{text[: last[1]]}{between}{entry}{text[last[1] :]}"


def removed(text: str, span: Span, old: str) -> str:
    """The text without an entry, wherever it stands in its list."""
    start, end, _ = span
    entries = _entries(text, start)
    at = next((at for at, entry in enumerate(entries) if entry[2] == old), None)
    if at is None:
        return text
    if len(entries) == 2 and text[start:end] == f"[{','.join(text[one[0] : one[1]] for one in entries)}]":
        left = entries[1 - at]
        return f"{text[:start]}{text[left[0] : left[1]]}{text[end:]}"
    begin = entries[at - 1][1] if at else entries[at][0]
    stop = entries[at + 1][0] if not at and len(entries) > 1 else entries[at][1]
    return text[:begin] + text[stop:]


def _entries(text: str, start: int) -> list[Span]:
    found, at = list[Span](), _after(text, start, "[")
    while text[at] != "]":
        value, end = _READ(text, at)
        found.append((at, end, value))
        at = _next(text, end, "]")
    return found


def _next(text: str, at: int, close: str) -> int:
    """Where the next entry begins, or where what holds them ends."""
    at = _skip(text, at)
    return at if text[at : at + 1] == close else _after(text, at, ",")


def _after(text: str, at: int, mark: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != mark:
        raise ValueError(f"no {mark} at {at}")
    at = _skip(text, at + 1)
    if at >= len(text):
        raise ValueError("it ends in the middle")
    return at


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at
