"""Adding folders to the settings of programs, and taking them out again: texts in, texts out, the rest as it was."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from modelyard.errors import CannotLend
from modelyard.programs.installed.json_lists import Span, added, member, removed
from modelyard.programs.installed.studios import fds

_BEGIN = "# >>> modelyard: written by `modelyard link`; `modelyard link --undo` takes it out"
_END = "# <<< modelyard"
_OWN = re.compile(r"^modelyard[ \t]*:", re.MULTILINE)


def with_extra_paths(text: str, folders: Mapping[str, Sequence[str]]) -> str:
    """An `extra_model_paths.yaml` with exactly these folders in our block; without any, without the block.

    One path a line behind `|`, since ComfyUI stops at lists and empty values (facts 1.6).

    Raises:
        CannotLend: A group of our name stands outside of the block, or a path cannot be said there.
    """
    for path in (path for paths in folders.values() for path in paths):
        _check(path, also="")
    rest = _without_block(text)
    if _OWN.search(rest):
        raise CannotLend("The file has a group `modelyard` that we did not write.", hint="Rename or remove that group.")
    if not folders:
        return rest
    line = "\r\n" if "\r\n" in text else "\n"
    lines = [_BEGIN, "modelyard:"]
    for folder, paths in folders.items():
        lines += [f"  {folder}: |", *(f"    {path}" for path in paths)]
    before = rest if not rest or rest.endswith("\n") else rest + line
    return before + (line if before else "") + line.join([*lines, _END]) + line


def _without_block(text: str) -> str:
    """The text without our block, and without the line that we put before it."""
    begin = text.find(_BEGIN)
    end = text.find(_END, begin + len(_BEGIN)) if begin >= 0 else -1
    if end < 0:
        return text
    line = text.find("\n", end)
    before = text[:begin]
    for blank in ("\r\n\r\n", "\n\n"):
        if before.endswith(blank):
            before = before[: -len(blank) // 2]
    return before + ("" if line < 0 else text[line + 1 :])


def with_listed(text: str, key: str, path: str, *, there: bool) -> str:
    """A JSON object of settings whose list under a key has a folder, or has it no more; all else stays as it stands.

    Raises:
        CannotLend: It is no such object, or the key holds something else.
    """
    span, held = _listed(text, key)
    if there == (path in held) or (not there and isinstance(span[2], str)):
        return text  # a text alone was never ours
    return added(text, span, path) if there else removed(text, span, path)


def listed_in(text: str, key: str) -> list[str]:
    """The folders of that list; a text alone is a list of one.

    Raises:
        CannotLend: As `with_listed`.
    """
    return _listed(text, key)[1]


def _listed(text: str, key: str) -> tuple[Span, list[str]]:
    try:
        json.loads(text)
        span = member(text, key)
    except (ValueError, RecursionError) as error:
        raise CannotLend("Its settings cannot be read as JSON.") from error
    held = [span[2]] if span and isinstance(span[2], str) else span[2] if span else None
    if span is None or not isinstance(held, list) or not all(isinstance(one, str) for one in held):
        raise CannotLend(f"Its settings hold no folders under {key}.", hint="Start the program once, then try again.")
    return span, held


def with_semicolon(text: str, key: str, path: str, *, there: bool) -> str:
    """SwarmUI's settings with a folder at the end of a key's list, or without it; all else stays as it stands.

    Raises:
        CannotLend: The key is not there, or the path cannot be said there.
    """
    _check(path, also=";\\")
    found = re.search(rf"^[\t ]{{0,40}}{re.escape(key)}:([^\r\n]*)", text, re.MULTILINE)
    if found is None:
        raise CannotLend(f"Its settings have no line {key}.", hint="Save its settings once, then try again.")
    value = found[1].strip()
    held = value.split(";")
    if there == (path in held):
        return text
    blank, start = "" if found[1][:1].isspace() else " ", found.end(1) - len(found[1].lstrip())
    fresh = ";".join([*held, path] if there else [one for one in held if one != path])
    return f"{text[:start]}{blank}{fresh}{text[start + len(value) :]}"


def semicolon_in(text: str, key: str) -> list[str]:
    """The folders of that list, as SwarmUI reads it."""
    return fds(text).get(key, "").split(";")


def _check(path: str, also: str) -> None:
    if path != path.strip() or any(not letter.isprintable() or letter in also for letter in path):
        raise CannotLend(
            f"{path!r} has letters that the program's settings cannot hold.", hint="Link the file instead."
        )
