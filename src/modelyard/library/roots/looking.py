"""What is wrong with roots that are there: one inside another, one twice, one where nothing can be written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from modelyard.library.roots.roots import Problem, Root


def problems_of(roots: Sequence[Root], data: Path) -> dict[str, list[Problem]]:
    """What their owner should know, by the path of the root. Looks at the disk, never fails.

    Args:
        data: The data folder: its files are no models.
    """
    there = [(root, Path(os.path.realpath(root.path))) for root in roots if root.path.is_dir()]
    found: dict[str, list[Problem]] = {}
    for at, (root, real) in enumerate(there):
        told = [*_overlaps(root, real, there[:at], there), *_data(root, real, data), *_locked(root)]
        if told:
            found[str(root.path)] = told
    return found


def _overlaps(
    root: Root, real: Path, before: Sequence[tuple[Root, Path]], every: Sequence[tuple[Root, Path]]
) -> list[Problem]:
    twin = next((other for other, place in before if place == real), None)
    if twin is not None:
        words = f"It is the same folder as {twin.path}: each of its models is listed twice."
        return [Problem("overlap", str(root.path), words, "Remove one of both: modelyard roots remove.")]
    around = [other for other, place in every if place in real.parents]
    if not around:
        return []
    nearest = max(around, key=lambda one: len(one.path.parts))
    if root.path.is_relative_to(nearest.path):
        words, hint = f"It lies inside {nearest.path}: its models are listed here, not there.", "Nothing need be done."
    else:
        words = f"A link leads into {nearest.path}: each of its models is listed twice."
        hint = "Remove one of both: modelyard roots remove."
    return [Problem("overlap", str(root.path), words, hint)]


def _data(root: Root, real: Path, data: Path) -> list[Problem]:
    own = Path(os.path.realpath(data))
    if real != own and real not in own.parents:
        return []
    words = f"Modelyard's own data lie inside, in {data}; they are passed over."
    return [Problem("overlap", str(root.path), words, "Better: another place in MODELYARD_HOME.")]


def _locked(root: Root) -> list[Problem]:
    if root.read_only or (os.access(root.path, os.W_OK) and not _mounted_read_only(root.path)):
        return []
    words = "Nothing can be written in it: no sidecar, no preview, no move, no trash."
    hint = f"Allow it: chmod u+w {str(root.path)!r}; or register it as it is: modelyard roots add --read-only."
    return [Problem("read-only", str(root.path), words, hint)]


def _mounted_read_only(path: Path) -> bool:
    if not hasattr(os, "statvfs"):
        return False
    try:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return False
