"""YAML from strangers, read as plain data: no tags, no aliases and merges unless few are asked for, bounded.

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
SHARED = 10_000
"""Parts that a text with aliases may stand for."""


def read_yaml(text: str, *, guessing: bool = False, shared: bool = False) -> Any:
    """The data of a YAML text: dicts, lists, texts, numbers, None.

    Args:
        guessing: Read ``no``, ``012`` and dates as YAML 1.1 and PyYAML do; else they stay what people wrote.
        shared: Read aliases and merges, too, while they stand for no more than `SHARED` parts.

    Raises:
        BadValue: It is no YAML, longer than 1 MiB, deeper than 32, or uses tags, or aliases and merges that it may not.
    """
    if len(text) > LARGEST:
        raise BadValue("The YAML is longer than 1 MiB.")
    loader = yaml.SafeLoader if guessing else _Plain
    try:
        _check(text, shared=shared)
        if shared:
            _measure(yaml.compose(text, Loader=loader))
        return yaml.load(text, Loader=loader)  # noqa: S506  # both are safe loaders
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        raise BadValue(f"This is no YAML that can be read: {_words(error)}.") from error


def _check(text: str, *, shared: bool) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Plain):
        if isinstance(event, yaml.AliasEvent) and not shared:
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
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.style is None and not shared:
            raise BadValue("YAML merges are not read here.")


def _measure(root: yaml.Node | None) -> None:
    """Count the parts that a graph of nodes stands for: each shared one as often as it is used, but walked once.

    Raises:
        BadValue: They are too many, or one holds itself.
    """
    sizes: dict[int, int] = {}

    def size(node: yaml.Node, above: frozenset[int]) -> int:
        if id(node) in above or len(above) > 2 * DEEPEST:
            raise BadValue("A YAML alias leads back to what it stands in.")
        if id(node) not in sizes:
            held = node.value if isinstance(node, yaml.SequenceNode) else ()
            if isinstance(node, yaml.MappingNode):
                held = [part for pair in node.value for part in pair]
            sizes[id(node)] = 1 + sum(size(part, above | {id(node)}) for part in held)
        if sizes[id(node)] > SHARED:
            raise BadValue(f"The YAML's aliases stand for more than {SHARED:,} parts.")
        return sizes[id(node)]

    if root is not None:
        size(root, frozenset())


class _Plain(yaml.SafeLoader):
    """A safe loader for which only null, true, false and plain numbers are not text."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  # filled below


for _tag, _pattern, _first in (
    ("null", r"(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"(true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("merge", r"<<$", ["<"]),
    ("int", r"[-+]?(0|[1-9][0-9]{0,17})$", list("-+0123456789")),
    ("float", r"[-+]?[0-9]{1,17}\.[0-9]{1,17}$", list("-+0123456789")),
):
    _Plain.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def _words(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f" in line {mark.line + 1}" if mark is not None else ""
    return f"{getattr(error, 'problem', None) or type(error).__name__}{where}"
