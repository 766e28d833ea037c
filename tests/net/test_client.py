"""The client against real sockets: redirects, keys, kept connections, stopping."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from modelyard.errors import BadAnswer, Interrupted, NetworkError, Stalled, Stopped, TooManyRedirects, Unreachable
from modelyard.net.api import Follow
from modelyard.net.client import Client, Request
from modelyard.net.dial import Dialer, Timeouts
from modelyard.net.guard import Guard
from modelyard.net.pool import Pool
from modelyard.net.proxies import Proxies
from modelyard.net.stop import Stop

Answers = Callable[[str, dict[str, str]], bytes]


class Server:
    """Answers each request with whatever bytes a function gives; keeps what was asked."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            while line := lines.readline():
                target = line.split()[1].decode()
                fields = {}
                while (field := lines.readline().strip()) != b"":
                    name, _, value = field.decode().partition(": ")
                    fields[name.lower()] = value
                self.asked.append((target, fields))
                answer = self._answers(target, fields)
                connection.sendall(answer)
                if b"Connection: close" in answer or not answer:
                    return

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def serve() -> Iterator[Callable[[Answers], Server]]:
    servers: list[Server] = []

    def start(answers: Answers) -> Server:
        servers.append(Server(answers))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def client(keys: dict[str, dict[str, str]] | None = None, silence: float = 5.0) -> Client:
    dialer = Dialer(Guard(allow_private=True), Proxies(None, {}), Timeouts(5.0, silence))
    return Client(Pool(dialer), lambda origin: (keys or {}).get(origin, {}), "modelyard/test")


def ok(body: bytes = b"hello", *fields: str) -> bytes:
    lines = "".join(f"{field}\r\n" for field in fields)
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body


def moved(to: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


def test_a_key_goes_to_its_origin_and_never_along_a_redirect(serve: Callable[[Answers], Server]) -> None:
    cdn = serve(lambda target, fields: ok())
    hub = serve(lambda target, fields: moved(cdn.url + "/signed"))
    keyed = client({hub.url: {"Authorization": "Bearer secret"}})
    request = Request(hub.url + "/file", headers=(("Range", "bytes=0-"),), bound=(("X-Api-Key", "also-secret"),))
    reply = keyed.open(request, Stop())
    assert reply.read_all(100) == b"hello"
    assert hub.asked[0][1]["authorization"] == "Bearer secret" and hub.asked[0][1]["x-api-key"] == "also-secret"
    assert "authorization" not in cdn.asked[0][1] and "x-api-key" not in cdn.asked[0][1]
    assert cdn.asked[0][1]["range"] == "bytes=0-"


def test_no_cookie_is_ever_sent_back(serve: Callable[[Answers], Server]) -> None:
    def answers(target: str, _: dict[str, str]) -> bytes:
        cookie = "Set-Cookie: session=canary; Path=/"
        to_b = f"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n{cookie}\r\n\r\n".encode()
        return to_b if target == "/a" else ok(b"hello", cookie)

    hub, one = serve(answers), client()
    for _ in range(2):
        reply = one.open(Request(hub.url + "/a"), Stop())
        assert reply.read_all(100) == b"hello"
        reply.close()
    assert [target for target, _ in hub.asked] == ["/a", "/b", "/a", "/b"]
    assert not any("cookie" in fields or "canary" in repr(fields) for _, fields in hub.asked)


def test_ten_redirects_are_followed_and_a_loop_is_not(serve: Callable[[Answers], Server]) -> None:
    def answers(target: str, _: dict[str, str]) -> bytes:
        number = int(target.rsplit("/", 1)[1])
        return ok() if number == 10 else moved(f"/{number + 1}")

    assert client().open(Request(serve(answers).url + "/0"), Stop()).hops == 10
    with pytest.raises(TooManyRedirects):
        client().open(Request(serve(lambda *_: moved("/again")).url + "/"), Stop())


def test_a_redirect_to_another_scheme_is_refused(serve: Callable[[Answers], Server]) -> None:
    with pytest.raises(Exception, match="no http or https"):
        client().open(Request(serve(lambda *_: moved("file:///etc/passwd")).url + "/"), Stop())


def test_same_origin_following_hands_the_foreign_redirect_back(serve: Callable[[Answers], Server]) -> None:
    hub = serve(lambda target, _: moved("/b") if target == "/a" else moved("http://127.0.0.1:1/elsewhere"))
    reply = client().open(Request(hub.url + "/a", "HEAD", follow=Follow.SAME_ORIGIN), Stop())
    assert (reply.status, reply.headers.get("location")) == (302, "http://127.0.0.1:1/elsewhere")


def test_one_connection_serves_many_requests(serve: Callable[[Answers], Server]) -> None:
    server, one = serve(lambda *_: ok()), client()
    for _ in range(5):
        reply = one.open(Request(server.url + "/"), Stop())
        reply.read_all(100)
        reply.close()
    assert server.connections == 1


def test_a_connection_with_bytes_nobody_asked_for_is_not_used_again(serve: Callable[[Answers], Server]) -> None:
    server, one = serve(lambda *_: ok() + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"), client()
    for _ in range(2):
        reply = one.open(Request(server.url + "/"), Stop())
        assert reply.read_all(100) == b"hello"
        reply.close()
    assert server.connections == 2


def test_a_kept_connection_that_died_is_replaced_unnoticed(serve: Callable[[Answers], Server]) -> None:
    count = iter(range(10))
    server = serve(lambda *_: ok() if next(count) != 1 else b"")
    one = client()
    for _ in range(2):
        reply = one.open(Request(server.url + "/"), Stop())
        assert reply.read_all(100) == b"hello"
        reply.close()
    assert server.connections == 2


def test_chunks_are_joined_and_a_cut_is_noticed(serve: Callable[[Answers], Server]) -> None:
    start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    whole = serve(lambda *_: start + b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: t\r\n\r\n")
    assert client().open(Request(whole.url + "/"), Stop()).read_all(100) == b"hello world"
    cut = serve(lambda *_: b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")
    with pytest.raises(Interrupted):
        client().open(Request(cut.url + "/"), Stop()).read_all(100)


@pytest.mark.parametrize("size", [b"-5", b"zz", b"5" * 30, b"", b"0x5"])
def test_a_malformed_chunk_is_refused(serve: Callable[[Answers], Server], size: bytes) -> None:
    server = serve(
        lambda *_: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + size + b"\r\nhello\r\n0\r\n\r\n"
    )
    with pytest.raises(BadAnswer):
        client().open(Request(server.url + "/"), Stop()).read_all(100)


def test_an_answer_longer_than_allowed_is_refused(serve: Callable[[Answers], Server]) -> None:
    with pytest.raises(NetworkError, match="short answer"):
        client().open(Request(serve(lambda *_: ok(b"x" * 1000)).url + "/"), Stop()).read_all(999)


def test_a_silent_server_counts_as_stalled(serve: Callable[[Answers], Server]) -> None:
    gate = threading.Event()
    server = serve(lambda *_: ok() if gate.wait(20) else ok())
    with pytest.raises(Stalled):
        client(silence=0.2).open(Request(server.url + "/"), Stop())
    gate.set()


def test_stopping_wakes_a_waiting_request_within_a_tenth_of_a_second(serve: Callable[[Answers], Server]) -> None:
    gate, stop = threading.Event(), Stop()
    server = serve(lambda *_: ok() if gate.wait(20) else ok())
    asked: list[float] = []

    def stop_soon() -> None:
        while not server.asked:
            pass
        asked.append(time.monotonic())
        stop.set("enough")

    threading.Thread(target=stop_soon, daemon=True).start()
    with pytest.raises(Stopped):
        client().open(Request(server.url + "/"), stop)
    assert time.monotonic() - asked[0] < 0.1
    gate.set()


def test_nobody_listening_is_told_as_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable):
        client().open(Request(f"http://127.0.0.1:{port}/"), Stop())
