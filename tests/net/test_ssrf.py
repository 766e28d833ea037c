"""Whoever may not reach this machine does not, however it is spelled: checked where the socket is made."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.errors import AddressForbidden, BadValue, UnsafePath, YardError
from modelyard.net.client import Client, Request
from modelyard.net.dial import Dialer, Timeouts
from modelyard.net.guard import Guard
from modelyard.net.lan_hubs import LanHubs
from modelyard.net.pool import Pool
from modelyard.net.proxies import Proxies
from modelyard.net.stop import Stop

SPELLINGS = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.0.2",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "LOCALHOST.",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "%31%32%37.0.0.1",
    "127.0.0.1%2f.example.org",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "user@127.0.0.1",
    "public.example@127.0.0.1",
    "169.254.169.254",
    "[fe80::1]",
]


class Ear:
    """Counts who connects to any address of this machine, and answers with what it is told."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        self._accepted = 0
        self._socket = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port = self._socket.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self._accepted += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines, contextlib.suppress(OSError):
            while first := lines.readline():
                while lines.readline().strip():
                    pass
                self.heard.append(first.split()[1].decode())
                connection.sendall(self.answer)

    def knocks(self) -> int:
        """How many connected before this; connections are accepted in order, so ours comes last."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as made:
            made.sendall(b"GET /knock HTTP/1.1\r\n\r\n")
            made.recv(1)
        return self._accepted - 1

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def ear() -> Iterator[Ear]:
    made = Ear()
    yield made
    made.close()


@pytest.fixture
def other() -> Iterator[Ear]:
    made = Ear()
    yield made
    made.close()


def client(*registered: str, trusted: bool = False, proxy: str | None = None) -> Client:
    guard = Guard(allow_private=trusted, registered=frozenset(registered))
    return Client(Pool(Dialer(guard, Proxies(proxy, {}), Timeouts(2.0, 2.0))), lambda _: {}, "modelyard/test")


def moved(to: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_this_machine_is_reached(spelling: str, ear: Ear) -> None:
    with pytest.raises(YardError) as caught:
        client().open(Request(f"http://{spelling}:{ear.port}/"), Stop())
    assert ear.heard == [] and ear.knocks() == 0
    if spelling in ("127.0.0.1", "2130706433", "0x7f.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"):
        assert isinstance(caught.value, AddressForbidden)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_passes_through_a_proxy(spelling: str, ear: Ear) -> None:
    with contextlib.suppress(YardError):  # a name that means nothing here is the proxy's to refuse
        client(proxy=ear.origin).open(Request(f"http://{spelling}:{ear.port}/"), Stop())
    assert ear.heard == [] or not _resolves(spelling)


@pytest.mark.parametrize("spelling", ["127.0.0.1", "127.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]"])
def test_a_public_server_leads_a_person_into_no_network_through_a_proxy(spelling: str, ear: Ear) -> None:
    one = client(trusted=True, proxy=ear.origin)
    with pytest.raises(AddressForbidden):
        one.open(Request(f"http://{spelling}:{ear.port}/", told_by_public=True), Stop())
    assert ear.heard == []


def test_the_person_at_this_machine_may_go_there(ear: Ear) -> None:
    """The control: it is the guard that holds the others back."""
    for spelling in ("127.0.0.1", "localhost", "[::1]"):
        assert client(trusted=True).open(Request(f"http://{spelling}:{ear.port}/"), Stop()).read_all(10) == b"ok"


def test_the_refusal_does_not_tell_whether_somebody_listens(ear: Ear) -> None:
    told = []
    for port in (ear.port, 9):
        with pytest.raises(AddressForbidden) as caught:
            client().open(Request(f"http://127.0.0.1:{port}/"), Stop())
        told.append(caught.value.message.replace(str(port), "PORT"))
    assert told[0] == told[1]


def _resolves(spelling: str) -> bool:
    with contextlib.suppress(OSError, UnicodeError):
        return bool(socket.getaddrinfo(spelling.strip("[]"), 80))
    return False


def test_a_name_that_resolves_to_this_machine_is_not_reached(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [("93.184.216.34", 80), ("127.0.0.1", ear.port)]
    real = socket.getaddrinfo

    def rebinding(host: str, *rest: object, **more: object) -> object:
        if host != "rebind.example":
            return real(host, *rest, **more)  # type: ignore[arg-type]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", answers[-1])]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with pytest.raises(AddressForbidden):
        client().open(Request(f"http://rebind.example:{ear.port}/"), Stop())
    assert ear.heard == []


def test_a_registered_hub_is_reached_by_its_exact_origin_only(ear: Ear) -> None:
    one = client(ear.origin)
    assert one.open(Request(f"{ear.origin}/model"), Stop()).read_all(10) == b"ok"
    for near in (f"http://localhost:{ear.port}/", f"http://127.1:{ear.port}/", f"https://127.0.0.1:{ear.port}/"):
        with pytest.raises(AddressForbidden):
            one.open(Request(near), Stop())
    assert ear.heard == ["/model"]


def test_a_registered_hub_leads_to_itself_and_not_to_its_neighbour(ear: Ear, other: Ear) -> None:
    for trusted in (False, True):
        one = client(ear.origin, other.origin, trusted=trusted)
        ear.answer = moved(f"{other.origin}/secret")
        with pytest.raises(AddressForbidden):
            one.open(Request(f"{ear.origin}/a"), Stop())
    assert other.heard == []
    ear.heard.clear()
    ear.answer = moved("/again")
    with pytest.raises(YardError, match="more than 10"):
        client(ear.origin).open(Request(f"{ear.origin}/a"), Stop())
    assert len(ear.heard) == 11


def test_what_a_public_server_named_is_not_reached_even_when_registered(ear: Ear) -> None:
    for trusted in (False, True):
        with pytest.raises(AddressForbidden):
            client(ear.origin, trusted=trusted).open(Request(f"{ear.origin}/", told_by_public=True), Stop())
    assert ear.heard == []


def test_a_connection_that_is_open_already_is_judged_again(ear: Ear) -> None:
    one = client(ear.origin)
    reply = one.open(Request(f"{ear.origin}/first"), Stop())
    reply.read_all(10)
    reply.close()
    assert one.pool.idle == 1
    with pytest.raises(AddressForbidden):
        one.open(Request(f"{ear.origin}/second", told_by_public=True), Stop())
    assert ear.heard == ["/first"]


# --- the list of registered hubs ------------------------------------------------------------------


def test_hubs_are_registered_by_their_normal_origin_and_forgotten(tmp_path: Path) -> None:
    hubs = LanHubs(tmp_path)
    assert hubs.add("HTTP://Nas.Local:8080/models/") == "http://nas.local:8080"
    hubs.add("http://nas.local:8080")
    assert hubs.list() == ("http://nas.local:8080",) and "http://nas.local:8080" in LanHubs(tmp_path)
    assert "http://nas.local" not in hubs
    assert hubs.remove("http://nas.local:8080/") and not hubs.remove("http://nas.local:8080")
    with pytest.raises(BadValue):
        hubs.add("nas.local")


def test_a_list_that_others_may_write_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "lan-hubs.json").write_text('["http://127.0.0.1:1"]')
    (tmp_path / "lan-hubs.json").chmod(0o666)
    with pytest.raises(UnsafePath):
        assert "http://127.0.0.1:1" in LanHubs(tmp_path)


def test_an_app_that_nobody_trusts_reaches_what_was_registered_while_it_runs(
    ear: Ear,
) -> None:
    with App(os.environ, trusted=False) as app:
        with pytest.raises(AddressForbidden):
            app.api.get(f"{ear.origin}/x")
        app.lan_hubs.add(ear.origin)
        assert app.api.get(f"{ear.origin}/x", cache=False).body == b"ok"
        app.lan_hubs.remove(ear.origin)
        with pytest.raises(AddressForbidden):
            app.api.get(f"{ear.origin}/x", cache=False)
