"""Hubs that other packages bring: entry points of the group ``modelyard.hubs``."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points

import msgspec

from modelyard.errors import BadValue
from modelyard.hubs.base import Hub
from modelyard.net.api import Api

GROUP = "modelyard.hubs"
_PARTS = (
    "name", "title", "prefixes", "examples", "realm",
    "read", "show", "resolve", "search", "by_hash", "check_key", "explain",
)  # fmt: skip

log = logging.getLogger(__name__)


class Broken(msgspec.Struct, frozen=True):
    """A plugin that could not be used."""

    name: str
    package: str
    reason: str


def load(api: Api, env: Mapping[str, str], taken: Sequence[Hub]) -> tuple[list[Hub], tuple[Broken, ...]]:
    """Make every plugged-in hub; one that fails is reported and left out.

    Args:
        taken: Hubs whose names, prefixes and origins a plugin may not claim.
    """
    hubs: list[Hub] = []
    broken: list[Broken] = []
    for point in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        try:
            hubs.append(_checked(point.load()(api, env), [*taken, *hubs]))
        except Exception as error:  # foreign code: whatever it raises, the other hubs go on
            log.warning("The hub plugin %s cannot be used.", point.name, exc_info=True)
            broken.append(Broken(point.name, _package(point), f"{type(error).__name__}: {error}"))
    return hubs, tuple(broken)


def _checked(hub: Hub, taken: Sequence[Hub]) -> Hub:
    missing = [part for part in _PARTS if not hasattr(hub, part)]
    if missing:
        raise BadValue(f"It lacks {', '.join(missing)}.")
    for other in taken:
        if hub.name == other.name or set(hub.prefixes) & set(other.prefixes):
            raise BadValue(f"Its name or prefix belongs to {other.title}.")
        if (hub.realm.origins | hub.realm.chosen) & other.realm.origins:
            raise BadValue(f"It claims the key of {other.title}.")
    return hub


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else point.value
