"""What a job works with: the rooms below, as `app` built them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from pathlib import Path

import msgspec

from modelyard.engine.order import Engine
from modelyard.hubs.registry import Hubs
from modelyard.net.api import Api
from modelyard.net.bandwidth import Bucket
from modelyard.net.stop import Stop
from modelyard.settings import Settings
from modelyard.store.proofs import Proofs
from modelyard.values.sizes import parse_size


class Yard(msgspec.Struct, frozen=True):
    """The rooms of one process.

    Attributes:
        limits: The bucket over everything under ``""``, and one for each hub.
        stop: Set when the process is to end.
        handles: Files that may be open at once: parts that wait for their name.
        registered: Origins in the local network that a person registered.
        check_writable: Refuses folders in roots that a person registered as read-only.
    """

    settings: Settings
    engine: Engine
    hubs: Hubs
    api: Api
    proofs: Proofs
    limits: dict[str, Bucket]
    stop: Stop
    handles: int = 200
    registered: Container[str] = frozenset()
    check_writable: Callable[[Iterable[Path]], None] = lambda _: None

    def reserve(self, free: int | None) -> int:
        """Bytes that always stay free on a disk which has so many: as the setting says, at most a hundredth."""
        return min(parse_size(self.settings["disk.reserve"]), (free or 0) // 100)

    def buckets(self, hub: str) -> list[Bucket]:
        """The limits that hold for a hub."""
        return [self.limits[name] for name in ("", hub) if name in self.limits]
