"""The hubs and their keys over REST."""

from __future__ import annotations

import os
import re
from urllib.parse import quote

import pytest

from modelyard.app import App
from modelyard.server.inside import call
from modelyard.testing import PracticeHub
from server.serving import API


def test_a_hub_says_whether_a_key_is_kept_for_it() -> None:
    with App() as app:
        app.keys.set("huggingface", "hf_some_key_of_the_owner")
        told = call(app, "GET", f"{API}/hubs")
        assert told[0] == 200
        assert {hub["name"] for hub in told[1] if hub["key"]} == {"huggingface"}
        app.keys.remove("huggingface")
        assert not any(hub["key"] for hub in call(app, "GET", f"{API}/hubs")[1])


@pytest.mark.parametrize(("key", "code"), [("", "login-needed"), ("hf_bad", "licence-not-accepted"), ("hf_good", None)])
def test_a_model_tells_what_its_hub_wants_before_anything_is_queued(
    hub: PracticeHub, key: str, code: str | None
) -> None:
    with App({**os.environ, **hub.env(), **({"HF_TOKEN": key} if key else {})}) as app:
        status, told = call(app, "GET", f"{API}/hubs/model?address=hf:org/gated")
    assert (status, told["gate"] and told["gate"]["code"]) == (200, code)
    assert code is None or told["gate"]["link"] == "https://huggingface.co/org/gated"


@pytest.mark.parametrize("typed", ["hf:org/gated", "https://huggingface.co/org/gated"])
def test_a_model_tells_its_address_as_the_queue_shows_it_and_with_its_revision(hub: PracticeHub, typed: str) -> None:
    with App({**os.environ, **hub.env()}) as app:
        told = call(app, "GET", f"{API}/hubs/model?address={quote(typed)}")[1]
        (number,) = call(app, "POST", f"{API}/tasks", {"addresses": [typed]})[1]["ids"]
        assert told["asked"] == "hf:org/gated" == call(app, "GET", f"{API}/tasks/{number}")[1]["address"]
    assert re.fullmatch("hf:org/gated@[0-9a-f]{40}", told["address"])


def test_the_key_of_a_registered_hub_is_kept_over_rest_by_its_origin() -> None:
    place = f"{API}/keys/https%3A%2F%2Fnas.local"
    with App() as app:
        assert call(app, "PUT", place, {"value": "canary-of-the-nas-123"})[1]["code"] == "unknown-hub"
        app.lan_hubs.add("https://nas.local")
        assert call(app, "PUT", place, {"value": "canary-of-the-nas-123"}) == (200, {"place": "keys.json"})
        assert app.keys.headers_for("https://nas.local") == {"Authorization": "Bearer canary-of-the-nas-123"}
        listed = call(app, "GET", f"{API}/keys")[1]
        assert [(key["hub"], key["shown"]) for key in listed] == [("https://nas.local", "…-123")]
        assert call(app, "DELETE", place)[0] == 204 and not app.keys.has("https://nas.local")
