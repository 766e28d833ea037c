"""Compressed answers: the same content, a tag of their own, and no secret in any of them."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from modelyard.server.inside import router
from modelyard.server.openapi import describe
from modelyard.server.packing import LEAST, accepts
from modelyard.server.pages import FOLDER
from server.serving import API, Served


@pytest.mark.parametrize("path", ["/openapi.json", "/settings"])
def test_a_long_answer_is_compressed_for_who_asks_and_says_the_same(service: Served, path: str) -> None:
    plain = service.ask("GET", API + path)
    small = service.ask("GET", API + path, Accept_Encoding="deflate, gzip")
    assert small.headers["content-encoding"] == "gzip" and small.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(small.body) == plain.body
    assert len(small.body) < len(plain.body) / 2
    assert int(small.headers["content-length"]) == len(small.body)


def test_each_form_is_unchanged_under_its_own_tag_only(service: Served) -> None:
    plain = service.ask("GET", f"{API}/settings").headers["etag"]
    small = service.ask("GET", f"{API}/settings", Accept_Encoding="gzip").headers["etag"]
    assert plain != small
    told = {
        (tag, accepted): service.ask("GET", f"{API}/settings", If_None_Match=tag, Accept_Encoding=accepted).status
        for tag in (plain, small)
        for accepted in ("identity", "gzip")
    }
    assert told == {(plain, "identity"): 304, (small, "gzip"): 304, (plain, "gzip"): 200, (small, "identity"): 200}


def test_short_answers_errors_and_answers_to_posts_stay_as_they_are(service: Served) -> None:
    for method, path in (("GET", "/session"), ("GET", "/nothing"), ("POST", "/link"), ("GET", "/searches")):
        got = service.ask(method, API + path, Accept_Encoding="gzip")
        assert "content-encoding" not in got.headers
    many = service.ask("POST", f"{API}/tasks/batch", {"text": "x y\n" * 200, "try_only": True}, Accept_Encoding="gzip")
    assert len(many.body) > LEAST and "content-encoding" not in many.headers


def test_no_answer_to_a_get_holds_a_secret_but_the_session_which_is_never_compressed() -> None:
    api = json.loads(describe(router().routes))
    schemas = api["components"]["schemas"]

    def fields(schema: dict[str, Any], seen: frozenset[str] = frozenset()) -> set[str]:
        if name := schema.get("$ref", "").rpartition("/")[2]:
            return set() if name in seen else fields(schemas[name], seen | {name})
        found = set(schema.get("properties", {}))
        inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ()), *schema.get("allOf", ())]
        inner += [schema[name] for name in ("items", "additionalProperties") if isinstance(schema.get(name), dict)]
        return found.union(*(fields(one, seen) for one in inner))

    secret = {
        path
        for path, operations in api["paths"].items()
        for media in operations.get("get", {}).get("responses", {}).get("200", {}).get("content", {}).values()
        if fields(media.get("schema", {})) & {"csrf", "token", "password"}
    }
    secret -= {f"{API}/lan-hubs"}  # of a token only its end is told there
    held = {f"{route.method} {route.path}" for route in router().routes if route.secret}
    assert {f"GET {path}" for path in secret} == {f"GET {API}/session"} == {one for one in held if "GET" in one}
    assert held - {f"GET {API}/session"} == {f"POST {API}/tokens", f"POST {API}/link"}  # these are not kept, either


@pytest.mark.parametrize("header", ["", "q=1", ";;;", "gzip;q=2", "gzip;q=abc", "gzip;level=1", "x" * 10_000, ",,,"])
def test_a_header_that_makes_no_sense_asks_for_nothing(header: str) -> None:
    assert not accepts(header, "gzip")


def test_the_page_s_own_scripts_come_compressed(service: Served) -> None:
    largest = max((FOLDER / "assets").glob("*.js"), key=lambda file: file.stat().st_size)
    path = "/" + largest.relative_to(FOLDER).as_posix()
    plain = service.ask("GET", path)
    for encoding in ("gzip", "br"):
        small = service.ask("GET", path, Accept_Encoding=encoding)
        assert small.headers["content-encoding"] == encoding and len(small.body) < len(plain.body) / 2
