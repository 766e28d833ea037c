"""Files of routes are imported by the first part of a path: the table says truly which those are."""

from __future__ import annotations

import pkgutil

import pytest

from modelyard.server import api
from modelyard.server.api import FILES, first_part, routes_of


@pytest.mark.parametrize("file", FILES)
def test_a_file_s_paths_begin_as_the_table_says(file: str) -> None:
    assert {first_part(route.path) for group in routes_of(file) for route in group.all} == set(FILES[file])


def test_every_file_of_routes_is_in_the_table() -> None:
    made = {module.name for module in pkgutil.iter_modules(api.__path__) if routes_of(module.name)}
    assert made == set(FILES)
