"""An answer of any size, a large one in a file without a name: what is wrong is known before its head goes out."""

from __future__ import annotations

import io
import itertools
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from modelyard.store.disk_gate import disk_errors

_SMALL = 1024 * 1024
"""Bytes up to which an answer stays in memory: also a full disk gives a small backup away."""


def spooled(pieces: Iterable[bytes], folder: Path) -> IO[bytes]:
    """A file with these bytes, at its beginning; it is gone when it is closed.

    Raises:
        DiskError: The disk of `folder` says no, and they are many.
        YardError: What making the pieces met.
    """
    held, left = io.BytesIO(), iter(pieces)
    with disk_errors(folder):
        for piece in left:
            held.write(piece)
            if held.tell() > _SMALL:
                return _on_disk(itertools.chain((held.getvalue(),), left), folder)
    held.seek(0)
    return held


def _on_disk(pieces: Iterable[bytes], folder: Path) -> IO[bytes]:
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # whoever sends it closes it
    try:
        file.writelines(pieces)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
