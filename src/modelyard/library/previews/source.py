"""The bytes of a picture beside a model: of a plain file only, and bounded."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from modelyard.errors import NoSuchFile, PreviewRefused
from modelyard.values.sizes import show_size

_FLAGS = ("O_NONBLOCK", "O_NOFOLLOW", "O_BINARY")


def read(path: Path, most: int) -> bytes:
    """A picture's bytes; links are resolved, and judged, by the caller.

    Raises:
        NoSuchFile: It is not there, or may not be read.
        PreviewRefused: It is no plain file of at most `most` bytes.
    """
    flags = os.O_RDONLY
    for name in _FLAGS:
        flags |= getattr(os, name, 0)
    try:
        descriptor = os.open(path, flags)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_size > most:
                raise PreviewRefused(f"{path.name} is no file up to {show_size(most)}.")
            return file.read(most)
    except OSError as error:
        raise NoSuchFile(f"{path.name} cannot be read: {error.strerror}.") from error
