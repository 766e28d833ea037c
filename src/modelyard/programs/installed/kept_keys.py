"""Keys of hubs that other programs keep: read only when their owner said so, and handed on at once."""

from __future__ import annotations

from pathlib import Path

from modelyard.errors import BadValue
from modelyard.programs.installed.configs import Settings, read_bytes
from modelyard.programs.installed.machine import Machine


def read_key(path: Path, name: str, hub: str, machine: Machine) -> str:
    """The key that a program keeps; called only when its owner said so.

    Raises:
        BadValue: There is none any more.
    """
    if not name:
        text = (read_bytes(path, 4096) or b"").decode("utf-8", "replace").strip()
    else:
        settings = Settings(machine)
        told = settings.yaml(path) if path.suffix in (".yaml", ".yml") else settings.json(path)
        text = _token(told.get(name), hub)
    if not text:
        raise BadValue(f"{path} holds no key any more.")
    return text


def _token(value: object, hub: str) -> str:
    if isinstance(value, list):
        fitting = (one for one in value if isinstance(one, dict) and hub in str(one.get("url_regex", "")).lower())
        value = next((one.get("token") for one in fitting), "")
    return value.strip() if isinstance(value, str) else ""
