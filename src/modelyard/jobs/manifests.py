"""Entries of the trash: a folder each, with a manifest that tells everything. A manifest is a stranger's word."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from modelyard.errors import DiskError, NoSuchFile, UnsafePath
from modelyard.jobs.remembering import Facts
from modelyard.library.shifting.copying import remove_tree
from modelyard.library.shifting.failpoint import failpoint
from modelyard.store.opened import opened, refused

TRASH = ".modelyard-trash"
MANIFEST = "manifest.json"
_EMPTYING = ".emptying"
_LARGEST = 16 << 20


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One file in the trash.

    Attributes:
        source: Where it lay, relative to the root, with `/`.
        stored: Its name in the trash.
        shared: A copy: the file itself stayed with another model.
    """

    source: str
    stored: str
    shared: bool = False
    tree: bool = False


class Trashed(msgspec.Struct, frozen=True, kw_only=True):
    """A model in the trash, as its manifest tells.

    Attributes:
        at: Seconds since 1970.
        path: Where it lay, as the catalogue had it.
        model: Its number in the catalogue.
        size: Bytes.
    """

    id: str
    at: float
    path: str
    title: str
    size: int
    model: int
    files: tuple[Kept, ...]
    facts: Facts
    version: int = 1


class InTrash(msgspec.Struct, frozen=True):
    """A model in the trash, as a list shows it.

    Attributes:
        root: The real path of the root whose trash it lies in.
    """

    id: str
    at: float
    title: str
    path: str
    size: int
    model: int
    root: str


def safe(source: str) -> str:
    """A place below the root; a manifest is a file that anybody who writes there can make.

    Raises:
        UnsafePath: It leads elsewhere.
    """
    parts = PurePosixPath(source).parts
    if not parts or source.startswith("/") or "\0" in source or ".." in parts or parts[0] == TRASH:
        raise UnsafePath(f"The trash names {source[:80]!r}, which is no place in its root.")
    return source


def entries(base: Path) -> Iterator[Trashed]:
    """Every entry of a root's trash that holds something."""
    try:
        with opened(base, base / TRASH) as trash:
            names = trash.names()
    except DiskError:
        return
    for name in names:
        if not name.endswith(_EMPTYING):
            trashed = read(base, name)
            if trashed is not None and holds_any(base, trashed):
                yield trashed


def holds_any(base: Path, trashed: Trashed) -> bool:
    """Whether any file of it is still there."""
    home = base / TRASH / trashed.id / "files"
    return any(os.path.lexists(home / one.stored) for one in trashed.files)


def read(base: Path, entry: str) -> Trashed | None:
    """The manifest of an entry; None when there is none that can be read, or it is another's."""
    try:
        with opened(base, base / TRASH / entry) as folder:
            trashed = msgspec.json.decode(folder.read(MANIFEST, _LARGEST), type=Trashed)
    except (DiskError, msgspec.DecodeError):
        return None
    plain = all(one.stored and "/" not in one.stored and one.stored not in (".", "..") for one in trashed.files)
    return trashed if trashed.id == entry and trashed.files and plain else None


def shown(one: Trashed, base: Path) -> InTrash:
    """An entry as a list shows it."""
    return InTrash(one.id, one.at, one.title, one.path, one.size, one.model, str(base))


def drop(base: Path, entry: str) -> None:
    """Remove an entry with all that is in it; first it stops to be one, so that a half-removed one is never listed."""
    try:
        with opened(base, base / TRASH) as trash:
            trash.rename(entry, trash, entry + _EMPTYING)
            trash.sync()
            failpoint("emptying")
            remove_tree(trash, entry + _EMPTYING)
            trash.sync()
    except OSError as error:
        raise refused(error, base / TRASH / entry) from error


def tidy(base: Path, entry: str, copies: Sequence[str] = ()) -> None:
    """Remove an entry that is empty now; where a file is left in it, it stays.

    Args:
        copies: Files that were copies of what still stands at its place.
    """
    try:
        with opened(base, base / TRASH) as trash, trash.sub(entry) as folder:
            with contextlib.suppress(FileNotFoundError), folder.sub("files") as files:
                for name in set(copies) & set(files.names()):
                    files.unlink(name)
            with contextlib.suppress(FileNotFoundError):
                folder.rmdir("files")
            with contextlib.suppress(FileNotFoundError):
                folder.unlink(MANIFEST)
            trash.rmdir(entry)
            trash.sync()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise refused(error, base / TRASH / entry) from error


def sweep(base: Path) -> None:
    """Remove what a crash left of entries that were being removed, and entries without files."""
    try:
        with opened(base, base / TRASH) as trash:
            names = trash.names()
            for name in names:
                if name.endswith(_EMPTYING):
                    remove_tree(trash, name)
            trash.sync()
        for name in names:
            if not name.endswith(_EMPTYING) and not (base / TRASH / name / "files").exists():
                tidy(base, name)
    except NoSuchFile:
        return
    except OSError as error:
        raise refused(error, base / TRASH) from error
