"""Which places a person registered; kept as `roots.json` in the data folder."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Annotated

import msgspec

from modelyard.errors import BadValue, NoSuchRoot
from modelyard.keys.private_file import read_private, write_private
from modelyard.library.roots.comfy import OLD_NAMES, PLACES, is_comfy

Place = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One place that a person registered.

    Attributes:
        path: Absolute: a folder of models, or a ComfyUI.
        folder: ComfyUI's name of what lies in it (`loras`); empty for a mixed folder.
        read_only: Nothing is ever written, moved or removed in it.
        comfy: It is a ComfyUI: its folders, switches and YAML files count.
        base: Its `--base-directory`.
        models: Its `--models-directory`.
        output: Its `--output-directory`.
        extra: Its `--extra-model-paths-config` files.
    """

    path: Place
    folder: Annotated[str, msgspec.Meta(max_length=80)] = ""
    read_only: bool = False
    comfy: bool = False
    base: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    models: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    output: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    extra: tuple[Place, ...] = ()


def recognised(entry: Entry) -> Entry:
    """The entry that a person means: of a ComfyUI about whose content nothing is said, its own folders count.

    As a mixed folder nobody would know which of its models lie where. The folder for downloads stays a mixed one
    (`jobs.adopting`): what arrives in it lies in none of a ComfyUI's folders.
    """
    plain = not (entry.comfy or entry.folder)
    return msgspec.structs.replace(entry, comfy=True) if plain and is_comfy(Path(entry.path)) else entry


class Entries:
    """The registered places of one data folder. Safe to use from every thread."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "roots.json"
        self._lock = threading.Lock()

    def all(self) -> list[Entry]:
        """Every place, in the order they were registered.

        Raises:
            BadValue: The file is damaged.
        """
        try:
            return msgspec.json.decode(read_private(self._path) or b"[]", type=list[Entry])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadValue(f"{self._path} holds no roots: {error}.", hint="Mend it, or remove it.") from error

    def keep(self, entry: Entry) -> Entry:
        """Register a place; one of the same path is replaced.

        Raises:
            BadValue: It cannot be a root.
        """
        _check(entry)
        with self._lock:
            known = self.all()
            for one in known:
                if one.path != entry.path and os.path.realpath(one.path) == os.path.realpath(entry.path):
                    raise BadValue(f"{entry.path} is {one.path}, which is registered already.")
            places = [one.path for one in known]
            if entry.path in places:
                known[places.index(entry.path)] = entry
            else:
                known.append(entry)
            self._write(known)
        return entry

    def remove(self, path: str) -> None:
        """Forget a place; its files stay as they are.

        Raises:
            NoSuchRoot: It is not registered.
        """
        with self._lock:
            known = self.all()
            kept = [one for one in known if one.path != path]
            if len(kept) == len(known):
                raise NoSuchRoot(f"{path} is not registered.")
            self._write(kept)

    def _write(self, entries: list[Entry]) -> None:
        write_private(self._path, msgspec.json.format(msgspec.json.encode(entries), indent=2) + b"\n")


def _check(entry: Entry) -> None:
    path = Path(entry.path)
    if "\0" in entry.path or not path.is_absolute():
        raise BadValue(f"{entry.path[:200]!r} is no absolute path.")
    if not path.is_dir():
        raise BadValue(f"{path} is no folder.", hint="Make it first, or check how it is written.")
    if path.resolve().parent == path.resolve() or path.resolve() == Path.home().resolve():
        raise BadValue(f"{path} is too much for a root.", hint="Name the folder that holds the models.")
    if entry.comfy and not is_comfy(path):
        raise BadValue(f"There is no ComfyUI at {path}.", hint="Name the folder that holds its main.py.")
    if entry.folder in OLD_NAMES:
        raise BadValue(f"{entry.folder} is today called {OLD_NAMES[entry.folder]}.")
    if entry.folder and not all(letter.isalnum() or letter in "_-. " for letter in entry.folder):
        raise BadValue(f"{entry.folder[:80]!r} is no name of a folder.", hint=f"ComfyUI knows {', '.join(PLACES)}.")
