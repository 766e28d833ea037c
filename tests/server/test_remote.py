"""Letting others in: only with a password, and only over TLS."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from modelyard.errors import CrossSite, UnsafeListening
from modelyard.server.listening import Listening
from modelyard.testing.tls import make_authority
from running import modelyard
from server.serving import API, Served, served

PASSWORD = "four random words"


@dataclass
class Remote:
    """A service in remote mode, and its authority."""

    yard: Served
    ca: Path

    @property
    def port(self) -> int:
        return self.yard.port

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
        context = ssl.create_default_context(cafile=str(self.ca))
        connection = http.client.HTTPSConnection("localhost", self.port, context=context, timeout=20)
        told = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
        connection.request(method, path, None if body is None else json.dumps(body), told)
        answer = connection.getresponse()
        sent = answer.read()
        connection.close()
        return answer.status, {name.lower(): text for name, text in answer.getheaders()}, json.loads(sent or b"null")


@contextlib.contextmanager
def open_to_others(folder: Path) -> Iterator[Remote]:
    """A service in remote mode."""
    (folder / "tls").mkdir()
    ca, home = make_authority(folder / "tls"), folder / "yard"
    assert modelyard("serve", "--set-password", env={"MODELYARD_HOME": str(home)}, stdin=f"{PASSWORD}\n").code == 0
    tls = ("--tls-cert", str(folder / "tls" / "leaf.pem"), "--tls-key", str(folder / "tls" / "leaf.key"))
    with served(home, "--listen", "127.0.0.1", "--name", "localhost", *tls) as yard:
        yield Remote(yard, ca)


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    with open_to_others(tmp_path_factory.mktemp("remote")) as running:
        yield running


@pytest.mark.parametrize(
    ("listening", "password", "words"),
    [
        (Listening(address="0.0.0.0"), False, "--set-password"),
        (Listening(address="0.0.0.0"), True, "--tls-cert"),
        (Listening(address="192.0.2.1", tls_cert=Path("c")), True, "both"),
        (Listening(address="0.0.0.0", tls_cert=Path("c"), tls_key=Path("k")), True, "--name"),
        (Listening(address="::", proxies=(ip_network("10.0.0.7"),)), True, "--name"),
        (Listening(tls_cert=Path("c"), tls_key=Path("k")), True, "--listen"),
        (Listening(names=("yard.example",)), True, "--listen"),
        (Listening(proxies=(ip_network("10.0.0.7"),)), True, "--listen"),
    ],
)
def test_it_refuses_to_listen_where_others_could_walk_in(listening: Listening, password: bool, words: str) -> None:
    with pytest.raises(UnsafeListening) as caught:
        listening.check(password=password)
    assert words in caught.value.hint + caught.value.message


def test_with_everything_given_it_listens() -> None:
    Listening().check(password=False)
    whole = Listening(address="0.0.0.0", names=("yard.example",), tls_cert=Path("c"), tls_key=Path("k"))
    whole.check(password=True)
    assert whole.url(7980) == "https://yard.example:7980/"


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    ran = modelyard("serve", "--port", "0", "--listen", "127.0.0.1", env={"MODELYARD_HOME": str(tmp_path)})
    assert (ran.code, "[unsafe-listening]" in ran.err, "--set-password" in ran.err) == (2, True, True)
    for wrong in (("--listen", "everywhere"), ("--listen", "127.0.0.1", "--trusted-proxy", "proxy")):
        assert modelyard("serve", *wrong, env={"MODELYARD_HOME": str(tmp_path)}).code == 2


def test_a_log_in_gives_a_cookie_that_only_this_site_sends_and_no_script_reads(remote: Remote) -> None:
    status, headers, told = remote.ask("POST", f"{API}/login", {"password": PASSWORD})
    assert status == 200 and told["csrf"]
    name, *parts = headers["set-cookie"].split("; ")
    assert name.startswith("__Host-modelyard=")
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(parts)
    assert told["csrf"] not in headers["set-cookie"]


def test_a_session_reads_and_writes_with_its_header_and_ends(remote: Remote) -> None:
    _, headers, told = remote.ask("POST", f"{API}/login", {"password": PASSWORD})
    cookie = headers["set-cookie"].partition(";")[0]
    assert remote.ask("GET", f"{API}/session", Cookie=cookie)[2] == {
        "name": "owner",
        "role": "admin",
        "csrf": told["csrf"],
    }
    assert remote.ask("POST", f"{API}/tokens", {"name": "x"}, Cookie=cookie)[2]["code"] == "cross-site"
    own = {"Cookie": cookie, "X_CSRF_Token": told["csrf"]}
    status, _, made = remote.ask("POST", f"{API}/tokens", {"name": "gpu-1", "role": "operator"}, **own)
    assert status == 201
    bearer = f"Bearer {made['token']}"
    assert remote.ask("GET", f"{API}/session", Authorization=bearer)[2] == {"name": "gpu-1", "role": "operator"}
    assert remote.ask("POST", f"{API}/logout", **own)[0] == 204
    assert remote.ask("GET", f"{API}/session", Cookie=cookie)[0] == 401


def test_doors_hold_in_remote_mode_too(remote: Remote) -> None:
    status, _, told = remote.ask("GET", "/healthz", Host=f"evil.example:{remote.port}")
    assert (status, told["code"]) == (421, "wrong-host")
    for origin in (f"http://localhost:{remote.port}", "https://evil.example", "null"):
        assert remote.ask("GET", "/healthz", Origin=origin)[0] == 403
    assert remote.ask("GET", "/healthz", Origin=f"https://localhost:{remote.port}")[0] == 200


def test_plain_http_is_no_way_in(remote: Remote) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", remote.port, timeout=10)
    connection.request("GET", "/healthz")
    with pytest.raises((http.client.HTTPException, OSError)):
        connection.getresponse()
    connection.close()


def test_the_command_line_uses_the_socket(remote: Remote) -> None:
    ran = modelyard("page", env={"MODELYARD_HOME": str(remote.yard.folder)})
    assert ran.out == f"https://localhost:{remote.port}/\n"


def test_a_guesser_of_the_password_has_to_wait(tmp_path: Path) -> None:
    with open_to_others(tmp_path) as remote:
        answers = [remote.ask("POST", f"{API}/login", {"password": "wrong"}) for _ in range(6)]
        assert [status for status, _, _ in answers] == [403] * 5 + [429]
        assert answers[-1][1]["retry-after"] == "1"
        assert remote.ask("POST", f"{API}/login", {"password": PASSWORD})[0] == 429


def test_behind_a_proxy_only_the_proxy_may_connect_and_it_names_the_client() -> None:
    listening = Listening(
        7980, "10.0.0.5", ("yard.example",), proxies=(ip_network("10.0.0.7"), ip_network("10.1.0.0/16"))
    )
    doors = listening.doors(7980)
    assert listening.url(7980) == "https://yard.example/"
    https = {"x-forwarded-proto": ["https"]}
    doors.check("/", {"host": ["yard.example"], "origin": ["https://yard.example"]})
    assert doors.peer("10.0.0.7", {**https, "x-forwarded-for": ["6.6.6.6, 203.0.113.9", "10.1.2.3"]}) == "203.0.113.9"
    assert doors.peer("10.0.0.7", https) == "10.0.0.7"
    for address, headers in (("10.0.0.8", https), ("10.0.0.7", {}), ("10.0.0.7", {"x-forwarded-proto": ["http"]})):
        with pytest.raises(CrossSite):
            doors.peer(address, headers)


def test_on_loopback_nobody_can_log_in(tmp_path: Path) -> None:
    with served(tmp_path) as yard:
        assert yard.ask("POST", f"{API}/login", {"password": PASSWORD}, token=None).code == "password-wrong"
        assert yard.ask("GET", f"{API}/session", X_Forwarded_For="10.0.0.1").status == 200
