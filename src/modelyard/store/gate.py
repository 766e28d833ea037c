"""The gate where a database's errors become ours."""

from __future__ import annotations

import errno

from sqlalchemy import exc

from modelyard.errors import BadValue, Busy, DiskError, DiskFull, NoPermission, NotSupported, ReadOnlyDisk, YardError

_FULL = ("database or disk is full", "no space left", "disk quota")
_HINT = "See whether its disk is well and its server runs; nothing was changed."


def translated(error: Exception, name: str) -> YardError:
    """The error of ours that a database error means."""
    if isinstance(error, exc.DataError):
        return BadValue("There is a value in it that no database holds.", hint="Look for a number that is too large.")
    text = str(error.orig) if isinstance(error, exc.DBAPIError) else str(error)
    low = text.lower()
    if any(mark in low for mark in _FULL) or _number(error) in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFull(f"No room left for {name}.", hint="Free some room; the queue goes on by itself.")
    if "readonly" in low or _number(error) == errno.EROFS:
        return ReadOnlyDisk(f"{name} can only be read.")
    if "unable to open" in low or _number(error) in {errno.EACCES, errno.EPERM}:
        return NoPermission(f"{name} cannot be opened.", hint="Name another data folder in MODELYARD_HOME.")
    if "database is locked" in low:
        return Busy(f"Another program holds {name}.", hint="Close what has it open, then try again.")
    if isinstance(error, exc.NoSuchModuleError):
        return NotSupported(f"No driver for {name}.")
    return DiskError(f"{name}: {text.splitlines()[0][:300] if text else type(error).__name__}.", hint=_HINT)


def _number(error: Exception) -> int | None:
    return error.errno if isinstance(error, OSError) else None
