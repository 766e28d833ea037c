"""The roots: registered places made into folders of models, numbered as ComfyUI and its manager number them."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from modelyard.errors import NoSuchRoot, ReadOnlyDisk, UnsafePath, YardError
from modelyard.library.roots.comfy import PLACES, ComfyPaths, folder_name
from modelyard.library.roots.entries import Entry
from modelyard.library.roots.extra_paths import read_extra_paths

_LARGEST_YAML = 1 << 20


class Problem(msgspec.Struct, frozen=True):
    """Something about a root that its owner should know.

    Attributes:
        code: Of a place `missing`, `not-a-folder`, `no-permission`, `unreadable`, `bad-yaml`, `overlap`, `read-only`,
            `unwatched`;
            of something in it `link-loop`, `link-outside`, `bad-name`, `quarantined`, `wrong-extension`,
            `sidecar-unreadable`.
        path: Where.
        words: What is wrong.
        hint: How to mend it.
    """

    code: str
    path: str
    words: str
    hint: str = ""


class Root(msgspec.Struct, frozen=True):
    """One folder of models.

    Attributes:
        folder: ComfyUI's name of what lies in it, empty for a mixed one.
        index: Its number among the roots of that name.
        entry: The registered place that it comes from.
        every: ComfyUI knows its name from a YAML file alone and asks for no ending there: each file is a model,
            save what `library.walk` knows to lie beside some.
    """

    folder: str
    index: int
    path: Path
    entry: str
    read_only: bool = False
    every: bool = False


class Roots(msgspec.Struct, frozen=True):
    """All roots, and what is wrong with the places they come from."""

    all: tuple[Root, ...]
    problems: tuple[Problem, ...] = ()

    def by_folder(self) -> dict[str, list[Root]]:
        """Roots by ComfyUI's names, each list in the order of its index."""
        found: dict[str, list[Root]] = {}
        for root in self.all:
            found.setdefault(root.folder, []).append(root)
        return found

    def near(self, folder: str) -> Roots:
        """The roots of the registered places that have one below a folder; all of them when none has."""
        entries = {root.entry for root in self.all if folder and root.path.is_relative_to(folder)}
        return Roots(tuple(root for root in self.all if not entries or root.entry in entries), self.problems)

    def get(self, folder: str, index: int) -> Root:
        """The root of a name and a path index.

        Raises:
            NoSuchRoot: There is none; the hint says which there are.
        """
        known = self.by_folder().get(folder_name(folder), [])
        if not 0 <= index < len(known):
            hint = (
                f"{folder} has the indices 0 to {len(known) - 1}."
                if known
                else f"Known: {', '.join(self.by_folder())}."
            )
            raise NoSuchRoot(f"There is no root {folder[:80]}/{index}.", hint=hint)
        return known[index]

    def holding(self, path: Path) -> Root | None:
        """The root that a path lies below, the deepest one, None when it lies outside of all."""
        text = os.fspath(path)
        within = [root for root in self.all if text.startswith(os.fspath(root.path) + os.sep)]
        return max(within, key=lambda root: len(os.fspath(root.path)), default=None)

    def inside(self, path: Path) -> Root:
        """The root that holds a path, links resolved: nothing outside of all roots is ever touched.

        Raises:
            UnsafePath: It lies outside, or a link leads out.
        """
        root = self.holding(Path(os.path.normpath(path)))
        real = Path(os.path.realpath(path.parent)) / path.name
        if root is None or not any(real.is_relative_to(os.path.realpath(each.path)) for each in self.all):
            raise UnsafePath(f"{path} lies in no registered root.", hint="Register its folder: `modelyard roots add`.")
        return root

    def writable(self, path: Path) -> Root:
        """The root that holds a path where something may be written; the one answer to that question.

        Raises:
            UnsafePath: It lies outside of all, or a link leads out.
            ReadOnlyDisk: It lies in a root that is registered as read-only, or a folder link leads into one.
        """
        root = self.inside(path)
        self.check_writable(Path(os.path.realpath(path.parent)))
        self.check_writable(root.path)
        return root

    def check_writable(self, folder: Path) -> None:
        """Refuse a folder that lies in a root which is registered as read-only.

        Raises:
            ReadOnlyDisk: It does.
        """
        for root in (one for one in self.all if one.read_only):
            for base in (root.path, Path(os.path.realpath(root.path))):
                if folder == base or base in folder.parents:
                    raise ReadOnlyDisk(
                        f"{root.path} is registered as read-only.", hint="Register it again as writable."
                    )


def roots_of(entries: Iterable[Entry]) -> Roots:
    """Every root that the registered places stand for. Looks at the disk, never fails."""
    found: dict[str, list[Root]] = {}
    problems: list[Problem] = []
    known: set[Path] = set()
    for entry in entries:
        for folder, path in _folders(entry, problems):
            if path in known:
                continue
            known.add(path)
            numbered = found.setdefault(folder, [])
            every = entry.comfy and folder not in PLACES
            numbered.append(Root(folder, len(numbered), path, entry.path, entry.read_only, every))
    return Roots(tuple(root for numbered in found.values() for root in numbered), tuple(problems))


def _folders(entry: Entry, problems: list[Problem]) -> Iterator[tuple[str, Path]]:
    home = Path(entry.path)
    if not entry.comfy:
        if not home.is_dir():
            problems.append(Problem("missing", entry.path, "The folder is not there.", "Is its drive attached?"))
        yield entry.folder, home
        return
    comfy = ComfyPaths(home, _path(entry.base), _path(entry.models), _path(entry.output))
    for file in (home / "extra_model_paths.yaml", *map(Path, entry.extra)):
        _read_extra(file, comfy, problems, wanted=str(file) in entry.extra)
    for folder, paths in comfy.finish().items():
        yield from ((folder, path) for path in paths)


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _without_waiting(path: str, flags: int) -> int:
    """Open a plain file; a pipe in its place would hold whoever looks at the roots."""
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "it is no plain file", path)


def _read_extra(file: Path, comfy: ComfyPaths, problems: list[Problem], *, wanted: bool) -> None:
    try:
        with open(file, "rb", opener=_without_waiting) as opened:
            text = opened.read(_LARGEST_YAML + 1).decode()
        comfy.add(read_extra_paths(text, file.parent))
    except FileNotFoundError:
        if wanted:
            problems.append(
                Problem("bad-yaml", str(file), "The file is not there.", "ComfyUI would stop at its start.")
            )
    except (OSError, UnicodeDecodeError) as error:
        problems.append(
            Problem("bad-yaml", str(file), f"It cannot be read: {error}.", "Check its rights and encoding.")
        )
    except YardError as error:
        problems.append(Problem("bad-yaml", str(file), error.message, error.hint))
