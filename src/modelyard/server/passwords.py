"""The password of a service that others may reach, and the sessions that it opens."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import msgspec

from modelyard.errors import BadValue
from modelyard.keys.private_file import read_private, write_private

COOKIE = "__Host-modelyard"
CSRF = "X-CSRF-Token"
LASTS = 12 * 3600.0
SHORTEST = 12
_LONGEST = 1024
_MOST = 1000


class Password:
    """The one password of a data folder, kept as an argon2 hash in ``service.password``."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "service.password"

    def is_set(self) -> bool:
        """Whether there is one."""
        return read_private(self._path) is not None

    def set(self, text: str) -> None:
        """Keep a new one.

        Raises:
            BadValue: It is too short or too long.
        """
        if not SHORTEST <= len(text) <= _LONGEST:
            raise BadValue(f"A password has {SHORTEST} to {_LONGEST} letters.", hint="Four random words do well.")
        import argon2

        write_private(self._path, argon2.PasswordHasher().hash(text).encode() + b"\n")

    def fits(self, text: str) -> bool:
        """Whether this is the password; takes some hundredths of a second on purpose."""
        import argon2

        kept = read_private(self._path)
        try:
            return kept is not None and argon2.PasswordHasher().verify(kept.decode().strip(), text[: _LONGEST + 1])
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError, UnicodeError):
            return False


class Session(msgspec.Struct, frozen=True):
    """One log-in: the secret is in the cookie, the other is sent by the page as a header."""

    secret: str
    csrf: str


class Sessions:
    """The sessions of remote mode, in memory: a restart ends them.

    Args:
        now: Seconds that only go forward.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._ends: OrderedDict[str, float] = OrderedDict()
        self._salt = secrets.token_bytes(32)

    def begin(self) -> Session:
        """A new session."""
        session = self._session(secrets.token_urlsafe(32))
        with self._lock:
            self._ends[_digest(session.secret)] = self._now() + LASTS
            while len(self._ends) > _MOST:
                self._ends.popitem(last=False)
        return session

    def find(self, secret: str) -> Session | None:
        """The session of a cookie, None when there is none or it ended."""
        with self._lock:
            ends = self._ends.get(_digest(secret))
        return self._session(secret) if ends is not None and self._now() < ends else None

    def end(self, secret: str) -> None:
        """Log out."""
        with self._lock:
            self._ends.pop(_digest(secret), None)

    def _session(self, secret: str) -> Session:
        mark = hmac.new(self._salt, secret.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        return Session(secret, mark)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
