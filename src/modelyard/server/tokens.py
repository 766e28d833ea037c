"""Tokens: the owner's and ComfyUI's of an installation, and named ones for machines, with a role and an end."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from modelyard.errors import BadValue, NoSuchToken
from modelyard.keys.private_file import read_private, write_private
from modelyard.server.roles import COMFYUI, OWNER, SOCKET, STRANGER, Caller, Role

PREFIX = "yard_"
_MOST = 1000
_RESERVED = frozenset(caller.name for caller in (OWNER, COMFYUI, SOCKET, STRANGER))


class KnownToken(msgspec.Struct, frozen=True):
    """What is kept of a token: never the token itself.

    Attributes:
        digest: SHA-256 of the token, which has 256 random bits of its own.
        created: Seconds since 1970.
        expires: Seconds since 1970; None never ends.
    """

    id: int
    name: str
    role: Role
    digest: str
    created: float
    expires: float | None = None


def new_token() -> str:
    """A fresh token of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class Tokens:
    """The tokens of one data folder. Safe to use from every thread.

    Args:
        folder: Holds ``service.token``, ``comfyui.token`` and ``tokens.json``, all 0600.
        wall: Seconds since 1970.
    """

    def __init__(self, folder: Path, wall: Callable[[], float] = time.time) -> None:
        self._paths = {OWNER: folder / "service.token", COMFYUI: folder / "comfyui.token"}
        self._path = folder / "tokens.json"
        self._wall = wall
        self._lock = threading.RLock()
        self._own: dict[Caller, str] = {}
        self._known: list[KnownToken] | None = None

    def own(self) -> str:
        """The owner's token of this installation; made when there is none yet.

        Raises:
            UnsafePath: Its file is not as private as it must be.
        """
        return self._of(OWNER)

    def comfyui(self) -> str:
        """The token that our extension inside ComfyUI uses; made when there is none yet.

        Raises:
            UnsafePath: Its file is not as private as it must be.
        """
        return self._of(COMFYUI)

    def _of(self, caller: Caller) -> str:
        with self._lock:
            if caller not in self._own:
                found = (read_private(self._paths[caller]) or b"").decode("ascii", "replace").strip()
                usable = found.startswith(PREFIX) and len(found) >= 48
                self._own[caller] = found if usable else self._make(self._paths[caller])
            return self._own[caller]

    def _make(self, path: Path) -> str:
        token = new_token()
        write_private(path, token.encode() + b"\n")
        return token

    def whose(self, token: str) -> Caller | None:
        """Who has this token, None when nobody does. Takes the same time for every token."""
        asked = digest_of(token)
        found = None
        for caller in self._paths:
            if hmac.compare_digest(asked, digest_of(self._of(caller))):
                found = caller
        now = self._wall()
        for known in self.all():
            same = hmac.compare_digest(asked, known.digest)
            if same and (known.expires is None or now < known.expires):
                found = Caller(known.name, known.role, known.digest)
        return found

    def all(self) -> list[KnownToken]:
        """All named tokens, ended ones too."""
        with self._lock:
            if self._known is None:
                held = read_private(self._path)
                self._known = [] if held is None else msgspec.json.decode(held, type=list[KnownToken])
            return list(self._known)

    def add(self, name: str, role: Role, expires: float | None) -> tuple[KnownToken, str]:
        """Make a token; this is the only time that it can be read.

        Raises:
            BadValue: The name is taken, or there are too many.
        """
        with self._lock:
            held = self.all()
            if name in {known.name for known in held} or name in _RESERVED:
                raise BadValue(f"There is a token {name!r} already.", hint="Choose another name, or revoke that one.")
            if len(held) >= _MOST:
                raise BadValue(f"There are {_MOST} tokens already.", hint="Revoke some that nobody uses.")
            token = new_token()
            number = max((known.id for known in held), default=0) + 1
            known = KnownToken(number, name, role, digest_of(token), self._wall(), expires)
            self._write([*held, known])
            return known, token

    def revoke(self, number: int) -> None:
        """Forget a token: it opens nothing from now on.

        Raises:
            NoSuchToken: There is none of this number.
        """
        with self._lock:
            held = self.all()
            left = [known for known in held if known.id != number]
            if len(left) == len(held):
                raise NoSuchToken(f"There is no token {number}.")
            self._write(left)

    def _write(self, held: list[KnownToken]) -> None:
        write_private(self._path, msgspec.json.format(msgspec.json.encode(held)))
        self._known = held
