"""Speed and connection limits that follow the settings while transfers run."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from modelyard.net.bandwidth import Bucket
from modelyard.net.pool import Pool
from modelyard.net.stop import Clock
from modelyard.settings import Settings
from modelyard.values.sizes import parse_rate
from modelyard.values.week import parse_schedule


def limits_of(settings: Settings, hubs: Iterable[str], clock: Clock) -> dict[str, Bucket]:
    """The bucket over everything under ``""``, and one for each hub."""
    limits = {name: Bucket(clock) for name in ("", *hubs)}
    for name in limits:
        _set(limits, name, settings)
    return limits


def follow(settings: Settings, limits: dict[str, Bucket], pool: Pool, handles: int) -> Callable[[], None]:
    """Change limits as soon as their settings change.

    Args:
        handles: Connections that this process may have at most.

    Returns:
        A call that ends it.
    """

    def changed(name: str) -> None:
        group, _, which = name.partition(".")
        if group == "limit":
            _set(limits, "" if which in ("total", "schedule") else which, settings)
        if name in ("connections.total", "connections.per-host"):
            pool.limit(min(settings["connections.total"], handles), settings["connections.per-host"])

    return settings.on_change(changed)


def _set(limits: dict[str, Bucket], name: str, settings: Settings) -> None:
    if name == "":
        limits[name].change(parse_rate(settings["limit.total"]), parse_schedule(settings["limit.schedule"]))
    elif name in limits:
        known = f"limit.{name}" in settings  # a plugin's hub has no row of its own
        limits[name].change(parse_rate(settings[f"limit.{name}"]) if known else None)
