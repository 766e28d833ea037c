"""Holding a part: many askers, one file.

The lock is `flock` on the part itself, so it ends with the process. Where locks lie (some network file
systems say yes to everybody) the owner written into the journal's neighbour tells: a living process of
this machine that claims the part is believed.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from modelyard.engine.disk_gate import disk_errors
from modelyard.engine.part import PartFile
from modelyard.errors import Busy
from modelyard.net.stop import Clock, Stop

_POLL = 0.1


@contextlib.contextmanager
def hold(
    path: Path, clock: Clock, stop: Stop, on_wait: Callable[[], None], *, patient: bool = True
) -> Iterator[PartFile]:
    """Open the part and be the only one who works on it; it stays on disk when the block ends.

    Args:
        on_wait: Called once when somebody else holds it.
        patient: Wait for the other; else raise at once.

    Raises:
        Busy: Somebody else holds it and we may not wait.
        NoPermission, ReadOnlyDisk: The folder cannot be written to.
    """
    waited = False
    while True:
        part = PartFile(path)
        try:
            if _locked(part.fd) and part.still_ours():
                with _owning(path):
                    yield part
                return
        finally:
            part.close()
        if not patient:
            raise Busy(f"Another process is fetching {path.name}.")
        if not waited:
            waited = True
            on_wait()
        clock.wait(_POLL, stop)


def _locked(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:
        return True  # Windows: the sharing mode of the part's handle already keeps others out
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # no locks on this file system: the hash decides
    return True


@contextlib.contextmanager
def _owning(path: Path) -> Iterator[None]:
    yield


def remove_empty(part: PartFile) -> None:
    """Remove a part in which nothing was kept."""
    with disk_errors(part.path), contextlib.suppress(FileNotFoundError):
        if os.stat(part.path).st_size == 0:
            os.unlink(part.path)
