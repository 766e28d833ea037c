"""Hubs of the local network: registered and forgotten over the routes and by command, believed at once, each with
its token and its proof."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from modelyard.app import App
from modelyard.server.inside import call
from modelyard.testing import PracticeHub
from net.tls_hub import Identity, TlsHub
from running import modelyard, start
from server.serving import API, Served

HUBS = f"{API}/lan-hubs"
CANARY = "lan-canary-1234567890"
BEARER = f"Bearer {CANARY}"


@pytest.fixture(scope="module")
def nas(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return Identity(tmp_path_factory.mktemp("nas") / "one")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return Identity(tmp_path_factory.mktemp("stranger") / "one")


@pytest.fixture
def box(nas: Identity) -> Iterator[TlsHub]:
    """A hub with a certificate that nobody knows, which wants a token."""
    made = TlsHub(nas)
    made.wants = CANARY
    yield made
    made.close()


@pytest.fixture
def app() -> Iterator[App]:
    """The App of a service that others may reach."""
    with App(flags={"retry.retries": "0"}, trusted=False) as made:
        yield made


def test_what_was_registered_may_be_reached_at_once_and_no_longer_when_forgotten(hub: PracticeHub) -> None:
    hub.hf.add_repo("me/model", {"m.safetensors": 1000})
    url = hub.env()["HF_ENDPOINT"]
    origin = "/".join(url.split("/")[:3])
    target = f"{API}/hubs/model?address=hf:me/model"
    with App({**os.environ, **hub.env()}, trusted=False) as app:
        code, told = call(app, "GET", target)
        assert (code, told["code"]) == (403, "address-forbidden") and "modelyard lan add" in told["hint"]
        code, told = call(app, "POST", HUBS, {"origin": f"{origin}/some/path"})
        assert code == 201 and told == {"origin": origin, "pin": "", "authorities": [], "token": ""}
        assert call(app, "GET", HUBS) == (200, {"origins": [origin], "hubs": [told]})
        assert call(app, "GET", target)[0] == 200
        assert call(app, "DELETE", f"{HUBS}?origin={quote(origin, safe='')}") == (204, None)
    with App({**os.environ, **hub.env()}, trusted=False) as app:
        assert call(app, "GET", target)[1]["code"] == "address-forbidden"


def test_only_an_admin_sees_and_changes_them_and_nonsense_changes_nothing(service: Served) -> None:
    operator = service.ask("POST", f"{API}/tokens", {"name": "o", "role": "operator"}).json["token"]
    doors = (("GET", HUBS), ("POST", HUBS), ("POST", f"{HUBS}/check"), ("DELETE", f"{HUBS}?origin=http://nas.local"))
    for method, path in doors:
        assert service.ask(method, path, {"origin": "http://nas.local"}, token=operator).code == "role-too-low"
    for nonsense in ("nas.local", "ftp://nas.local", "http://", "http://me@nas.local", "http://nas.local:0", ""):
        assert service.ask("POST", HUBS, {"origin": nonsense}).status == 400, nonsense
    assert service.ask("DELETE", f"{HUBS}?origin=http://nas.local").code == "not-found"
    assert service.ask("GET", HUBS).json == {"origins": [], "hubs": []}


def test_the_commands_say_the_same_with_and_without_a_service(service: Served, tmp_path: Path) -> None:
    for folder in (service.folder, tmp_path / "alone"):
        env = {"MODELYARD_HOME": str(folder)}
        assert modelyard("lan", "list", env=env).out == ""
        assert "http://nas.local:8080" in modelyard("lan", "add", "HTTP://nas.local:8080/", env=env).out
        assert modelyard("lan", "list", env=env).out == "http://nas.local:8080\n"
        listed = {"origin": "http://nas.local:8080", "pin": "", "authorities": [], "token": ""}
        assert modelyard("lan", "list", "--json", env=env).events == [listed]
        assert (folder / "lan-hubs.json").stat().st_mode & 0o777 == 0o600
        assert modelyard("lan", "remove", "http://nas.local:8080", env=env).code == 0
        assert modelyard("lan", "remove", "http://nas.local:8080", env=env).code == 3
        assert modelyard("lan", "add", "nas", env=env).code == 2
        assert modelyard("lan", "list", env=env).out == ""


# --- token, CA and pin ----------------------------------------------------------------------------


def test_the_first_key_that_is_seen_is_pinned_and_nothing_is_sent_for_that(
    app: App, box: TlsHub, nas: Identity
) -> None:
    code, told = call(app, "POST", HUBS, {"origin": box.origin, "trust_first": True, "token": CANARY})
    assert (code, told["pin"], told["token"]) == (201, nas.pin, "…7890") and box.raw == b""
    assert app.api.get(f"{box.origin}/x", cache=False).body == b"ok" and box.heard == [("/x", BEARER)]


def test_who_was_pinned_is_believed_at_first_sight_no_second_time(
    app: App, box: TlsHub, nas: Identity, stranger: Identity
) -> None:
    call(app, "POST", HUBS, {"origin": box.origin, "pin": nas.pin})
    box.identity = stranger
    for again in ({"trust_first": True}, {"trust_first": True, "pin": stranger.pin}):
        assert call(app, "POST", HUBS, {"origin": box.origin, **again})[0] == 400
    assert call(app, "GET", HUBS)[1]["hubs"][0]["pin"] == nas.pin


def test_what_is_left_out_stays(app: App, box: TlsHub, nas: Identity) -> None:
    call(app, "POST", HUBS, {"origin": box.origin, "pin": nas.pin, "token": CANARY})
    for more in ({}, {"ca": nas.ca}):
        told = call(app, "POST", HUBS, {"origin": box.origin, **more})[1]
        assert (told["pin"], told["token"]) == (nas.pin, "…7890")
    assert told["authorities"] == ["Practice CA"]


def test_a_check_tells_what_a_hub_shows_and_whether_its_token_is_taken(
    app: App, box: TlsHub, nas: Identity, stranger: Identity
) -> None:
    def look(**how: str) -> dict[str, object]:
        told = call(app, "POST", f"{HUBS}/check", {"origin": box.origin, **how})
        assert told[0] == 200
        return dict(told[1])

    call(app, "POST", HUBS, {"origin": box.origin})
    unproven = look()
    assert unproven["reachable"] is False and unproven["error"]["code"] == "tls-failed"  # type: ignore[index]
    assert unproven["certificate"]["pin"] == nas.pin and box.raw == b""  # type: ignore[index]
    call(app, "POST", HUBS, {"origin": box.origin, "ca": nas.ca})
    assert (look()["status"], look()["token"]) == (401, "none")
    for token, verdict in (("some-other-token-0000", "refused"), (CANARY, "taken")):
        call(app, "POST", HUBS, {"origin": box.origin, "token": token})
        seen = look(path="/api/models")
        assert seen["token"] == verdict and seen["reachable"] is True, seen
    assert {path for path, _ in box.heard} == {"/", "/api/models"}
    shown = look()["certificate"]
    assert isinstance(shown, dict) and (shown["subject"], shown["issuer"]) == ("practice", "Practice CA")
    box.wants = ""
    assert look()["token"] == "not-asked"
    call(app, "POST", HUBS, {"origin": box.origin, "pin": stranger.pin})
    box.raw.clear()
    assert look()["error"]["code"] == "pin-differs" and box.raw == b""  # type: ignore[index]


def test_a_check_follows_no_redirect_shows_no_body_and_goes_to_registered_hubs_only(app: App, box: TlsHub) -> None:
    other = TlsHub(None)
    box.wants = ""
    call(app, "POST", HUBS, {"origin": box.origin, "trust_first": True, "token": CANARY})
    box.leads_to(f"{other.origin}/inner")
    assert call(app, "POST", f"{HUBS}/check", {"origin": box.origin})[1]["status"] == 302
    box.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"
    assert "secret" not in str(call(app, "POST", f"{HUBS}/check", {"origin": box.origin}))
    assert call(app, "POST", f"{HUBS}/check", {"origin": other.origin})[1]["code"] == "not-found"
    assert call(app, "POST", f"{HUBS}/check", {"origin": box.origin, "path": f"@127.0.0.1:{other.port}/"})[0] == 400
    assert other.connections == 0
    other.close()


def test_a_hub_that_is_not_there_is_told_and_not_pinned(app: App, box: TlsHub) -> None:
    gone = box.origin.replace(str(box.port), "9")
    code, told = call(app, "POST", HUBS, {"origin": gone, "trust_first": True})
    assert (code, told["code"]) == (502, "unreachable") and call(app, "GET", HUBS)[1]["origins"] == []
    call(app, "POST", HUBS, {"origin": gone})
    look = call(app, "POST", f"{HUBS}/check", {"origin": gone})[1]
    assert look["reachable"] is False and look["certificate"] is None and look["error"]["code"] == "unreachable"


@pytest.mark.parametrize(
    "bad",
    [
        {"ca": "canary"},
        {"ca": "-----BEGIN PRIVATE KEY-----canary"},
        {"pin": "canary"},
        {"token": "canary canary"},
        {"origin": "https://huggingface.co", "token": "canary-canary"},
        {"origin": "http://nas.local", "pin": "0" * 64},
        {"origin": "http://nas.local", "trust_first": True},
        {"origin": "https://169.254.169.254", "trust_first": True},
    ],
)
def test_nonsense_registers_nothing_and_is_not_repeated(app: App, bad: dict[str, object]) -> None:
    code, told = call(app, "POST", HUBS, {"origin": "https://nas.local", **bad})
    assert code in (400, 403) and ("pin" in bad or "canary" not in str(told))
    assert call(app, "GET", HUBS)[1]["origins"] == [] and not (app.folder / "keys.json").exists()


def test_a_forgotten_hub_leaves_neither_token_nor_ca(app: App, box: TlsHub, nas: Identity) -> None:
    call(app, "POST", HUBS, {"origin": box.origin, "ca": nas.ca, "pin": nas.pin, "token": CANARY})
    assert call(app, "DELETE", f"{HUBS}?origin={quote(box.origin, safe='')}")[0] == 204
    left = b"".join(path.read_bytes() for path in app.folder.rglob("*") if path.is_file())
    assert CANARY.encode() not in left and b"CERTIFICATE" not in left and nas.pin.encode() not in left
    call(app, "POST", HUBS, {"origin": box.origin, "ca": nas.ca})
    assert call(app, "GET", HUBS)[1]["hubs"][0]["token"] == ""
    assert app.api.get(f"{box.origin}/x", cache=False).status == 401


def test_the_commands_keep_token_and_ca_out_of_every_sight(service: Served, box: TlsHub, tmp_path: Path) -> None:
    ca = tmp_path / "nas.pem"
    ca.write_text(box.identity.ca if box.identity else "")
    env = {"MODELYARD_HOME": str(service.folder)}
    process = start("lan", "add", box.origin, "--ca", str(ca), "--token", "-", env=env, stdin=subprocess.PIPE)
    line = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    out, err = process.communicate(f"{CANARY}\n", timeout=60)
    assert process.returncode == 0, err
    said = [line.decode(), out, err]
    for words in (
        ("lan", "list", "--json"),
        ("lan", "check", box.origin, "--json"),
        ("keys", "list"),
        ("get", f"{box.origin}/m.safetensors", "--to", f"{tmp_path}/out/", "--json"),
        ("get", "--detach", f"{box.origin}/n.safetensors", "--to", f"{tmp_path}/out/"),
        ("history", "--json"),
        ("config", "show", "--json"),
    ):
        ran = modelyard(*words, env=env)
        said += [ran.out, ran.err]
    assert '"token":"taken"' in said[4 + 1]
    for path in ("/events?since=0", "/settings", "/tasks", "/lan-hubs", "/keys", "/health"):
        said.append(service.ask("GET", f"{API}{path}").body.decode())
    kept = [path for path in service.folder.rglob("*") if path.is_file() and path.name != "keys.json"]
    said += [path.read_bytes().decode("latin-1") for path in kept] + service.lines
    assert ("/m.safetensors", BEARER) in box.heard
    assert CANARY not in "".join(said)
    assert modelyard("lan", "remove", box.origin, env=env).code == 0
    assert CANARY not in (service.folder / "keys.json").read_text()


def test_a_hub_that_repeats_the_token_in_its_refusal_brings_it_into_no_history(
    box: TlsHub, tmp_path: Path, service: Served
) -> None:
    words = f"Server: {CANARY}\r\nWWW-Authenticate: Bearer error={CANARY}\r\nX-Error-Message: you sent {CANARY}\r\n"
    box.wants, box.answer = "", f"HTTP/1.1 403 {CANARY}\r\n{words}Content-Length: 21\r\n\r\n{CANARY}".encode()
    body = {"origin": box.origin, "trust_first": True, "token": CANARY}
    assert service.ask("POST", HUBS, body).status == 201
    env = {"MODELYARD_HOME": str(service.folder)}
    said = modelyard("get", f"{box.origin}/m.safetensors", "--to", f"{tmp_path}/out/", "--json", env=env)
    assert said.code == 4 and "you sent ***" in said.out and box.heard == [("/m.safetensors", BEARER)]
    queued = service.ask("POST", f"{API}/tasks", {"addresses": [f"{box.origin}/n.safetensors"]}).json
    until = time.monotonic() + 20
    while len(box.heard) < 2 or service.ask("GET", f"{API}/tasks?state=failed").json["tasks"] == []:
        assert time.monotonic() < until, queued
    told = [service.ask("GET", f"{API}{path}").body for path in ("/tasks", "/history", "/events?since=0")]
    kept = [path.read_bytes() for path in service.folder.rglob("*") if path.is_file() and path.name != "keys.json"]
    assert any(b"you sent ***" in part for part in told)
    assert CANARY.encode() not in b"".join([*told, *kept, said.out.encode()])
    assert service.ask("DELETE", f"{HUBS}?origin={quote(box.origin, safe='')}").status == 204


def test_a_token_is_no_argument(tmp_path: Path) -> None:
    ran = modelyard("lan", "add", "https://nas.local", "--token", CANARY)
    assert ran.code == 2 and CANARY not in ran.out + ran.err
    assert modelyard("lan", "add", "https://nas.local", "--token", "-", stdin="").code == 2
    assert modelyard("lan", "list").out == ""


def test_the_key_of_a_registered_hub_is_kept_by_its_origin(app: App) -> None:
    assert modelyard("keys", "set", "https://nas.local", stdin=f"{CANARY}\n").code == 2
    call(app, "POST", HUBS, {"origin": "https://nas.local"})
    assert modelyard("keys", "set", "HTTPS://nas.local/", stdin=f"{CANARY}\n").code == 0
    assert app.keys.headers_for("https://nas.local") == {"Authorization": BEARER}
    told = modelyard("keys", "check", "https://nas.local")
    assert told.code == 2 and "modelyard lan check https://nas.local" in told.err
    assert modelyard("keys", "remove", "https://nas.local").code == 0
    assert not app.keys.has("https://nas.local")
