"""A catalogue on each database, and models to put in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modelyard.catalogue.catalogue import Catalogue
from modelyard.catalogue.model import Entry, FileFacts
from modelyard.events.log import EventLog
from modelyard.store.database import Database
from modelyard.values.about import About
from modelyard.values.identity import Identity

Make = Callable[..., Entry]


@pytest.fixture(params=["sqlite", "postgresql"])
def catalogue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalogue]:
    yield from _catalogue(request, tmp_path)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lasting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    """A catalogue for a whole file of tests, which only ask."""
    yield from _catalogue(request, tmp_path_factory.mktemp("lasting"))


def _catalogue(request: pytest.FixtureRequest, folder: Path) -> Iterator[Catalogue]:
    url = request.getfixturevalue("postgres").database() if request.param == "postgresql" else ""
    database = Database(folder / "yard", url)
    yield Catalogue(database, EventLog(), lambda: 1_000_000.0)
    database.close()


@pytest.fixture(scope="session")
def make() -> Make:
    def entry(
        name: str = "a.safetensors", about: About | None = None, identity: Identity | None = None, **more: object
    ) -> Entry:
        told = {"size": 100, "mtime_ns": 5_000_000_000, "inode": abs(hash(name)) % 10**6} | more
        path = f"/models/loras/{name}"
        facts = FileFacts(path, int(str(told["size"])), int(str(told["mtime_ns"])), 1, int(str(told["inode"])))
        return Entry(
            path=path,
            root="/models/loras",
            folder="loras",
            place=name,
            name=name.rsplit("/", 1)[-1].rsplit(".", 1)[0],
            files=(facts,),
            identity=identity or Identity("safetensors", "lora", "sdxl", certainty="certain"),
            about=about or About(),
            problems=tuple(more.get("problems", ())),  # type: ignore[arg-type]
        )

    return entry
