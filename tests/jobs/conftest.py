"""An App with one empty root, for whoever tests what is done with a library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.app import App

from .library import library


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[tuple[App, Path]]:
    """The App and its root."""
    with library(tmp_path) as both:
        yield both


@pytest.fixture
def app(yard: tuple[App, Path]) -> App:
    return yard[0]


@pytest.fixture
def root(yard: tuple[App, Path]) -> Path:
    return yard[1]
