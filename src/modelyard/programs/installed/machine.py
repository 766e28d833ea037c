"""A machine as the rules see it: its system, its home and its variables; Windows' rules run on every system."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

System = Literal["linux", "windows", "macos"]


class Machine(msgspec.Struct, frozen=True):
    """Where the folders of a person and of programs are.

    Attributes:
        root: Where the system's own folders begin.
        drives: Where drives begin: their folders are looked at like those of the home.
    """

    system: System
    home: Path
    environ: Mapping[str, str]
    root: Path = Path("/")
    drives: tuple[Path, ...] = ()

    def named(self, *variables: str) -> Path | None:
        """The folder that the first of these variables with a value names; None when none names an absolute one."""
        value = next((value for name in variables if (value := self.environ.get(name, "").strip())), "")
        path = self.path(value)
        return path if path is not None and path.is_absolute() else None

    def path(self, text: str) -> Path | None:
        """A path that a config names, `~` expanded; None for none, or for one with a NUL."""
        if not text or "\0" in text or len(text) > 4096:
            return None
        if text == "~" or text.startswith(("~/", "~\\")):
            return self.home / text[2:]
        return Path(text)

    @property
    def real_home(self) -> Path:
        """The home, links resolved."""
        return Path(os.path.realpath(self.home))

    @property
    def data(self) -> Path:
        """Where programs keep their data."""
        if self.system == "windows":
            return self.named("APPDATA") or self.home / "AppData" / "Roaming"
        if self.system == "macos":
            return self.home / "Library" / "Application Support"
        return self.named("XDG_DATA_HOME") or self.home / ".local" / "share"

    @property
    def local(self) -> Path:
        """The same for data that stays on this machine."""
        if self.system == "windows":
            return self.named("LOCALAPPDATA") or self.home / "AppData" / "Local"
        return self.data

    @property
    def config(self) -> Path:
        """Where programs keep their settings."""
        if self.system == "linux":
            return self.named("XDG_CONFIG_HOME") or self.home / ".config"
        return self.data

    @property
    def cache(self) -> Path:
        """Where programs keep what they could fetch again."""
        if self.system == "windows":
            return self.local
        if self.system == "macos":
            return self.home / "Library" / "Caches"
        return self.named("XDG_CACHE_HOME") or self.home / ".cache"


def this_machine() -> Machine:
    """The machine that we run on."""
    system: System = "windows" if sys.platform == "win32" else "macos" if sys.platform == "darwin" else "linux"
    drives: tuple[Path, ...] = ()
    if system == "windows":
        drives = tuple(Path(f"{letter}:\\") for letter in "CDEFGH" if os.path.isdir(f"{letter}:\\"))  # noqa: PTH112
    return Machine(system, Path.home(), dict(os.environ), drives=drives)
