"""How many models lie in a folder, and their bytes: one look at each name, links followed only to files inside."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

from modelyard.values.suffixes import LISTED, suffix_of

MOST = 200_000
"""Names that are looked at."""
_DEEPEST = 12
_BLOB = re.compile(r"sha256-[0-9a-f]{64}")
_SMALL = 1 << 20
"""Ollama's blobs below this are templates, licences and the like."""


class Weight(msgspec.Struct, frozen=True):
    """What lies in some folders; files that share their bytes count once."""

    models: int = 0
    size: int = 0


def weigh(folders: tuple[Path, ...]) -> Weight:
    """Count the models in folders; one inside another counts once."""
    seen: dict[tuple[int, int], int] = {}
    waiting = [(path, path, 0) for path in folders if not any(other in path.parents for other in folders)]
    left = MOST
    while waiting:
        root, folder, depth = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    left -= 1
                    if left < 0:
                        return Weight(len(seen), sum(seen.values()))
                    if entry.is_dir(follow_symlinks=False):
                        if depth < _DEEPEST:
                            waiting.append((root, Path(entry.path), depth + 1))
                    elif found := _model(entry, root):
                        seen[found.st_dev, found.st_ino] = found.st_size
        except OSError:
            continue
    return Weight(len(seen), sum(seen.values()))


def _model(entry: os.DirEntry[str], root: Path) -> os.stat_result | None:
    blob = _BLOB.fullmatch(entry.name)
    if suffix_of(entry.name) not in LISTED and not blob:
        return None
    try:
        if entry.is_symlink() and not Path(os.path.realpath(entry.path)).is_relative_to(root):
            return None
        found = entry.stat() if entry.is_file() else None
    except OSError:
        return None
    return None if found is None or (blob and found.st_size < _SMALL) else found
