"""Changing single members of a JSON text and nothing else: the rest stays byte for byte as it was. Pure code.

Parsing and writing again would change numbers, escapes and indentation that somebody chose. So the spans
of the members are found, and only the values that really differ are replaced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from modelyard.errors import SidecarUnreadable

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class Exactly(msgspec.Struct, frozen=True):
    """A value that is set also when it is empty, so that it can be cleared; `empty` is never written anew."""

    value: Any
    empty: Any


class IfMissing(msgspec.Struct, frozen=True):
    """A value for a member that is not there, or is empty there.

    Attributes:
        even_empty: Write it when it is empty itself, since a reader needs the member.
    """

    value: Any
    even_empty: bool = False


class Inside(msgspec.Struct, frozen=True):
    """Changes to the members of an object."""

    changes: Mapping[str, Any]


class _Member(msgspec.Struct, frozen=True):
    name: str
    start: int
    end: int
    value: Any


def edited(text: str, changes: Mapping[str, Any]) -> str:
    """The text of a JSON object with some of its members changed or added.

    Args:
        changes: Values by member, or `Exactly`, `IfMissing`, `Inside`.

    Raises:
        SidecarUnreadable: It is no JSON object, or nested too deeply.
    """
    try:
        return _edited(text, changes)
    except (ValueError, IndexError) as error:
        raise SidecarUnreadable(f"It is no JSON object that can be changed: {error}.") from error
    except RecursionError as error:
        raise SidecarUnreadable("It is nested too deeply.") from error


def _edited(text: str, changes: Mapping[str, Any], outer: _Style | None = None) -> str:
    members, opening, closing = _members(text)
    new: list[tuple[int, int, str]] = []
    style = _style(text, members, opening, outer)
    there = {member.name: member for member in members}
    for member in members:  # of a doubled name all are set: readers differ in which one counts
        if member.name in changes:
            told = _changed(changes[member.name], member, text, style)
            if told is not None:
                new.append((member.start, member.end, told))
    added = [
        (name, value) for name, change in changes.items() if name not in there and (value := _fresh(change)) is not None
    ]
    if added:
        new.append(_addition(added, members, (opening, closing), style))
    for start, end, told in sorted(new, reverse=True):
        text = text[:start] + told + text[end:]
    return text


def _members(text: str) -> tuple[list[_Member], int, int]:
    """The members of the object, the place after its opening brace and that of its closing one."""
    at = _skip(text, 0)
    if text[at] != "{":
        raise ValueError("it does not begin with a brace")
    opening, found = at + 1, []
    at = _skip(text, opening)
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        if not isinstance(name, str) or text[at] != ":":
            raise ValueError(f"a member is expected at {at}")
        start = _skip(text, at + 1)
        value, at = _DECODER.raw_decode(text, start)
        found.append(_Member(name, start, at, value))
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
            if text[at] != '"':
                raise ValueError(f"a member is expected at {at}")
        elif text[at] != "}":
            raise ValueError(f"a comma is expected at {at}")
    if _skip(text, at + 1) != len(text):
        raise ValueError("something follows it")
    return found, opening, at


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


class _Style(msgspec.Struct, frozen=True):
    """How an object is laid out: what stands before each member, and one step of indentation."""

    before: str
    step: str
    colon: str
    ascii_only: bool

    def shown(self, value: Any) -> str:
        """A value in this style."""
        told = json.dumps(value, ensure_ascii=self.ascii_only, indent=self.step or None)
        newline = "\r\n" if "\r\n" in self.before else "\n"
        margin = self.before.rpartition("\n")[2] if "\n" in self.before else ""
        return told.replace("\n", newline + margin)


def _style(text: str, members: list[_Member], opening: int, outer: _Style | None) -> _Style:
    """How this object is laid out; an empty one follows the object around it."""
    ascii_only = outer.ascii_only if outer else text.isascii() and "\\u" in text
    if not members:
        step = outer.step if outer else "    "
        return _Style(outer.before + step if outer else "\n    ", step, outer.colon if outer else ": ", ascii_only)
    gap = text[opening : _skip(text, opening)]
    step = gap.rpartition("\n")[2] if "\n" in gap else ""
    if outer and step.startswith(margin := outer.before.rpartition("\n")[2]):
        step = step[len(margin) :]
    colon = re.search(r":[ \t]*$", text[opening : members[0].start])
    return _Style(gap, step, colon[0] if colon else ": ", ascii_only)


def _changed(change: Any, member: _Member, text: str, style: _Style) -> str | None:
    """The new text of a member's value, None when it stays as it is."""
    match change:
        case Inside(changes=inner) if isinstance(member.value, dict):
            before = text[member.start : member.end]
            after = _edited(before, inner, style)
            return None if after == before else after
        case IfMissing(value=value):
            empty = member.value in (None, "", [], {}, 0) and member.value is not False
            return style.shown(value) if empty and value not in ("", (), [], {}, 0, None) else None
    value = _plain(change)
    return None if _same(value, member.value) else style.shown(value)


def _fresh(change: Any) -> Any:
    """The value of a member that was not there, None when there is nothing to write."""
    match change:
        case Exactly(value=value, empty=empty):
            return None if value == empty else value
        case IfMissing(value=value, even_empty=even_empty):
            return value if even_empty or value not in ("", (), [], {}, None) else None
        case Inside(changes=inner):
            members = {name: value for name, each in inner.items() if (value := _fresh(each)) is not None}
            return members or None
    return change


def _plain(change: Any) -> Any:
    match change:
        case Exactly(value=value):
            return value
        case Inside():
            return _fresh(change) or {}
    return change


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON; 1 is not true there."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _addition(
    added: list[tuple[str, Any]], members: list[_Member], bounds: tuple[int, int], style: _Style
) -> tuple[int, int, str]:
    shown = [
        json.dumps(name, ensure_ascii=style.ascii_only) + style.colon + style.shown(value) for name, value in added
    ]
    if members:
        last = members[-1].end
        between = "," + (style.before or (" " if ": " in style.colon else ""))
        return last, last, "".join(between + each for each in shown)
    margin = style.before.removesuffix(style.step)
    return *bounds, style.before + ("," + style.before).join(shown) + margin
