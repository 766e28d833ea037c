"""Memory of a process that lives for months."""

from __future__ import annotations

import contextlib
import ctypes

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
_LARGE = 1024 * 1024
_ARENAS = 2


def keep_small() -> None:
    """Let memory go back to the system, and threads share it; to be called before they start.

    Without this glibc raises its own threshold after the first large body and from then on keeps up to 64 MB for
    each thread: twelve batches of a million lines in a row took 520 MB, now 260. Other libraries do it anyway.
    And each thread fills a heap of its own: two scans of 30,000 models took 179 MB, with two heaps for all 153.
    """
    with contextlib.suppress(OSError, TypeError, AttributeError):  # no glibc: nothing to be told
        libc = ctypes.CDLL(None)
        libc.mallopt(_MMAP_THRESHOLD, _LARGE)
        libc.mallopt(_ARENA_MAX, _ARENAS)
