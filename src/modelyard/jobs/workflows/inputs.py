"""What the ComfyUIs that run say of their nodes: which folder an input lists. Kept while the service runs."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from modelyard.library.roots.comfy import folder_name

_MOST = 8
"""ComfyUIs that are remembered; the one that told last is new."""

Row = tuple[str, str, int, str]
"""Node, widget, its place among the node's values, folder."""
Folders = Mapping[tuple[str, str], str]
"""Folder by node and widget; a widget is called by its name, and by its place: `#3`."""


def folders_of(rows: Iterable[Row]) -> Folders:
    """Folders by their inputs."""
    found: dict[tuple[str, str], str] = {}
    for node, widget, at, folder in rows:
        found[node, widget] = found[node, f"#{at}"] = folder_name(folder)
    return found


class Inputs:
    """The folders of inputs. Safe to use from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: dict[str, Folders] = {}

    def keep(self, near: str, rows: Iterable[Row]) -> None:
        """Remember what a ComfyUI says, instead of what it said before.

        Args:
            near: The folder of its models.
        """
        found = folders_of(rows)
        with self._lock:
            self._told.pop(near, None)
            self._told[near] = found
            while len(self._told) > _MOST:
                del self._told[next(iter(self._told))]

    def folders(self, near: str) -> Folders:
        """What the ComfyUI near a folder says; where nobody says which one is meant, what all of them agree on."""
        with self._lock:
            if near in self._told:
                return self._told[near]
            every = list(self._told.values())
        found: dict[tuple[str, str], str] = {}
        for folders in every:
            for key, folder in folders.items():
                found[key] = folder if found.setdefault(key, folder) == folder else ""
        return found
