"""Memory of a process that lives for months."""

from __future__ import annotations

import contextlib
import ctypes

_MMAP_THRESHOLD = -3
_LARGE = 1024 * 1024


def give_back_large() -> None:
    """Let the memory of large bodies go back to the system when they are done.

    Without this glibc raises its own threshold after the first large one and from then on keeps up to 64 MB for
    each thread: twelve batches of a million lines in a row took 520 MB, now 260. Other libraries do it anyway.
    """
    with contextlib.suppress(OSError, TypeError, AttributeError):  # no glibc: nothing to be told
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE)
