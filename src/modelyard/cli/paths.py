"""Paths as the service must know them, and files that commands write."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from modelyard.jobs.saving import Form, save


def absolute(to: str) -> str:
    """The target as the service must know it: it has another current folder. A slash at the end stays."""
    shown = str(Path(to).expanduser().absolute())
    return shown + os.sep if to.endswith(("/", "\\")) or Path(to).is_dir() else shown


def put(file: Path, pieces: Iterable[bytes], form: Form) -> int:
    """Write what a command was asked for to FILE, - is stdout; gives how many bytes went into a file.

    Raises:
        TargetExists: Something that is none of the kind stands there.
        DiskError: The disk says no; what stood there stays.
    """
    if str(file) != "-":
        return save(file.absolute(), pieces, form)
    sys.stdout.buffer.writelines(pieces)
    return 0
