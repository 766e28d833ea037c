"""What a running ComfyUI says of its nodes: which folder an input lists, and which names it offers. Pure.

`GET /object_info` describes every node type with the choices of its inputs, as `[[name, …], {…}]` or
`["COMBO", {"options": [name, …]}]`; `GET /models/FOLDER` lists a folder. Nothing says which folder an input lists, so
the two are compared.
"""

from __future__ import annotations

import functools
from collections.abc import Container, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from modelyard.programs.workflows.references import Workflow
from modelyard.programs.workflows.widgets import list_of
from modelyard.values.untrusted import record, text

_WIDGETS = frozenset(("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"))
"""Types of inputs that have a widget, and so a place in a node's list of values."""


class Running:
    """One ComfyUI's answers.

    Args:
        object_info: Its answer under that name.
        folders: Its folders' names with the files that each lists.
        said: The folders of inputs that its nodes were asked for, by node and widget; goes before comparing.
    """

    def __init__(
        self,
        object_info: Mapping[str, Any],
        folders: Mapping[str, frozenset[str]],
        said: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        self._said = said or {}
        self._nodes = object_info
        self._folders = {name: frozenset(map(_plain, files)) for name, files in folders.items() if files}
        self.offers = functools.cache(self._offers)  # thousands of rows ask about the same few inputs
        self.folder = functools.cache(self._folder)

    def _offers(self, node_type: str, widget: str) -> frozenset[str] | None:
        """Names that an input offers, with `/` between their parts; None when it is no choice, or the node unknown.

        Args:
            node_type: As workflows name it.
            widget: The input's name, or `#3` for the value at that position.
        """
        for at, (name, told) in enumerate(self._widgets(node_type)):
            if widget in (name, f"#{at}"):
                return _choices(told)
        return None

    def _folder(self, node_type: str, widget: str) -> str:
        """The folder that an input lists; empty when none, or when several hold the same names."""
        if told := self._said.get((node_type, widget)):
            return told
        offered = self.offers(node_type, widget) or frozenset()
        inside = {name: len(files) for name, files in self._folders.items() if files <= offered}
        most = [name for name, count in inside.items() if count == max(inside.values())]
        return most[0] if len(most) == 1 else ""

    def _widgets(self, node_type: str) -> Iterator[tuple[str, object]]:
        """Name and description of each widget of a node, in the order of its values."""
        inputs = record(record(self._nodes.get(node_type)).get("input"))
        for part in ("required", "optional"):
            for name, told in record(inputs.get(part)).items():
                kind = list_of(told)[:1]
                if kind and (isinstance(kind[0], list) or text(kind[0]) in _WIDGETS):
                    yield name, told
                    if _more(told).get("control_after_generate"):
                        yield "", []


def compared(workflow: Workflow, running: Running) -> Workflow:
    """The workflow with what this ComfyUI says: each needed row's `directory`, and `listed`: is the name offered.

    A row keeps its folder where ComfyUI says none. `listed` is left out when no input of the row is known to it.
    """
    return replace(workflow, needed=[_compared(row, running) for row in workflow.needed])


def placed(workflow: Workflow, folders: Mapping[tuple[str, str], str], known: Container[str]) -> Workflow:
    """The workflow with the folders that its inputs list, as a ComfyUI said.

    Args:
        folders: By node and widget.
        known: Folders that models can be put into; for another one no known folder of a row is given up.
    """
    return replace(workflow, needed=[_placed(row, folders, known) for row in workflow.needed]) if folders else workflow


def _placed(row: Mapping[str, Any], folders: Mapping[tuple[str, str], str], known: Container[str]) -> dict[str, Any]:
    said = {folder for use in row["used_by"] if (folder := folders.get((use.get("type", ""), use.get("widget", ""))))}
    folder = said.pop() if len(said) == 1 else ""
    return {**row, "directory": folder} if folder and (folder in known or not row["directory"]) else dict(row)


def _compared(row: Mapping[str, Any], running: Running) -> dict[str, Any]:
    uses = [(use["type"], use["widget"]) for use in row["used_by"] if "widget" in use]
    folders = {folder for use in uses if (folder := running.folder(*use))}
    offers = [offered for use in uses if (offered := running.offers(*use)) is not None]
    told: dict[str, Any] = {"directory": folders.pop()} if len(folders) == 1 else {}
    if offers:
        told["listed"] = all(_plain(row["name"]) in offered for offered in offers)
    return {**row, **told}


def _choices(told: object) -> frozenset[str] | None:
    kind = list_of(told)[:1]
    options = kind[0] if kind and isinstance(kind[0], list) else _more(told).get("options")
    if not isinstance(options, list):
        return None
    return frozenset(_plain(text(name)) for name in options if isinstance(name, str))


def _more(told: object) -> Mapping[str, Any]:
    return record((list_of(told)[1:2] or [None])[0])


def _plain(name: str) -> str:
    return name.replace("\\", "/")
