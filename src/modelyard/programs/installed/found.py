"""What was found: a program, the folders of its models, and how those may be used."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Literal

import msgspec

Care = Literal["free", "rewrites", "prunes", "indexed"]
"""How a program treats its files: `free` leaves them alone; `rewrites` writes metadata into them; `prunes` removes
files that its own records do not name; `indexed` sees only what was brought in through the program itself."""

Means = Literal["config", "reflink", "hardlink", "symlink", "copy", "api", "manifest"]
"""How a model can be lent: `config` names its folder in the program's settings; `api` asks the program; `manifest`
writes a record beside the linked bytes; the others make a second name or copy of the file."""

LINKS: tuple[Means, ...] = ("reflink", "hardlink", "symlink", "copy")
"""Second names for one file, the gentlest first."""


class Folder(msgspec.Struct, frozen=True):
    """One folder of a program's models.

    Attributes:
        path: Links resolved.
        folder: ComfyUI's name of what lies in it (`loras`); empty for a mixed folder.
        declared: A setting names it; else it is the program's own.
    """

    path: Path
    folder: str = ""
    care: Care = "free"
    declared: bool = False

    @property
    def read_only(self) -> bool:
        """Whether nobody but the program may change it."""
        return self.care != "free"


class KeyPlace(msgspec.Struct, frozen=True):
    """Where a program keeps the key of a hub; a search sees that one is there, and keeps nothing of it.

    Attributes:
        name: Of the value in the file; empty when the file holds the key alone.
    """

    hub: str
    path: Path
    name: str = ""


class Program(msgspec.Struct, frozen=True):
    """One program that keeps models.

    Attributes:
        path: Its folder, or the folder of its models where it has none of its own.
        configs: Its settings, those that are there.
        extra: Files of its own that name further folders as ComfyUI reads them.
        lists: Where in its settings folders of a kind can be added, by ComfyUI's name of the folder.
        means: How a model can be lent to it, the gentlest first; none when it takes none.
        why: Why not by other means, or what else its owner should know.
        notes: What in its settings could not be used.
        rewrites: It may write into any model below `path`, also where `folders` names none.
        proxy: The proxy that its settings name, without its password.
    """

    kind: str
    name: str
    path: Path
    folders: tuple[Folder, ...]
    means: tuple[Means, ...]
    why: str = ""
    version: str = ""
    configs: tuple[Path, ...] = ()
    extra: tuple[Path, ...] = ()
    lists: tuple[tuple[str, str], ...] = ()
    keys: tuple[KeyPlace, ...] = ()
    rewrites: bool = False
    proxy: str = ""
    notes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its name for commands, the same as long as it stays where it is."""
        return f"{self.kind}-{hashlib.sha256(os.fsencode(self.path)).hexdigest()[:6]}"

    def place(self, folder: str) -> Folder | None:
        """Where files of a kind may be put: its own folder before those that settings name."""
        fitting = [one for one in self.folders if one.folder == folder and one.care == "free"]
        return min(fitting, key=lambda one: one.declared, default=None)
