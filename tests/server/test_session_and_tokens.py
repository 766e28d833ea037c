"""Coming in, and giving others their own token, over the wire."""

import re
from pathlib import Path

import pytest

from server.serving import API, Served, served


def test_a_link_is_exchanged_for_the_token_once(service: Served) -> None:
    code = service.link.partition("#code=")[2]
    first = service.ask("POST", f"{API}/session", {"code": code}, token=None)
    assert first.json == {"token": service.token}
    assert service.ask("POST", f"{API}/session", {"code": code}, token=None).code == "token-needed"


def test_a_fresh_link_comes_from_the_owner_only(service: Served) -> None:
    url = service.ask("POST", f"{API}/link").json["url"]
    assert re.fullmatch(rf"{service.url}/#code=[\w-]{{43}}", url)
    assert service.ask("POST", f"{API}/link", token=None).code == "token-needed"


def test_an_answer_with_a_secret_is_told_again_and_written_nowhere(service: Served) -> None:
    body = {"name": "once"}
    first, second = (service.ask("POST", f"{API}/tokens", body, Idempotency_Key="k").json["token"] for _ in range(2))
    assert first == second
    assert [one["name"] for one in service.ask("GET", f"{API}/tokens").json["tokens"]] == ["once"]
    files = [path for path in service.folder.rglob("*") if path.is_file()]
    assert any(path.name.startswith("modelyard.db") for path in files)
    assert not [path for path in files if first.encode() in path.read_bytes()]


def test_roles_hold_over_the_wire(service: Served) -> None:
    made = service.ask("POST", f"{API}/tokens", {"name": "watcher"}).json
    watcher = made["token"]
    assert made["about"]["role"] == "viewer" and made["about"]["expires"] > made["about"]["created"]
    assert service.ask("GET", f"{API}/session", token=watcher).json == {"name": "watcher", "role": "viewer"}
    for method, path in (
        ("GET", "/tokens"),
        ("POST", "/tokens"),
        ("DELETE", f"/tokens/{made['about']['id']}"),
        ("POST", "/link"),
    ):
        assert service.ask(method, API + path, {"name": "x"}, token=watcher).code == "role-too-low"
    assert watcher not in str(service.ask("GET", f"{API}/tokens").json)
    assert service.ask("DELETE", f"{API}/tokens/{made['about']['id']}").status == 204
    assert service.ask("GET", f"{API}/session", token=watcher).status == 401
    assert service.ask("DELETE", f"{API}/tokens/{made['about']['id']}").code == "no-such-token"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "a b"},
        {"name": "x", "role": "root"},
        {"name": "x", "days": 0},
        {"name": "x", "days": -1},
        {"name": "x", "day": 3},
        {"name": "../x"},
        {"name": "owner"},
        {"name": "socket"},
        [],
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(service: Served, body: object) -> None:
    assert service.ask("POST", f"{API}/tokens", body).status == 400


def test_a_guesser_is_slowed_down_and_told_how_long(tmp_path: Path) -> None:
    with served(tmp_path / "yard") as yard:
        answers = [yard.ask("POST", f"{API}/session", {"code": "wrong"}, token=None) for _ in range(7)]
        assert [got.status for got in answers] == [401] * 5 + [429] * 2
        assert answers[-1].headers["retry-after"] == "1"
        assert yard.ask("GET", f"{API}/session").status == 200


def test_no_log_and_no_process_list_shows_a_secret(tmp_path: Path) -> None:
    with served(tmp_path / "yard", fresh=True) as yard:
        token = yard.ask("POST", f"{API}/tokens", {"name": "canary"}).json["token"]
        for path in (f"/{token}", f"{API}/tasks?token={token}", f"{API}/session?code={token}"):
            yard.ask("GET", path)
            yard.ask("GET", path, token=token + "x", X_Request_Id=token[:40])
        code = yard.link.partition("#code=")[2]
        yard.ask("POST", f"{API}/session", {"code": code, "more": token})
        command = Path(f"/proc/{yard.process.pid}/cmdline").read_bytes().decode()
        yard.stop()
        written = (yard.folder / "service.log").read_text() + "".join(yard.lines) + command
    for secret in (token, token[:30], yard.token, code):
        assert secret not in written


def test_the_log_is_json_in_the_file_and_on_the_terminal_when_asked(tmp_path: Path) -> None:
    import json

    with served(tmp_path / "yard", "--log-json") as yard:
        yard.ask("GET", f"{API}/session", X_Request_Id="me-1")
        yard.stop()
        for line in [(yard.folder / "service.log").read_text().splitlines()[-1], *yard.lines[-1:]]:
            told = json.loads(line)
            assert (told["request_id"], told["status"], told["route"], told["caller"]) == (
                "me-1",
                200,
                f"{API}/session",
                "owner",
            )
    assert (yard.folder / "service.log").stat().st_mode & 0o777 == 0o600


def test_numbers_for_monitoring_name_routes_not_paths(service: Served) -> None:
    service.ask("GET", f"{API}/nothing/with/an/odd/name")
    text = service.ask("GET", "/metrics").body.decode()
    assert 'modelyard_requests_total{method="GET",route="none",status="404"}' in text
    assert "modelyard_request_seconds_bucket" in text and "odd" not in text and "modelyard_listeners 0.0" in text
