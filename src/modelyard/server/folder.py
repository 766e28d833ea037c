"""One service per data folder: a lock that dies with its holder, and a note where to find it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from modelyard.errors import Busy
from modelyard.keys.private_file import read_private, write_private
from modelyard.store.file_lock import try_lock
from modelyard.store.folder_lock import LOCK, holder_of

NOTE = "service.json"
SOCKET = "service.sock"
_BETWEEN = 0.02
"""Seconds between two tries to take the lock."""
_LONGEST_SOCKET = 100
"""Bytes; the systems stop between 104 and 108."""


class Note(msgspec.Struct, frozen=True):
    """Where the running service is.

    Attributes:
        socket: Path of its Unix socket, empty where there is none.
    """

    pid: int
    url: str
    socket: str
    version: str
    remote: bool = False


@contextlib.contextmanager
def held(folder: Path, seconds: float = 0.0) -> Iterator[None]:
    """Hold the folder for the length of a block; the system lets go of it when this process dies.

    Args:
        seconds: How long to wait for it: a command holds it for one request only.

    Raises:
        Busy: Another process holds it; the message names it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        _lock_within(descriptor, folder, seconds)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


def leave_note(folder: Path, note: Note) -> None:
    """Tell where the service is."""
    write_private(folder / NOTE, msgspec.json.encode(note))


def read_note(folder: Path) -> Note | None:
    """Where the service is, None when none left a note that can be read."""
    try:
        found = read_private(folder / NOTE)
        return None if found is None else msgspec.json.decode(found, type=Note)
    except msgspec.DecodeError:
        return None


def clear(folder: Path) -> None:
    """Remove note and socket."""
    for name in (NOTE, SOCKET):
        (folder / name).unlink(missing_ok=True)


def socket_path(folder: Path) -> Path | None:
    """Where the Unix socket goes, None when the system has none or the path is too long for it."""
    import socket

    path = folder / SOCKET
    return path if hasattr(socket, "AF_UNIX") and len(os.fsencode(path)) <= _LONGEST_SOCKET else None


def _lock_within(descriptor: int, folder: Path, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not try_lock(descriptor):
        if time.monotonic() >= until:
            holder = holder_of(descriptor)
            raise _taken(folder, holder)
        time.sleep(_BETWEEN)


def _taken(folder: Path, holder: int) -> Busy:
    """Who holds a folder: a service, which left a note, or another command, which will be done."""
    who, note = f"process {holder or '?'}", read_note(folder)
    if note is not None and note.pid == holder:
        words, way = (
            f"A service runs on {folder} already: {who}.",
            "Use it (`modelyard page` prints its address), stop it",
        )
    else:
        words, way = f"Another command works on {folder}: {who}.", "Wait until it is done, stop it"
    return Busy(words, hint=f"{way}, or name another folder in MODELYARD_HOME.", pid=holder or None)
