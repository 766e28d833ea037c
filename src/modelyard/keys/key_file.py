"""The file of last resort: ``keys.json`` in the data folder, readable by its owner only."""

from __future__ import annotations

from pathlib import Path

import msgspec

from modelyard.keys.places import keys_of
from modelyard.keys.private_file import read_private, write_private
from modelyard.keys.realm import Realm

_LARGEST = 64 * 1024


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
        found = read_private(self.path, _LARGEST)
        return {} if found is None else keys_of(found, str(self.path))

    def _write(self, kept: dict[str, str]) -> None:
        write_private(self.path, msgspec.json.format(msgspec.json.encode(kept)))
