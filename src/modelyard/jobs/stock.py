"""What the jobs of the library work with: the roots, the catalogue, and who reads files for it."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from modelyard.catalogue.catalogue import Catalogue
from modelyard.events.log import EventLog
from modelyard.jobs.lending.loans import Loans
from modelyard.jobs.workflows.inputs import Inputs
from modelyard.jobs.yard import Yard
from modelyard.library.reading.look import Look
from modelyard.library.roots.entries import Entries
from modelyard.library.roots.roots import Problem, Roots, roots_of
from modelyard.library.shifting.claims import Claims
from modelyard.net.client import Client
from modelyard.store.database import Database
from modelyard.values.about import About
from modelyard.values.identity import Identity

if TYPE_CHECKING:
    from modelyard.jobs.pictures import Pictures


class Reading(msgspec.Struct, frozen=True):
    """What reading the head of one file gave.

    Attributes:
        problems: Codes of what is wrong with it.
        words: The same, for people.
    """

    identity: Identity
    problems: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class Reader(Protocol):
    """Reads heads of model files, bounded in time and memory."""

    def read(self, paths: Sequence[str]) -> list[Reading]:
        """One answer a path, in order; whatever the file holds, it is an answer."""

    def weigh(self, asked: Sequence[tuple[str, About]]) -> list[Reading]:
        """As `read`, with what a hub says of exactly these bytes."""

    def table(self, path: str) -> Look:
        """All that one head says."""

    def close(self) -> None:
        """Let go of what it holds."""


@dataclass
class Stock:
    """The library of one data folder.

    Attributes:
        wall: Seconds since 1970.
        client: Fetches what strangers name, without any hub's key.
        folder: The data folder.
        busy: Whether downloads move bytes now: their disk comes first.
        beside: Held from a change in the catalogue until it stands in the sidecars, too.
        unreadable: Files that could not be measured, and when that was tried.
        last_problems: What the last scan of each root could not see, by the root's path.
        unwatched: Why no change below the roots is seen by itself; empty while they are watched.
        claims: Which files are being moved now.
        inputs: What the ComfyUIs that run say of their nodes.
        loans: What was lent to other programs.
    """

    yard: Yard
    catalogue: Catalogue
    entries: Entries
    reader: Reader
    wall: Callable[[], float]
    client: Client
    folder: Path
    busy: Callable[[], bool] = lambda: False
    beside: threading.RLock = field(default_factory=threading.RLock)
    unreadable: dict[str, float] = field(default_factory=dict)
    last_problems: dict[str, list[Problem]] = field(default_factory=dict)
    unwatched: str = ""
    claims: Claims = field(default_factory=Claims)
    inputs: Inputs = field(default_factory=Inputs)
    loans: Loans = field(init=False)

    def __post_init__(self) -> None:
        """The loans lie in the data folder."""
        self.loans = Loans(self.folder)

    def forms(self) -> tuple[str, ...]:
        """The forms of sidecars that the owner wants written."""
        return _forms(self.yard.settings["sidecars"])

    def close(self) -> None:
        """Let go of what it holds; the database is the App's."""
        self.reader.close()
        if "pictures" in vars(self):
            self.pictures.close()

    @functools.cached_property
    def pictures(self) -> Pictures:
        """Previews: found, shown small, fetched; its processes start with the first picture."""
        from modelyard.jobs.pictures import Pictures

        return Pictures(self)

    def roots(self) -> Roots:
        """All roots as they are now."""
        return roots_of(self.entries.all())


def _forms(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def stock_of(
    yard: Yard, database: Database, events: EventLog, folder: Path, wall: Callable[[], float], client: Client
) -> Stock:
    """The library of a data folder, built and connected."""
    from modelyard.jobs.heads import Heads

    return Stock(yard, Catalogue(database, events, wall), Entries(folder), Heads(), wall, client, folder)


def real_roots(roots: Roots) -> tuple[str, ...]:
    """Where links may lead: the real paths of all roots."""
    return tuple(dict.fromkeys(os.path.realpath(root.path) for root in roots.all))
