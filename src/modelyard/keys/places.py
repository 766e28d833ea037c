"""Where keys are kept. Each place answers for one hub; the order among them is decided in `keys.chain`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec

from modelyard.errors import BadValue
from modelyard.keys.realm import Realm

_LARGEST = 64 * 1024


class Place(Protocol):
    """Somewhere keys are kept."""

    title: str

    def get(self, realm: Realm) -> str | None:
        """The key of a hub as it is kept, None when there is none here."""
        ...


@runtime_checkable
class Vault(Place, Protocol):
    """A place that we may write to."""

    def ready(self) -> bool:
        """Whether it exists on this machine."""
        ...

    def set(self, realm: Realm, value: str) -> None:
        """Keep a key."""
        ...

    def remove(self, realm: Realm) -> bool:
        """Forget a key; whether there was one."""
        ...


class Environment:
    """Variables such as ``HF_TOKEN``; ``HF_TOKEN_PATH`` is read only when it is set."""

    title = "environment"

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        self._env = os.environ if env is None else env

    def get(self, realm: Realm) -> str | None:
        for name in realm.env:
            value = self._env.get(name, "").strip()
            if value and name.endswith("_PATH"):
                value = (_read_text(Path(value).expanduser()) or "").strip()
            if value:
                return value
        return None


class Credentials:
    """The folder that systemd hands to a service, one file per key (systemd.exec, LoadCredential=).

    A file is called like one of the hub's variables (``HF_TOKEN``) or ``modelyard.HUB``.
    """

    title = "systemd credential"

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        self._env = os.environ if env is None else env

    def get(self, realm: Realm) -> str | None:
        folder = self._env.get("CREDENTIALS_DIRECTORY")
        if not folder:
            return None
        own = [] if "/" in realm.hub else [f"modelyard.{realm.hub}"]  # a registered hub's name is its origin, no file
        names = [*own, *realm.env]
        return next((text.strip() for name in names if (text := _read_text(Path(folder) / name))), None)


class NamedFile:
    """The file that ``MODELYARD_KEY_FILE`` names: JSON such as ``{"huggingface": "hf_..."}``.

    It belongs to the person or the container (a Docker or Kubernetes secret), so links and modes are
    theirs to choose.
    """

    title = "MODELYARD_KEY_FILE"

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        self._env = os.environ if env is None else env

    def get(self, realm: Realm) -> str | None:
        named = self._env.get("MODELYARD_KEY_FILE")
        text = _read_text(Path(named).expanduser()) if named else None
        return keys_of(text, "MODELYARD_KEY_FILE").get(realm.hub) if text else None


def keys_of(text: str | bytes, where: str) -> dict[str, str]:
    """Read ``{"hub": "key"}``.

    Raises:
        BadValue: It is something else; what it holds is not shown.
    """
    try:
        return msgspec.json.decode(text or b"{}", type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # raised below, outside: a decode error may quote the key
    raise BadValue(f"{where} is no JSON object of hub names and keys.", hint='Write {"huggingface": "hf_..."}.')


def _read_text(path: Path) -> str | None:
    try:
        with open(path, "rb") as file:
            return file.read(_LARGEST).decode()
    except (OSError, ValueError):
        return None
