"""One service for all tests of a file that only ask it."""

from collections.abc import Iterator

import pytest

from server.serving import Served, served


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running service with an empty data folder."""
    with served(tmp_path_factory.mktemp("yard")) as running:
        yield running
