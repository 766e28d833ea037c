"""From a pasted text to a hub and an address, its keys taken out on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from modelyard.hubs.address_secrets import KNOWN_HOSTS, Found, strip_secrets
from modelyard.hubs.base import Hub
from modelyard.hubs.registry import Hubs
from modelyard.values.offers import Address

KeepKey = Callable[[Found], None]
"""Keeps a key that stood in a link."""

_CHOSEN = "chosen"


def forget(found: Found) -> None:
    """Drop a key that stood in a link: of an address that is only looked at, or that somebody else wrote."""


def read_address(hubs: Hubs, text: str, keep_key: KeepKey) -> tuple[Hub, Address]:
    """The hub that knows a text, and what it means there.

    A key inside goes to the key store of the host's hub; on an endpoint that the person chose, to the hub
    that reads the rest.

    Raises:
        BadAddress, UnknownHub: No hub can read it.
    """
    clean, secrets = strip_secrets(text, _hosts(hubs))
    hub, address = hubs.read(clean)
    for secret in secrets:
        keep_key(replace(secret, hub=hub.name) if secret.hub == _CHOSEN else secret)
    return hub, address


def without_secrets(hubs: Hubs, text: str) -> str:
    """The text as it may be shown."""
    return strip_secrets(text, _hosts(hubs))[0]


def _hosts(hubs: Hubs) -> dict[str, str]:
    chosen = {origin.split("://", 1)[1]: _CHOSEN for hub in hubs for origin in hub.realm.chosen}
    return {**chosen, **KNOWN_HOSTS}
