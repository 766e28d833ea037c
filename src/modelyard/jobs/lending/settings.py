"""Folders in the settings of programs: the text is made anew, read back by the program's own rules, put in one step."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from modelyard.errors import CannotLend, UnsafePath, YardError
from modelyard.jobs.lending.loans import Listed, Loan
from modelyard.library import writing
from modelyard.library.roots.extra_paths import read_extra_paths
from modelyard.programs.installed.adding import with_extra_paths, with_listed, with_semicolon
from modelyard.store.opened import sync_folder

_LARGEST = 1 << 20


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
    """Whether the settings name the folder now."""
    try:
        text = _read(Path(listed.file))
    except YardError:
        return False
    return text == _changed(kind, text, listed, there=True) if not kind.startswith("comfyui") else listed.path in text


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
        after = _changed(kind, before, listed, there=there)
    if after == before:
        return
    if not after.strip():
        file.unlink()  # ours alone; ComfyUI stops at an empty file
        sync_folder(file.parent)
        return
    writing.put(file, after.encode())


def _changed(kind: str, text: str, listed: Listed, *, there: bool) -> str:
    change = with_listed if kind == "fooocus" else with_semicolon
    return change(text, listed.key, listed.path, there=there)


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
        had = read_extra_paths(with_extra_paths(before, {}), home) if with_extra_paths(before, {}).strip() else []
        has = read_extra_paths(after, home) if after.strip() else []
    except YardError as error:
        raise CannotLend(f"{file}: {error.message}", hint=error.hint) from error
    ours = [(folder, Path(path)) for folder, paths in folders.items() for path in paths]
    if [(one.folder, one.path) for one in has] != [(one.folder, one.path) for one in had] + ours:
        raise CannotLend(f"{file} would not say what it should.", hint="Add the folder by hand.")


def _read(file: Path) -> str:
    if writing.check_plain(file) is None:
        return ""
    with file.open("rb") as opened:
        data = opened.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise CannotLend(f"{file} is larger than 1 MiB.")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UnsafePath(f"{file} is no UTF-8 text.", hint="Save it as UTF-8.") from error
