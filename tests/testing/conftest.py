"""A practice hub for each test, and the few words to talk to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from modelyard.testing import PracticeHub


@pytest.fixture
def hub() -> Iterator[PracticeHub]:
    with PracticeHub() as running:
        yield running
