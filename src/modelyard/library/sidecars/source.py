"""One sidecar's bytes, bounded and never through a link; JSON read as plain data."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from pathlib import Path
from typing import Any

import msgspec

from modelyard.errors import SidecarUnreadable

LARGEST = 4 << 20
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe in its place must not hold us up
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_LONGEST_NUMBER = 19


def read_bytes(path: str | Path) -> bytes | None:
    """The bytes of a sidecar, None when there is none.

    Raises:
        SidecarUnreadable: It is a link or no plain file, longer than 4 MiB, or the disk says no.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise SidecarUnreadable(f"{path} cannot be opened as a plain file: {error}.") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise SidecarUnreadable(f"{path} is no plain file.")
        if found.st_size > LARGEST:
            raise SidecarUnreadable(f"{path} has {found.st_size:,} bytes; sidecars up to 4 MiB are read.")
        return _all(descriptor, found.st_size)
    except OSError as error:
        raise SidecarUnreadable(f"{path} cannot be read: {error.strerror}.") from error
    finally:
        os.close(descriptor)


def _all(descriptor: int, size: int) -> bytes:
    data = os.read(descriptor, size + 1)
    while 0 < len(data) < size and (more := os.read(descriptor, size - len(data))):
        data += more
    return data[:LARGEST]


def as_text(data: bytes) -> str:
    """The text of a sidecar: UTF-8, UTF-16 with its mark, else Windows' old western one; never an error."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    with contextlib.suppress(UnicodeDecodeError):
        return data.decode("utf-8-sig")
    return data.decode("cp1252", "replace")  # Civitai Helper writes what the system likes


def as_json(data: bytes, name: str) -> Any:
    """The JSON in a sidecar; NaN, lone surrogates and endless numbers do not spoil the rest of it.

    Raises:
        SidecarUnreadable: It is no JSON, or nested too deeply.
    """
    try:
        return msgspec.json.decode(data)
    except RecursionError as error:
        raise SidecarUnreadable(f"{name} is nested too deeply.") from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _lenient(as_text(data), name)


def _lenient(text: str, name: str) -> Any:
    try:
        return json.loads(text, parse_int=_bounded, parse_constant=lambda _: None)
    except RecursionError as error:
        raise SidecarUnreadable(f"{name} is nested too deeply.") from error
    except ValueError as error:
        raise SidecarUnreadable(f"{name} is no JSON: {error}.") from error


def _bounded(digits: str) -> int | None:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else None
