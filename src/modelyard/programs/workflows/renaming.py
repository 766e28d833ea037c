"""Puts other names of models into a workflow's JSON and leaves every other byte as it is. Pure.

Parsing and writing again would change numbers, escapes and indentation. So the strings that name a model are found
where they stand, by the same rule that finds what a workflow needs, and only they are replaced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from modelyard.programs.workflows.widgets import combos_of, list_of, models_in, values_of
from modelyard.values.untrusted import record, records, text

Renames = Mapping[tuple[str, str], str]
"""Name as the workflow has it and folder key, empty where that is unknown, to the new name."""

_Path = tuple[str | int, ...]
_Folders = frozenset[str] | None
_MARK = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]', re.DOTALL)
_WIDGETS = ("widgets_values", "widgets_values_named")


def renamed(document: str, renames: Renames) -> str:
    """A workflow's JSON with other names of models; canvas or prompt, also inside an object that holds them.

    Args:
        document: A JSON text.
        renames: What is to be called otherwise.

    Raises:
        ValueError: It is no JSON.
        RecursionError: It is nested deeper than Python reads.
    """
    value = json.loads(document.removeprefix("\ufeff"))
    wanted = frozenset(old for old, _ in renames)
    places, pieces, done = _Places(value), list[str](), 0
    for path, start, end, old in strings(document, wanted):
        folders = places.folders(path, old)
        new = None if folders is None else _chosen(old, folders, renames)
        if new is not None:
            pieces += [document[done:start], json.dumps(new, ensure_ascii=document.isascii())]
            done = end
    return "".join([*pieces, document[done:]])


def _chosen(old: str, folders: frozenset[str], renames: Renames) -> str | None:
    """The new name; where a folder is not known, only what every folder agrees about."""
    for folder in (*sorted(folders - {""}), ""):
        if (old, folder) in renames:
            return renames[old, folder]
    agreed = {new for (name, _), new in renames.items() if name == old}
    return agreed.pop() if "" in folders and len(agreed) == 1 else None


def strings(document: str, wanted: frozenset[str]) -> Iterator[tuple[_Path, int, int, str]]:
    """Path, span and text of each string that is wanted and no key; the text is valid JSON."""
    above: list[str | int] = []
    opened: list[str] = []
    key_next = False
    for match in _MARK.finditer(document):
        mark = match[0]
        if mark in "{[":
            opened.append(mark)
            above.append("" if mark == "{" else 0)
            key_next = mark == "{"
        elif mark in "}]":
            opened.pop()
            above.pop()
            key_next = False
        elif mark == ",":
            key_next = opened[-1] == "{"
            if not key_next:
                above[-1] = int(above[-1]) + 1
        else:
            told = json.loads(mark, strict=False) if "\\" in mark else mark[1:-1]
            if key_next:
                above[-1], key_next = told, False
            elif told in wanted:
                yield tuple(above), match.start(), match.end(), told


class _Places:
    """What stands where in one document; each node is looked at once for a name, however often that stands in it."""

    def __init__(self, document: object) -> None:
        self._document = document
        inside = [record(document), *(record(record(document).get(key)) for key in ("workflow", "prompt"))]
        subgraphs = (list_of(record(told.get("definitions")).get("subgraphs")) for told in inside)
        self._subgraphs = frozenset(text(record(each).get("id")) for graphs in subgraphs for each in graphs)
        self._known: dict[tuple[_Path, str], _Folders] = {}

    def folders(self, path: _Path, name: str) -> _Folders:
        """Folders of the model whose name stands at this place, `""` when unknown; None when it is no model's name."""
        for at, step in enumerate(path):
            if step in _WIDGETS or step == "inputs":
                key = (path[:at], name)
                if key not in self._known:
                    self._known[key] = self._of_node(_at(self._document, path[:at]), str(step), name)
                return self._known[key]
            if step == "models" and path[at + 2 :] == ("name",):
                return frozenset((text(_at(self._document, path[:-1]).get("directory")),))
        return None

    def _of_node(self, node: Mapping[str, Any], step: str, name: str) -> _Folders:
        if step in _WIDGETS:
            return self._of_widget(node, name) if "type" in node else None
        if not isinstance(node.get("class_type"), str):
            return None
        inputs = record(node.get("inputs"))
        return _found(models_in(text(node["class_type"]), inputs, frozenset(inputs), frozenset()), name)

    def _of_widget(self, node: Mapping[str, Any], name: str) -> _Folders:
        kind = text(node.get("type"))
        # what stands on an instance is a value of a node within, on a primitive that of the widget it is linked to
        if kind in self._subgraphs or kind == "PrimitiveNode":
            return frozenset(("",))
        declared = [each for each in records(record(node.get("properties")).get("models")) if each.get("name") == name]
        names = frozenset((name,)) if declared else frozenset[str]()
        found = _found(models_in(kind, values_of(node), combos_of(node), names), name)
        if found is None:
            return None
        return found - {""} or frozenset(text(each.get("directory")) for each in declared) or frozenset(("",))


def _found(models: Iterator[tuple[str, str, str]], name: str) -> _Folders:
    return frozenset(folder for told, folder, _ in models if told == name) or None


def _at(document: Any, path: _Path) -> Mapping[str, Any]:
    """The object at a path; of a member that stands twice, the last counts, which need not be the one on the path."""
    for step in path:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return {}
    return record(document)
