"""Holding a part: many askers, one file.

The lock is `flock` on the part itself, so it ends with the process. Some network file systems say yes to
everybody; there the owner that the holder writes into an attribute of the part is believed, as long as
that process lives on this machine. Where neither works two transfers may write the same bytes to the
same places, and the hash decides.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from modelyard.engine.part import PartFile
from modelyard.errors import Busy
from modelyard.net.stop import Clock, Stop
from modelyard.store.file_lock import try_lock

_POLL = 0.1
_OWNER = "user.modelyard.owner"


@contextlib.contextmanager
def hold(
    path: Path, clock: Clock, stop: Stop, on_wait: Callable[[], None], *, patient: bool = True, within: str = ""
) -> Iterator[PartFile]:
    """Open the part and be the only one who works on it; it stays on disk when the block ends.

    Args:
        on_wait: Called once when somebody else holds it.
        patient: Wait for the other; else raise at once.
        within: A real path that its folder must lie in; empty asks for none.

    Raises:
        Busy: Somebody else holds it and we may not wait.
        UnsafePath: The folder leads out of `within`.
        NoPermission, ReadOnlyDisk: The folder cannot be written to.
    """
    waited = False
    while True:
        part = PartFile(path, within)
        try:
            if _locked(part.fd) and part.still_ours() and not _owner_lives(part.fd):
                with _owned(part.fd):
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
        return try_lock(descriptor)
    except OSError:
        return True  # no locks on this file system: the hash decides


@contextlib.contextmanager
def _owned(descriptor: int) -> Iterator[None]:
    """Say who holds the part, for the length of a block."""
    if not hasattr(os, "setxattr"):
        yield
        return
    with contextlib.suppress(OSError):
        os.setxattr(descriptor, _OWNER, _myself().encode())
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.removexattr(descriptor, _OWNER)


def _owner_lives(descriptor: int) -> bool:
    """Whether another living process of this machine says that it holds the part."""
    try:
        owner = os.getxattr(descriptor, _OWNER).decode()
    except (OSError, AttributeError, UnicodeDecodeError):
        return False
    pid = owner.split()[0]
    return owner != _myself() and pid.isdigit() and owner == _process(pid)


def _myself() -> str:
    return _born(os.getpid())


@functools.cache
def _born(pid: int) -> str:
    return _process(str(pid))


def _process(pid: str) -> str:
    """Process number and the moment it started, so that a reused number is another process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except OSError:
        return ""
    return f"{pid} {stat.rpartition(')')[2].split()[19]}"
