"""Secrets that other programs keep, keys of hubs and a proxy: handed on only when their owner said so."""

from __future__ import annotations

from pathlib import Path

from modelyard.errors import BadValue
from modelyard.programs.installed.configs import Settings, read_bytes
from modelyard.programs.installed.machine import Machine
from modelyard.programs.installed.site import site_of
from modelyard.programs.installed.web_ui import proxy_of


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


def read_proxy(path: Path, machine: Machine) -> str:
    """The proxy that the program in a folder names, with its password; called only when its owner said so.

    Raises:
        BadValue: There is none any more.
    """
    site = site_of(path, machine)
    text = proxy_of(site) if site else ""
    if not text:
        raise BadValue(f"{path} names no proxy any more.", hint="Look at the start script of the program.")
    return text


def _token(value: object, hub: str) -> str:
    if isinstance(value, list):
        fitting = (one for one in value if isinstance(one, dict) and hub in str(one.get("url_regex", "")).lower())
        value = next((one.get("token") for one in fitting), "")
    return value.strip() if isinstance(value, str) else ""
