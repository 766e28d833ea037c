"""Hubs in the local network that a person registered: ``lan-hubs.json``, exact origins and what vouches for each."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from modelyard.errors import BadValue
from modelyard.keys.private_file import read_private, write_private
from modelyard.keys.realm import Realm, origin
from modelyard.net.trust import Trust, checked_ca, checked_pin

MOST = 256
_LARGEST = 16 * 2**20


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A hub with a proof of its own; one without is written as its origin alone."""

    origin: str
    ca: str = ""
    pin: str = ""

    def trust(self) -> Trust | None:
        """What vouches for it.

        Raises:
            BadValue: A hand has spoilt it.
        """
        if not self.ca and not self.pin:
            return None
        return Trust(checked_ca(self.ca) if self.ca else "", checked_pin(self.pin) if self.pin else "")


class LanHubs:
    """Origins that any caller may reach though they are private. Safe to use from every thread.

    Whoever asks gets what the file says now; it is read anew when it changed.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lan-hubs.json"
        self._lock = threading.Lock()
        self._read: tuple[object, Mapping[str, Trust | None]] = (None, {})

    def __contains__(self, asked: object) -> bool:
        return asked in self._known()

    def list(self) -> tuple[str, ...]:
        """Every registered origin.

        Raises:
            BadValue: The file is damaged.
            UnsafePath: Others may write it, or it is a link.
        """
        return tuple(self._known())

    def trust(self, asked: str) -> Trust | None:
        """What vouches for an origin; None where the usual authorities do.

        Raises:
            BadValue, UnsafePath: See `list`. Nothing is fetched then: it may be a pin that cannot be read.
        """
        return self._known().get(asked)

    def realms(self) -> Iterable[Realm]:
        """Where the key of each may go: to its exact origin. Its name among the keys is that origin."""
        return map(_realm, self._known())

    def add(self, text: str, trust: Trust | None = None) -> str:
        """Register ``http://nas.local:8080``; gives the origin.

        Args:
            trust: What vouches for it from now on; None leaves that as it is.

        Raises:
            BadValue: It is no origin, there are too many, or a plain http one is to show a certificate.
        """
        given = origin(text)
        if trust and not given.startswith("https:"):
            raise BadValue(f"{given} shows no certificate.", hint="Register it with https, or without CA and pin.")
        with self._lock:
            known = self._known()
            if given not in known and len(known) >= MOST:
                raise BadValue(f"There are {MOST} registered hubs already.", hint="Remove one first.")
            if given not in known or trust not in (None, known[given]):
                self._write({**known, given: trust})
        return given

    def remove(self, text: str) -> bool:
        """Forget an origin and what vouches for it; whether it was registered.

        Raises:
            BadValue: It is no origin.
        """
        given = origin(text)
        with self._lock:
            known = self._known()
            if given in known:
                self._write({each: trust for each, trust in known.items() if each != given})
        return given in known

    def _known(self) -> Mapping[str, Trust | None]:
        mark = _mark(self._path)
        seen, known = self._read
        if mark is None or mark != seen:
            known = self._load()
            self._read = (mark, known)
        return known

    def _load(self) -> Mapping[str, Trust | None]:
        try:
            found = msgspec.json.decode(read_private(self._path, _LARGEST) or b"[]", type=tuple[str | Entry, ...])
            entries = [Entry(each) if isinstance(each, str) else each for each in found]
            return {origin(each.origin): each.trust() for each in entries}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadValue(f"{self._path} is no list of origins.", hint="Mend it or remove it.") from error

    def _write(self, known: Mapping[str, Trust | None]) -> None:
        entries = [Entry(each, trust.ca, trust.pin) if trust else each for each, trust in known.items()]
        write_private(self._path, msgspec.json.format(msgspec.json.encode(entries), indent=2) + b"\n")


@functools.lru_cache(maxsize=MOST)
def _realm(origin: str) -> Realm:
    return Realm(origin, origin, frozenset(), chosen=frozenset({origin}))


def _mark(path: Path) -> object:
    """What changes whenever the file does, its rights included; None where that cannot be told."""
    try:
        found = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return "no file"
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
