"""Hidden names that files have for an instant only, by which a scan knows what a crash left. Pure code."""

from __future__ import annotations

import os
import re
from pathlib import Path

RESTORING = ".restoring"
"""Stands after the hidden name of a former preview that is on its way back."""
_PASSING = re.compile(
    r"\.modelyard-[0-9a-f]{12}\.tmp|\..+\.preview\.[a-z0-9]{3,4}\.restoring|\..+\.[0-9a-f]{10}\.journal(-new)?",
    re.DOTALL,
)


def passing(folder: Path) -> Path:
    """A name for a file that is not whole yet. Its bytes are never the only ones that are worth something."""
    return folder / f".modelyard-{os.urandom(6).hex()}.tmp"


def is_passing(name: str) -> bool:
    """Whether only we give such a name; a file that keeps it was left by a crash."""
    return name.startswith(".") and _PASSING.fullmatch(name) is not None


def part_of(name: str) -> str:
    """The name of the part that a journal tells of; empty for other files."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem}.part" if dot and ending in ("journal", "journal-new") else ""
