"""Settings of other programs: read within bounds, never through links, never changed; what is odd is noted."""

from __future__ import annotations

import configparser
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

import msgspec

from modelyard.errors import BadValue
from modelyard.programs.installed.machine import Machine
from modelyard.values.plain_yaml import read_yaml

LARGEST = 1 << 20
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_NEVER = frozenset(
    ("etc", "proc", "sys", "dev", "boot", "bin", "sbin", "lib", "lib64", "run", "system", "windows", "$recycle.bin")
)
"""Folders of a system in which no model lies, whatever a setting says."""
_ALONE = frozenset(
    ("usr", "var", "opt", "home", "mnt", "media", "tmp", "srv", "users", "applications", "library", "volumes")
    + ("program files", "program files (x86)", "programdata")
)
"""Folders that hold those of models, and are none themselves."""


def read_bytes(path: Path, largest: int = LARGEST) -> bytes | None:
    """A small plain file; None when there is none, or it is a link, a pipe or too large."""
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError):
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        try:
            data = file.read(largest + 1)
        except OSError:
            return None
    return data if len(data) <= largest else None


@dataclass
class Settings:
    """Readings of one program's settings.

    Attributes:
        used: The files that were there.
        notes: What could not be used, in words.
    """

    machine: Machine
    used: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def text(self, path: Path) -> str:
        """A file's text, empty when there is none."""
        data = read_bytes(path)
        if data is None:
            if os.path.lexists(path):
                self.notes.append(f"{path} is a link, larger than 1 MiB or no plain file; it is not read.")
            return ""
        self.used.append(path)
        return data.decode("utf-8-sig", "replace")

    def json(self, path: Path) -> dict[str, Any]:
        """A JSON object, empty when it is none."""
        text = self.text(path)
        if not text.strip():
            return {}
        try:
            found = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            found = None
        return self._object(path, found)

    def yaml(self, path: Path) -> dict[str, Any]:
        """A YAML table, empty when it is none."""
        text = self.text(path)
        if not text.strip():
            return {}
        try:
            found = read_yaml(text)
        except BadValue as error:
            self.notes.append(f"{path}: {error.message}")
            return {}
        return self._object(path, found)

    def ini(self, path: Path) -> Mapping[str, str]:
        """All values of an INI file, by their names in lower case, whatever section they are in."""
        reader = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
        try:
            reader.read_string(self.text(path))
        except (configparser.Error, ValueError):
            self.notes.append(f"{path} cannot be read.")
            return {}
        return {name: value for part in reader.values() for name, value in part.items() if value}

    def folder(self, said: object, base: Path) -> Path | None:
        """The folder that a setting names, links resolved; None when it is no place for models.

        Args:
            base: Where relative ones begin.
        """
        named = self.machine.path(said) if isinstance(said, str) else None
        if named is None:
            return None
        try:
            real = (base / named).resolve()
            if not real.is_dir():
                return None
        except (OSError, RuntimeError, ValueError):
            return None
        if not is_place(real, self.machine.real_home):
            self.notes.append(f"The settings name {named}, which is no place for models; it is passed over.")
            return None
        return real

    def _object(self, path: Path, found: Any) -> dict[str, Any]:
        if not isinstance(found, dict):
            self.notes.append(f"{path} cannot be read.")
            return {}
        return found


def is_place(real: PurePath, home: PurePath) -> bool:
    """Whether models may lie in a folder: the system's own, whole drives and homes hold none.

    Args:
        real: Links resolved, as `home`.
    """
    if real == home or real in home.parents or real.parent == real:
        return False
    first, *below = [part.lower() for part in real.parts[1:]]
    if first == "private" and below:  # where macOS keeps what is called /etc and /tmp
        first, *below = below
    return first not in _NEVER and (bool(below) or first not in _ALONE)
