"""Hubs in the local network that a person registered: ``lan-hubs.json``, a list of exact origins."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec

from modelyard.errors import BadValue
from modelyard.keys.private_file import read_private, write_private
from modelyard.keys.realm import origin

MOST = 256


class LanHubs:
    """Origins that any caller may reach though they are private. Safe to use from every thread.

    Read anew at each question, which is asked for private addresses only.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lan-hubs.json"
        self._lock = threading.Lock()

    def __contains__(self, asked: object) -> bool:
        return asked in self.list()

    def list(self) -> tuple[str, ...]:
        """Every registered origin.

        Raises:
            BadValue: The file is damaged.
            UnsafePath: Others may write it, or it is a link.
        """
        try:
            found = msgspec.json.decode(read_private(self._path) or b"[]", type=tuple[str, ...])
            return tuple(origin(each) for each in found)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadValue(f"{self._path} is no list of origins.", hint="Mend it or remove it.") from error

    def add(self, text: str) -> str:
        """Register ``http://nas.local:8080``; gives the origin.

        Raises:
            BadValue: It is no origin, or there are too many.
        """
        given = origin(text)
        with self._lock:
            known = self.list()
            if given not in known:
                if len(known) >= MOST:
                    raise BadValue(f"There are {MOST} registered hubs already.", hint="Remove one first.")
                self._write((*known, given))
        return given

    def remove(self, text: str) -> bool:
        """Forget an origin; whether it was registered.

        Raises:
            BadValue: It is no origin.
        """
        given = origin(text)
        with self._lock:
            known = self.list()
            if given in known:
                self._write(tuple(each for each in known if each != given))
        return given in known

    def _write(self, origins: tuple[str, ...]) -> None:
        write_private(self._path, msgspec.json.format(msgspec.json.encode(origins), indent=2) + b"\n")
