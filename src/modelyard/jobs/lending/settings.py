"""Folders in the settings of programs: the text is made anew, read back by the program's own rules, put in one step."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from modelyard.errors import CannotLend, UnsafePath, YardError
from modelyard.jobs.lending.loans import Listed, Loan
from modelyard.library import writing
from modelyard.library.roots.extra_paths import read_extra_paths
from modelyard.programs.installed.adding import listed_in, semicolon_in, with_extra_paths, with_listed, with_semicolon
from modelyard.programs.installed.configs import read_bytes
from modelyard.store.opened import sync_folder


def add(kind: str, listed: Listed, others: Iterable[Loan]) -> None:
    """Let a program's settings name a folder, beside those that other loans named there.

    Raises:
        CannotLend: The settings cannot be changed without harm; they are as they were.
        DiskError: They cannot be written.
    """
    _put(kind, listed, [one.listed for one in others if one.listed] + [listed], there=True)


def remove(kind: str, listed: Listed, others: Iterable[Loan]) -> None:
    """Take a folder out again, unless another loan needs it.

    Raises:
        CannotLend, DiskError: As `add`.
    """
    left = [one.listed for one in others if one.listed]
    if listed not in left and Path(listed.file).is_file():
        _put(kind, listed, left, there=False)


def holds(kind: str, listed: Listed) -> bool:
    """Whether the settings name the folder now, as the program reads them."""
    try:
        return listed.path in _folders(kind, _read(Path(listed.file)), listed)
    except YardError:
        return False


def _put(kind: str, listed: Listed, wanted: list[Listed], *, there: bool) -> None:
    file = Path(listed.file)
    before = _read(file)
    if kind.startswith("comfyui"):
        folders: dict[str, list[str]] = {}
        for one in wanted:
            if one.file == listed.file and one.path not in folders.setdefault(one.key, []):
                folders[one.key].append(one.path)
        after = with_extra_paths(before, folders)
        if there or _reads(before, file.parent):
            _check_extra(file, before, after, folders)
    else:
        change = with_listed if kind == "fooocus" else with_semicolon
        after = change(before, listed.key, listed.path, there=there)
        if after != before:
            _check_listed(kind, before, after, listed, there=there)
    if after == before:
        return
    if not after.strip():
        file.unlink()  # ours alone; ComfyUI stops at an empty file
        sync_folder(file.parent)
        return
    writing.put(file, after.encode())


def _folders(kind: str, text: str, listed: Listed) -> list[str]:
    """The folders that settings name under a key."""
    if not kind.startswith("comfyui"):
        return (listed_in if kind == "fooocus" else semicolon_in)(text, listed.key)
    extra = read_extra_paths(text, Path(listed.file).parent) if text.strip() else []
    return [str(one.path) for one in extra if one.folder == listed.key]


def _check_listed(kind: str, before: str, after: str, listed: Listed, *, there: bool) -> None:
    """Read the new text as the program reads it: what it had, and ours where it should be."""
    had, has = _folders(kind, before, listed), _folders(kind, after, listed)
    kept = [one for one in has if one != listed.path]
    if kept != [one for one in had if one != listed.path] or (there and listed.path not in has):
        raise CannotLend(f"{listed.file} would not say what it should.", hint="Add the folder by hand.")


def _reads(text: str, home: Path) -> bool:
    """Whether ComfyUI reads it as it is; else only our block is taken out of it, and the rest is its owner's."""
    try:
        read_extra_paths(text, home)
    except YardError:
        return False
    return True


def _check_extra(file: Path, before: str, after: str, folders: dict[str, list[str]]) -> None:
    """Read the new text as ComfyUI reads it: what it had, and ours behind it."""
    home = file.parent
    try:
        rest = with_extra_paths(before, {})
        had = read_extra_paths(rest, home) if rest.strip() else []
        has = read_extra_paths(after, home) if after.strip() else []
    except YardError as error:
        raise CannotLend(f"{file}: {error.message}", hint=error.hint) from error
    ours = [(folder, Path(path)) for folder, paths in folders.items() for path in paths]
    if [(one.folder, one.path) for one in has] != [(one.folder, one.path) for one in had] + ours:
        raise CannotLend(f"{file} would not say what it should.", hint="Add the folder by hand.")


def _read(file: Path) -> str:
    if writing.check_plain(file) is None:
        return ""
    data = read_bytes(file)
    if data is None:
        raise CannotLend(f"{file} is larger than 1 MiB, or cannot be read.", hint="Look at it and its rights.")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UnsafePath(f"{file} is no UTF-8 text.", hint="Save it as UTF-8.") from error
