"""YAML from strangers, read as plain data: no aliases, no merges, no tags, bounded.

The events are looked at before anything is built, since an alias bomb of 341 bytes is cheap to load and
ruinous to use.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from modelyard.errors import BadValue

LARGEST = 1 << 20
DEEPEST = 32


def read_yaml(text: str, *, guessing: bool = False) -> Any:
    """The data of a YAML text: dicts, lists, texts, numbers, None.

    Args:
        guessing: Read ``no``, ``012`` and dates as YAML 1.1 and PyYAML do; else they stay what people wrote.

    Raises:
        BadValue: It is no YAML, longer than 1 MiB, deeper than 32, or uses aliases, merges or tags.
    """
    if len(text) > LARGEST:
        raise BadValue("The YAML is longer than 1 MiB.")
    loader = yaml.SafeLoader if guessing else _Plain
    try:
        _check(text)
        return yaml.load(text, Loader=loader)  # noqa: S506  # both are safe loaders
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        raise BadValue(f"This is no YAML that can be read: {_words(error)}.") from error


def _check(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Plain):
        if isinstance(event, yaml.AliasEvent):
            raise BadValue("YAML aliases are not read here.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise BadValue(f"The YAML is nested deeper than {DEEPEST}.")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        tag = getattr(event, "tag", None)
        if tag and not tag.startswith("tag:yaml.org,2002:str"):
            raise BadValue(f"The YAML tag {tag[:60]} is not read here.")
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.style is None:
            raise BadValue("YAML merges are not read here.")


class _Plain(yaml.SafeLoader):
    """A safe loader for which only null, true, false and plain numbers are not text."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  # filled below


for _tag, _pattern, _first in (
    ("null", r"(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"(true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]{0,17})$", list("-+0123456789")),
    ("float", r"[-+]?[0-9]{1,17}\.[0-9]{1,17}$", list("-+0123456789")),
):
    _Plain.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def _words(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f" in line {mark.line + 1}" if mark is not None else ""
    return f"{getattr(error, 'problem', None) or type(error).__name__}{where}"
