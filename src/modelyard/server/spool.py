"""An answer of any size in a file without a name: what is wrong is known before its head goes out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from modelyard.store.disk_gate import disk_errors


def spooled(pieces: Iterable[bytes], folder: Path) -> IO[bytes]:
    """A file with these bytes, at its beginning; it is gone when it is closed.

    Raises:
        DiskError: The disk of `folder` says no.
        YardError: What making the pieces met.
    """
    with disk_errors(folder):
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # whoever sends it closes it
        try:
            file.writelines(pieces)
            file.seek(0)
        except BaseException:
            file.close()
            raise
    return file
