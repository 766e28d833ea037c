"""The operating system's keyring, when there is a real one."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Protocol

from modelyard.errors import NoPermission
from modelyard.keys.realm import Realm

_SERVICE = "modelyard"
_REAL = ("keyring.backends.SecretService", "keyring.backends.libsecret", "keyring.backends.kwallet",
         "keyring.backends.macOS", "keyring.backends.Windows")  # fmt: skip
"""Backends that keep secrets behind the user's login.

keyrings.alt, which some distributions install along, writes base64 text and says nothing (facts 6.5);
the null backend forgets and the fail backend raises. None of them counts.
"""

log = logging.getLogger(__name__)


class Backend(Protocol):
    """What we use of a `keyring` backend."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


class OsKeyring:
    """Keeps keys in a keyring backend. A locked or vanished keyring counts as empty when read.

    Args:
        find: Looks for the backend; asked at the first use, because that costs a good part of a second.
    """

    title = "keyring"

    def __init__(self, find: Callable[[], Backend | None] | None = None) -> None:
        self._backend = functools.cache(find or real_backend)

    def ready(self) -> bool:
        return self._backend() is not None

    def get(self, realm: Realm) -> str | None:
        backend = self._backend()
        try:
            return backend.get_password(_SERVICE, realm.hub) if backend else None
        except Exception as error:  # noqa: BLE001  # backends leak D-Bus and Win32 errors of any class
            log.warning("The keyring cannot be read: %s.", type(error).__name__)
            return None

    def set(self, realm: Realm, value: str) -> None:
        backend = self._backend()
        assert backend is not None
        try:
            backend.set_password(_SERVICE, realm.hub, value)
        except Exception as error:  # noqa: BLE001  # same as above
            # Not chained: a backend's error may hold the value.
            raise NoPermission(f"The keyring would not keep the key: {type(error).__name__}.") from None

    def remove(self, realm: Realm) -> bool:
        backend = self._backend()
        if backend is None or self.get(realm) is None:
            return False
        try:
            backend.delete_password(_SERVICE, realm.hub)
        except Exception as error:  # noqa: BLE001  # same as above
            raise NoPermission(f"The keyring would not forget the key: {type(error).__name__}.") from None
        return True


def real_backend() -> Backend | None:
    """The system's keyring backend, None when `keyring` is not installed or has no real one."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        chosen = keyring.get_keyring()
        parts = [chosen, *getattr(chosen, "backends", ())]  # the chainer lists its parts, best first
        return next((part for part in parts if is_real(part)), None)
    except (KeyringError, OSError, RuntimeError):
        return None


def is_real(backend: object) -> bool:
    """Whether a backend keeps secrets behind the user's login."""
    return type(backend).__module__.startswith(_REAL)
