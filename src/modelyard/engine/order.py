"""What the engine is asked to do, and with what."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec
from msgspec.structs import replace

from modelyard.engine.links import Links
from modelyard.errors import YardError
from modelyard.net.api import Answer
from modelyard.net.client import Client
from modelyard.net.manners import Manners
from modelyard.net.retry import RetryPolicy
from modelyard.net.stop import Clock
from modelyard.values.offers import Source, Xet

Explain = Callable[[Answer, Source], YardError | None]
"""A hub's reading of a refusal: the typed error, or None when it has nothing to say."""


class HostMemory(Protocol):
    """Remembers how many connections served best at an origin."""

    def recall(self, origin: str) -> int:
        """Connections to start with; 1 for an unknown origin."""
        ...

    def learn(self, origin: str, lanes: int) -> None:
        """`lanes` connections served best."""
        ...


class Forgetful:
    """A host memory that lasts as long as the process."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def recall(self, origin: str) -> int:
        """See `HostMemory`."""
        return self._known.get(origin, 1)

    def learn(self, origin: str, lanes: int) -> None:
        """See `HostMemory`."""
        self._known[origin] = lanes


class TransferPolicy(msgspec.Struct, frozen=True):
    """How bytes are fetched.

    Attributes:
        connections: Most connections for one file.
        small: Files up to this many bytes are fetched in one go, in memory.
        restarts: How often a file that changes at its source is begun anew.
    """

    connections: int = 16
    small: int = 8 * 2**20
    restarts: int = 2
    retry: RetryPolicy = msgspec.field(default_factory=RetryPolicy)


class Order(msgspec.Struct, frozen=True):
    """One file to fetch.

    Attributes:
        name: Its path inside the model, for people and for content checks.
        sources: Where its bytes can be had, best first.
        size: Bytes as the hub tells; None when it does not.
        claimed: Digests that hub or header claim.
        pinned: Digests that the person asked for; they may not differ.
        pieces: Published piece length and SHA-256 of each piece (Metalink), or None.
        xet: The same bytes in Hugging Face's chunk store, when it may be used.
        late: Waits for digests that are still being asked for while the bytes come; None when there are none to come.
    """

    name: str
    sources: tuple[Source, ...]
    size: int | None = None
    claimed: Mapping[str, str] = msgspec.field(default_factory=dict)
    pinned: Mapping[str, str] = msgspec.field(default_factory=dict)
    pieces: tuple[int, tuple[str, ...]] | None = None
    xet: Xet | None = None
    late: Callable[[], Mapping[str, str]] | None = None

    def settled(self) -> Order:
        """The same order once nothing more is being asked for.

        Raises:
            Stopped: Somebody asked to stop before the answer came.
        """
        return replace(self, claimed={**self.late(), **self.claimed}, late=None) if self.late else self

    @property
    def expected(self) -> dict[str, str]:
        """Every digest that the bytes must have; what the person said wins."""
        return {**self.claimed, **self.pinned}


class Engine(msgspec.Struct, frozen=True):
    """The engine's surroundings: what every transfer of a process shares.

    Attributes:
        links: Signed links by the stable URL of their source.
        rates: Bytes per second of each running transfer.
    """

    client: Client
    manners: Manners
    clock: Clock
    policy: TransferPolicy = msgspec.field(default_factory=TransferPolicy)
    hosts: HostMemory = msgspec.field(default_factory=Forgetful)
    chance: random.Random = msgspec.field(default_factory=random.Random)
    links: Links = msgspec.field(default_factory=Links)
    rates: dict[int, float] = msgspec.field(default_factory=dict)
