"""The file of last resort: ``keys.json`` in the data folder, readable by its owner only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec

from modelyard.errors import NoPermission, UnsafePath
from modelyard.keys.places import keys_of
from modelyard.keys.realm import Realm

_LARGEST = 64 * 1024
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # a pipe in its place must not hold us up


class KeyFile:
    """Keeps keys in a 0600 file.

    Not encrypted: a key beside its own lock protects nothing (facts 6.5). Opened without following
    links; refused when it belongs to somebody else or others may read it.
    """

    title = "keys.json"

    def __init__(self, path: Path) -> None:
        self.path = path

    def ready(self) -> bool:
        return True

    def get(self, realm: Realm) -> str | None:
        return self._read().get(realm.hub)

    def set(self, realm: Realm, value: str) -> None:
        self._write(self._read() | {realm.hub: value})

    def remove(self, realm: Realm) -> bool:
        kept = self._read()
        if kept.pop(realm.hub, None) is None:
            return False
        self._write(kept)
        return True

    def _read(self) -> dict[str, str]:
        try:
            descriptor = os.open(self.path, os.O_RDONLY | _NO_FOLLOW | _NO_WAIT)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise UnsafePath(f"{self.path} cannot be opened as a plain file: {error.strerror}.") from error
        try:
            _check(self.path, os.fstat(descriptor))
            return keys_of(os.read(descriptor, _LARGEST), str(self.path))
        finally:
            os.close(descriptor)

    def _write(self, kept: dict[str, str]) -> None:
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(kept)))
                file.flush()
                os.fsync(descriptor)
            beside.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise NoPermission(f"{self.path} cannot be written: {error.strerror}.") from error


def _check(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise UnsafePath(f"{path} is no plain file.")
    if not hasattr(os, "getuid"):  # Windows: the profile folder's own rights guard it
        return
    if found.st_uid != os.getuid():
        raise UnsafePath(f"{path} belongs to another user.", hint="Move it away and store the keys again.")
    if found.st_mode & 0o077:
        raise UnsafePath(f"Others may read {path}.", hint=f"Run chmod 600 {path}, and make new keys if they did.")


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened for that there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
