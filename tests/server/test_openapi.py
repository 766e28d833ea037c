"""The description of the API is complete, and the repository's copy is the current one."""

import json
from pathlib import Path

from modelyard.server.inside import router
from modelyard.server.openapi import describe

COPY = Path(__file__).parents[2] / "openapi.json"


def test_the_copy_in_the_repository_is_current() -> None:
    assert describe(router().routes) == COPY.read_bytes(), "python -m modelyard.server.openapi > openapi.json"


def test_every_route_says_what_it_does_and_how_it_fails() -> None:
    for path, methods in json.loads(describe(router().routes))["paths"].items():
        for method, told in methods.items():
            where = f"{method} {path}"
            assert told["summary"].endswith("."), where
            assert "\n" not in told["summary"], where
            assert {"400", "403", "421", "500"} <= told["responses"].keys(), where
            assert bool(told["security"]) <= ("401" in told["responses"]), where
            assert ("requestBody" in told) <= (method != "get"), where


def test_every_reference_leads_somewhere() -> None:
    text = describe(router().routes).decode()
    components = json.loads(text)["components"]["schemas"]
    for line in text.splitlines():
        if '"$ref"' in line:
            assert line.split("schemas/")[1].strip('",') in components
