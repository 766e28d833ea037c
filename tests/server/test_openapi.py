"""The description of the API is complete, and the repository's copy is the current one."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from modelyard.app import App
from modelyard.errors import DiskError
from modelyard.server.api.answers import ANSWERS, BY_ROUTE, IN_JSON, PROBLEM, example_of
from modelyard.server.inside import call, router
from modelyard.server.messages import JSON
from modelyard.server.openapi import describe, failures
from modelyard.server.problem import Problem, family, status_of
from modelyard.server.routes import Route
from modelyard.server.service import Service

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


def _examples() -> list[Route]:
    return [route for route in router().routes if route.example is not None and not route.name.endswith("_by_page")]


def test_every_body_has_an_example_but_pictures() -> None:
    without = {route.name for route in router().routes if route.body_reader and route.example is None}
    assert without == {"give_preview"}


def test_every_example_of_a_body_is_read_by_its_own_route(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing leaves this machine
    monkeypatch.setenv("MODELYARD_RETRY_RETRIES", "0")
    with App() as app:
        service = Service(app)
        for route in _examples():
            path = re.sub(r"\{(\w+)\*?\}", lambda found: "1" if found[1] in ("id", "index") else "x", route.path)
            status, answer = call(app, route.method, path, route.example, service=service)
            code = answer["code"] if status >= 400 else ""
            assert code not in ("bad-request", "internal"), (route.name, answer)
            assert status == route.status or code in failures(route)[status], (route.name, answer)


def _within(example: Any, plain: Any) -> bool:
    """Whether everything that an example says came through its type, and nothing that the type does not know."""
    if isinstance(example, dict):
        return isinstance(plain, dict) and all(
            name in plain and _within(example[name], plain[name]) for name in example
        )
    if isinstance(example, list):
        return len(example) == len(plain) and all(map(_within, example, plain))
    return bool(example == plain)


def test_every_good_answer_in_json_has_an_example() -> None:
    without = []
    for path, methods in json.loads(describe(router().routes))["paths"].items():
        for method, told in methods.items():
            for status, answer in told["responses"].items():
                if status.startswith("2") and "example" not in answer.get("content", {}).get(JSON, {"example": None}):
                    without.append(f"{method} {path}")
    assert not without


def test_every_example_of_an_answer_is_one_of_its_type() -> None:
    for route in router().routes:
        if route.media_type == JSON and route.status != 204:
            example = example_of(route)
            plain = msgspec.json.decode(msgspec.json.encode(msgspec.convert(example, route.gives), enc_hook=str))
            assert _within(example, plain), route.name


def test_every_example_is_shown_by_a_route() -> None:
    names = {route.name for route in router().routes}
    assert names >= {*BY_ROUTE, *IN_JSON}
    used = {repr(example_of(route)) for route in router().routes}
    assert not [kind for kind, one in ANSWERS.items() if not {repr(one), repr([one])} & used]


def test_the_example_of_a_problem_is_what_the_service_says() -> None:
    with App() as app:
        status, told = call(app, "GET", "/api/v1/tasks/99")
    assert msgspec.convert(PROBLEM, Problem).status == status
    assert told == PROBLEM | {"request_id": "inside"}


def test_who_raises_a_class_of_errors_may_raise_all_that_are_below_it() -> None:
    route = next(route for route in router().routes if route.name == "measure_quarantined")
    told = failures(route)
    assert DiskError in route.raises
    for kind in family(DiskError):
        assert kind.code in told[status_of(kind)], kind


def test_what_a_full_or_broken_disk_answers_is_described_at_every_write() -> None:
    for route in router().routes:
        if route.role and route.method != "GET":
            assert "disk-full" in failures(route)[507] and "disk" in failures(route)[500], route.name
