"""Hubs of the local network: registered and forgotten over the routes and by command, believed at once."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from modelyard.app import App
from modelyard.server.inside import call
from modelyard.testing import PracticeHub
from running import modelyard
from server.serving import API, Served

HUBS = f"{API}/lan-hubs"


def test_what_was_registered_may_be_reached_at_once_and_no_longer_when_forgotten(hub: PracticeHub) -> None:
    hub.hf.add_repo("me/model", {"m.safetensors": 1000})
    url = hub.env()["HF_ENDPOINT"]
    origin = "/".join(url.split("/")[:3])
    target = f"{API}/hubs/model?address=hf:me/model"
    with App({**os.environ, **hub.env()}, trusted=False) as app:
        code, told = call(app, "GET", target)
        assert (code, told["code"]) == (403, "address-forbidden") and "modelyard lan add" in told["hint"]
        assert call(app, "POST", HUBS, {"origin": f"{origin}/some/path"}) == (201, {"origin": origin})
        assert call(app, "GET", HUBS) == (200, {"origins": [origin]})
        assert call(app, "GET", target)[0] == 200
        assert call(app, "DELETE", f"{HUBS}?origin={quote(origin, safe='')}") == (204, None)
    with App({**os.environ, **hub.env()}, trusted=False) as app:
        assert call(app, "GET", target)[1]["code"] == "address-forbidden"


def test_only_an_admin_sees_and_changes_them_and_nonsense_changes_nothing(service: Served) -> None:
    operator = service.ask("POST", f"{API}/tokens", {"name": "o", "role": "operator"}).json["token"]
    for method, path in (("GET", HUBS), ("POST", HUBS), ("DELETE", f"{HUBS}?origin=http://nas.local")):
        assert service.ask(method, path, {"origin": "http://nas.local"}, token=operator).code == "role-too-low"
    for nonsense in ("nas.local", "ftp://nas.local", "http://", "http://me@nas.local", "http://nas.local:0", ""):
        assert service.ask("POST", HUBS, {"origin": nonsense}).status == 400, nonsense
    assert service.ask("DELETE", f"{HUBS}?origin=http://nas.local").code == "not-found"
    assert service.ask("GET", HUBS).json == {"origins": []}


def test_the_commands_say_the_same_with_and_without_a_service(service: Served, tmp_path: Path) -> None:
    for folder in (service.folder, tmp_path / "alone"):
        env = {"MODELYARD_HOME": str(folder)}
        assert modelyard("lan", "list", env=env).out == ""
        assert "http://nas.local:8080" in modelyard("lan", "add", "HTTP://nas.local:8080/", env=env).out
        assert modelyard("lan", "list", env=env).out == "http://nas.local:8080\n"
        assert modelyard("lan", "list", "--json", env=env).out == '{"origin":"http://nas.local:8080"}\n'
        assert (folder / "lan-hubs.json").stat().st_mode & 0o777 == 0o600
        assert modelyard("lan", "remove", "http://nas.local:8080", env=env).code == 0
        assert modelyard("lan", "remove", "http://nas.local:8080", env=env).code == 3
        assert modelyard("lan", "add", "nas", env=env).code == 2
        assert modelyard("lan", "list", env=env).out == ""
