"""Which folder each widget of this ComfyUI's nodes lists: the nodes are asked, as the front end asks them."""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
from collections.abc import Iterator
from typing import Any

import folder_paths

from .asking import ask
from .problems import Refused
from .yard import Yard

_WIDGETS = ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO")
"""Types of inputs that have a place among a node's values."""
_NOTHING = {"", "none"}
"""What a list of an empty folder may offer besides, in small letters."""
_MOST = 5000
_LOCK = threading.Lock()
_log = logging.getLogger("modelyard")
_Row = tuple[str, str, int, str]


def tell(yard: Yard) -> None:
    """Tell the service, so that models of loaders that it has never heard of have a folder, too."""
    try:
        ask(yard, "PUT", "/api/v1/comfyui/inputs", {"rows": list(rows())}, start=False)
    except Refused as error:
        _log.debug("what nodes list was not told: %s", error)


@functools.cache
def rows() -> tuple[_Row, ...]:
    """Node, widget, its place among the node's values, and the folder; nodes do not change while the host runs."""
    import nodes  # the host's; it is complete by now

    found: list[_Row] = []
    with _LOCK, _watched() as asked:
        for name, node in list(nodes.NODE_CLASS_MAPPINGS.items()):
            asked.clear()
            try:
                told = node.INPUT_TYPES()
                listed = list(_listing(told, asked)) if asked else []
            except Exception:  # noqa: BLE001, S112  # somebody else's node, or what it gives for a list
                continue
            found += [(str(name), widget, at, folder) for widget, at, folder in listed]
    return tuple(found[:_MOST])


class _Names(list):  # type: ignore[type-arg]
    """A folder's names that remember it, also behind a word like `None`."""

    folder = ""

    def __add__(self, other: Any) -> Any:
        return _names([*self, *other], self.folder)

    def __radd__(self, other: Any) -> Any:
        return _names([*other, *self], self.folder)


def _names(names: list[str], folder: str) -> _Names:
    made = _Names(names)
    made.folder = folder
    return made


@contextlib.contextmanager
def _watched() -> Iterator[dict[str, list[str]]]:
    """While this lasts the host's lists say which folder they are of; to everybody else they are the same lists."""
    real, here = folder_paths.get_filename_list, threading.get_ident()
    asked: dict[str, list[str]] = {}

    def get_filename_list(folder: str, *more: Any, **named: Any) -> Any:
        names = real(folder, *more, **named)
        if threading.get_ident() != here:
            return names
        asked[folder] = list(names)
        return _names(names, folder)

    folder_paths.get_filename_list = get_filename_list
    try:
        yield asked
    finally:
        if folder_paths.get_filename_list is get_filename_list:
            folder_paths.get_filename_list = real


def _listing(told: Any, asked: dict[str, list[str]]) -> Iterator[tuple[str, int, str]]:
    """Each widget that lists a folder."""
    at = 0
    for part in ("required", "optional"):
        for name, kind in ((told.get(part) if isinstance(told, dict) else None) or {}).items():
            if not isinstance(kind, (list, tuple)) or not kind:
                continue
            more = kind[1] if len(kind) > 1 and isinstance(kind[1], dict) else {}
            choices = kind[0] if isinstance(kind[0], (list, tuple)) else more.get("options")
            if choices is not None or kind[0] in _WIDGETS:
                if folder := _folder(choices, asked):
                    yield str(name), at, _first_name(folder)
                at += 2 if more.get("control_after_generate") else 1


def _folder(choices: Any, asked: dict[str, list[str]]) -> str:
    """The folder that a list is of: it says so, or only one that was asked for holds what it offers."""
    if isinstance(choices, _Names):
        return choices.folder
    if not isinstance(choices, (list, tuple)):
        return ""
    offered = {str(one) for one in choices}
    empty = {one.lower() for one in offered} <= _NOTHING
    fitting = [folder for folder, names in asked.items() if (offered >= set(names) if names else empty)]
    return fitting[0] if len(fitting) == 1 else ""


def _first_name(folder: str) -> str:
    """The first name of the same places: others register them again under a name of their own."""
    known = folder_paths.folder_names_and_paths
    mine = known[folder][0] if folder in known else []
    return next((name for name, row in known.items() if mine and row[0][:1] == mine[:1]), folder)
