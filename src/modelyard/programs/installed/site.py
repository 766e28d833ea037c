"""A folder that may be a program's: what stands in it, and the folders of models that it has."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from modelyard.programs.installed.configs import Settings
from modelyard.programs.installed.found import Care, Folder
from modelyard.programs.installed.machine import Machine

MOST_NAMES = 2000
"""Names of one folder that are looked at; a program's own folder has fewer."""


class Site(msgspec.Struct, frozen=True):
    """One folder, links resolved, with the names in it."""

    path: Path
    names: frozenset[str]
    machine: Machine
    settings: Settings

    def has(self, *markers: str) -> bool:
        """Whether all of these stand in it; `a/b` is looked for below."""
        return all(
            one.partition("/")[0] in self.names and ("/" not in one or (self.path / one).exists()) for one in markers
        )

    def own(self, places: Mapping[str, str], care: Care = "free") -> Iterator[Folder]:
        """Its own folders that are there; one that a link leads out of the program is told and passed over.

        Args:
            places: ComfyUI's name of what lies in each, by the path below the program.
        """
        for place, folder in places.items():
            path = self.path / place
            try:
                real = path.resolve()
                if not real.is_dir():
                    continue
            except (OSError, RuntimeError):
                continue
            if real.is_relative_to(self.path):
                yield Folder(real, folder, care)
            else:
                words = f"{path} is a link to {real}; register that folder itself: modelyard roots add."
                self.settings.notes.append(words)

    def declared(self, said: Iterable[tuple[object, str]], base: Path, care: Care = "free") -> Iterator[Folder]:
        """Folders that settings name, those that are there.

        Args:
            said: What a setting says, a path or a list of them, with ComfyUI's name of what lies there.
            base: Where relative ones begin.
        """
        for value, folder in said:
            for one in value[:100] if isinstance(value, list) else [value]:
                real = self.settings.folder(one, base)
                if real is not None:
                    yield Folder(real, folder, care, declared=not real.is_relative_to(self.path))


def site_of(path: Path, machine: Machine) -> Site | None:
    """A folder, looked at once; None when it is none or cannot be read."""
    try:
        real = path.resolve()
        with os.scandir(real) as entries:
            names = frozenset(entry.name for entry, _ in zip(entries, range(MOST_NAMES), strict=False))
    except (OSError, RuntimeError, ValueError):
        return None
    return Site(real, names, machine, Settings(machine))


def once(folders: Iterable[Folder]) -> tuple[Folder, ...]:
    """Folders, each path once, the first word on it counts."""
    found: dict[Path, Folder] = {}
    for one in folders:
        found.setdefault(one.path, one)
    return tuple(found.values())
