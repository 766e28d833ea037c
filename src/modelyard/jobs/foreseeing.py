"""What a move would do, told before it is done: every file with its new place, and what stands in the way."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec

from modelyard.errors import TargetExists, YardError
from modelyard.jobs.carrying import check_room, size_of
from modelyard.jobs.stock import Stock
from modelyard.library.shifting.journal import Shift


class FileWay(msgspec.Struct, frozen=True, kw_only=True):
    """Where one file would go.

    Attributes:
        size: Bytes; of a folder, of all that is in it.
        how: Within one file system by a rename, else by a copy that is proven before the old file goes.
        stays: Another model needs it, too: it is copied, and the old one stays.
    """

    source: str
    target: str
    size: int
    how: Literal["rename", "copy"]
    stays: bool


class Foreseen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What would become of one model.

    Attributes:
        path: Where it would lie.
        conflicts: Why nothing would be done with it: code, message, hint. Empty when it would work.
    """

    id: int
    path: str = ""
    files: tuple[FileWay, ...] = ()
    conflicts: tuple[dict[str, Any], ...] = ()


Plan = tuple[Shift, str]
"""A shift that nobody carried out, and where its model would lie then."""


def foresee(stock: Stock, ids: tuple[int, ...], plan: Callable[[int], Plan]) -> list[Foreseen]:
    """What would become of models that go one after the other; touches nothing."""
    taken: dict[Path, int] = {}
    told = []
    for number in dict.fromkeys(ids):
        try:
            shift, path = plan(number)
        except YardError as error:
            told.append(Foreseen(id=number, conflicts=(error.as_dict(),)))
            continue
        conflicts = (*_taken(shift, taken), *_no_room(stock, shift))
        told.append(Foreseen(id=number, path=path, files=_files(shift), conflicts=conflicts))
        if not conflicts:
            taken |= {new: number for _, new, _ in shift.ways()}
    return told


def _files(shift: Shift) -> tuple[FileWay, ...]:
    return tuple(
        FileWay(
            source=str(old),
            target=str(new),
            size=size_of(old),
            how="copy" if step.temp else "rename",
            stays=step.stays,
        )
        for old, new, step in shift.ways()
    )


def _taken(shift: Shift, taken: dict[Path, int]) -> list[dict[str, Any]]:
    found = []
    for _, new, _ in shift.ways():
        if new in taken:
            told = TargetExists(f"{new} is where model {taken[new]} would go.", hint="Rename one of them first.")
            found.append(told.as_dict())
        elif os.path.lexists(new):
            found.append(TargetExists(f"{new} stands there already.", hint="Rename one of them first.").as_dict())
    return found


def _no_room(stock: Stock, shift: Shift) -> list[dict[str, Any]]:
    try:
        check_room(stock, shift)
    except YardError as error:
        return [error.as_dict()]
    return []
