"""Paths as the service must know them."""

from __future__ import annotations

import os
from pathlib import Path


def absolute(to: str) -> str:
    """The target as the service must know it: it has another current folder. A slash at the end stays."""
    shown = str(Path(to).expanduser().absolute())
    return shown + os.sep if to.endswith(("/", "\\")) or Path(to).is_dir() else shown
