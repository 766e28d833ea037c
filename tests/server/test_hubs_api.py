"""The hubs and their keys over REST."""

from __future__ import annotations

from modelyard.app import App
from modelyard.server.inside import call
from server.serving import API


def test_a_hub_says_whether_a_key_is_kept_for_it() -> None:
    with App() as app:
        app.keys.set("huggingface", "hf_some_key_of_the_owner")
        told = call(app, "GET", f"{API}/hubs")
        assert told[0] == 200
        assert {hub["name"] for hub in told[1] if hub["key"]} == {"huggingface"}
        app.keys.remove("huggingface")
        assert not any(hub["key"] for hub in call(app, "GET", f"{API}/hubs")[1])


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
