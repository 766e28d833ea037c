"""Certificates and proxies as companies have them: real TLS, real proxies on loopback, the whole App behind."""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from modelyard.app import App
from modelyard.errors import AccessError, Stalled, TlsFailed, TooManyRedirects, Unreachable, YardError
from modelyard.jobs.wish import Outcome, Wish
from modelyard.net.nested import nested
from modelyard.testing import PracticeHub
from modelyard.testing.tls import make_authority, server_context
from running import modelyard

SIZE = 12 * 2**20 + 5
SECRET = "Basic " + base64.b64encode(b"me:p@ss").decode()


class Server:
    """Calls `serve` with each connection, in a thread of its own; `heard` is every byte that clients sent."""

    scheme = "http"

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.heard = bytearray()
        self._socket = socket.create_server((host, 0))
        self.host, self.port = self._socket.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, user: str = "", scheme: str = "") -> str:
        return f"{scheme or self.scheme}://{f'{user}@' if user else ''}{self.host}:{self.port}"

    def serve(self, client: socket.socket) -> None:
        raise NotImplementedError

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, ValueError):
            self.serve(client)

    def head(self, client: socket.socket) -> tuple[list[str], dict[str, str]]:
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            got = client.recv(1)
            if not got:
                raise ValueError("gone")
            data += got
        self.heard += data
        first, *lines = data.decode("latin-1").split("\r\n")
        return first.split(" "), {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines}

    def relay(self, client: socket.socket, server: socket.socket) -> None:
        """Carry bytes both ways until one side closes."""

        def back() -> None:
            with contextlib.suppress(OSError):
                while data := server.recv(65536):
                    client.sendall(data)
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

        answering = threading.Thread(target=back, daemon=True)
        answering.start()
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                self.heard += data
                server.sendall(data)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        answering.join(5)
        server.close()


class HttpProxy(Server):
    """Forwards plain requests and opens tunnels; `user` is who may, `refuse` what everybody is told instead."""

    def __init__(self, *, secret: str = "", refuse: str = "", tls: ssl.SSLContext | None = None) -> None:
        self._secret, self._refuse, self._tls = secret, refuse, tls
        self.asked: list[tuple[str, str, str]] = []
        super().__init__()

    def serve(self, client: socket.socket) -> None:
        if self._tls is None:
            self._serve_one(client)
            return
        # A plain pair in between: two threads must not share one TLS connection.
        with self._tls.wrap_socket(client, server_side=True) as safe:
            self._serve_one(nested(safe))

    def _serve_one(self, client: socket.socket) -> None:
        (method, target, _), fields = self.head(client)
        self.asked.append((method, target, fields.get("proxy-authorization", "")))
        if self._refuse == "silence":
            client.recv(1)
            return
        if self._secret and fields.pop("proxy-authorization", "") != self._secret:
            self._refuse_with(client, "407 Proxy Authentication Required")
        elif self._refuse:
            self._refuse_with(client, self._refuse)
        elif method == "CONNECT":
            host, _, port = target.rpartition(":")
            server = socket.create_connection((host.strip("[]"), int(port)))
            client.sendall(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n")
            self.relay(client, server)
        else:
            self._forward(client, method, target, fields)

    def _refuse_with(self, client: socket.socket, status: str) -> None:
        client.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    def _forward(self, client: socket.socket, method: str, target: str, fields: dict[str, str]) -> None:
        parts = urlsplit(target)
        server = socket.create_connection((parts.hostname or "", parts.port or 80))
        path = target.split("/", 3)[3]
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if name)
        server.sendall(f"{method} /{path} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode("latin-1"))
        self.relay(client, server)


class SocksProxy(Server):
    """SOCKS5 (RFC 1928, 1929); keeps how it was asked for what."""

    scheme = "socks5"

    def __init__(self, *, user: bytes = b"", refuse: int = 0) -> None:
        self._user, self._refuse = user, refuse
        self.asked: list[tuple[str, str, int]] = []
        super().__init__()

    def serve(self, client: socket.socket) -> None:
        stream = client.makefile("rb", buffering=0)
        methods = stream.read(stream.read(2)[1])
        wanted = 2 if self._user else 0
        client.sendall(bytes([5, wanted if wanted in methods else 255]))
        if self._user:
            name = stream.read(stream.read(2)[1])
            password = stream.read(stream.read(1)[0])
            good = name + b":" + password == self._user
            client.sendall(bytes([1, not good]))
            if not good:
                return
        kind = stream.read(4)[3]
        host = socket.inet_ntoa(stream.read(4)) if kind == 1 else stream.read(stream.read(1)[0]).decode()
        port = int.from_bytes(stream.read(2))
        self.asked.append(("address" if kind == 1 else "name", host, port))
        client.sendall(bytes([5, self._refuse, 0, 1, 0, 0, 0, 0, 0, 0]))
        if not self._refuse:
            self.relay(client, socket.create_connection((host, port)))


class Redirecting(Server):
    """Speaks TLS and redirects everything to one URL."""

    scheme = "https"

    def __init__(self, context: ssl.SSLContext, to: str) -> None:
        self._context, self._to = context, to
        super().__init__()

    def serve(self, client: socket.socket) -> None:
        with self._context.wrap_socket(client, server_side=True) as safe:
            self.head(safe)
            safe.sendall(
                f"HTTP/1.1 302 Found\r\nLocation: {self._to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )


Start = Callable[..., App]


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def start(held: ExitStack) -> Start:
    """Makes an App that talks to a hub: ``start(hub, https_proxy="http://…", flags={…})``."""

    def build(hub: PracticeHub, *, trust: bool = True, flags: dict[str, str] | None = None, **env: str) -> App:
        told = {name: value for name, value in hub.env().items() if name.lower() != "no_proxy"}
        if not trust:
            told.pop("SSL_CERT_FILE", None)
        flags = {"retry.first": "0.01", "retry.retries": "1", **(flags or {})}
        return held.enter_context(App({**os.environ, **told, **env}, flags=flags))

    return build


@pytest.fixture
def safe_hub(held: ExitStack) -> PracticeHub:
    return held.enter_context(PracticeHub(tls=True))


@pytest.fixture
def proxy(held: ExitStack) -> Callable[..., HttpProxy]:
    def build(**how: str) -> HttpProxy:
        made = HttpProxy(**how)
        held.callback(made.close)
        return made

    return build


@pytest.fixture
def socks(held: ExitStack) -> Callable[..., SocksProxy]:
    def build(**how: object) -> SocksProxy:
        made = SocksProxy(**how)  # type: ignore[arg-type]
        held.callback(made.close)
        return made

    return build


def fetch(app: App, address: str, to: Path) -> Outcome:
    download = app.download(Wish([address], to=f"{to}/"))
    (outcome,) = download.run(download.plan())
    return outcome


def refused(app: App, address: str, to: Path) -> YardError:
    try:
        error = fetch(app, address, to).error
    except YardError as early:
        error = early
    assert error is not None
    return error


# --- TLS ------------------------------------------------------------------------------------------


def test_a_certificate_of_an_own_authority_is_trusted_through_the_usual_variable(
    start: Start, safe_hub: PracticeHub, tmp_path: Path
) -> None:
    safe_hub.hf.add_repo("me/big", {"big.safetensors": SIZE})
    done = fetch(start(safe_hub), "hf:me/big/big.safetensors", tmp_path)
    assert done.error is None and done.proven == ("sha256",)


def test_a_certificate_of_an_own_authority_is_trusted_through_the_setting(
    start: Start, safe_hub: PracticeHub, tmp_path: Path
) -> None:
    safe_hub.hf.add_repo("me/big", {"big.safetensors": SIZE})
    app = start(safe_hub, trust=False, flags={"ca-file": str(safe_hub.ca_file)})
    assert fetch(app, "hf:me/big/big.safetensors", tmp_path).proven == ("sha256",)


def test_a_certificate_nobody_vouches_for_gives_one_clear_error(
    start: Start, safe_hub: PracticeHub, tmp_path: Path
) -> None:
    url = safe_hub.add_file("m.safetensors", 5000)
    assert type(refused(start(safe_hub, trust=False), url, tmp_path)) is TlsFailed
    ran = modelyard("get", url, "--to", f"{tmp_path}/", "--json")
    assert ran.code == 5 and ran.error == "tls-failed"
    assert len([event for event in ran.events if "error" in event]) == 1
    assert "Traceback" not in ran.err
    assert len(safe_hub.log) == 0


def test_a_redirect_from_https_to_http_is_not_followed(
    start: Start, hub: PracticeHub, held: ExitStack, tmp_path: Path
) -> None:
    ca_file = make_authority(tmp_path)
    weak = hub.add_file("m.safetensors", 5000)
    server = Redirecting(server_context(tmp_path), weak)
    held.callback(server.close)
    error = refused(start(hub, flags={"ca-file": str(ca_file)}), server.url() + "/m.safetensors", tmp_path / "out")
    assert type(error) is TooManyRedirects and "plain http" in error.message
    assert len(hub.log) == 0


# --- HTTP proxies ---------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", ["", SECRET])
def test_plain_requests_go_through_a_forwarding_proxy(
    start: Start, hub: PracticeHub, proxy: Callable[..., HttpProxy], tmp_path: Path, secret: str
) -> None:
    hub.hf.add_repo("me/big", {"big.safetensors": SIZE})
    stands = proxy(secret=secret)
    app = start(hub, http_proxy=stands.url("me:p%40ss" if secret else ""))
    done = fetch(app, "hf:me/big/big.safetensors", tmp_path)
    assert done.error is None and done.proven == ("sha256",)
    assert {sent for _, _, sent in stands.asked} == {secret}
    assert all(target.startswith((hub.url, hub.cdn_url)) for _, target, _ in stands.asked)
    assert len(stands.asked) == len(hub.log)
    assert not any("proxy-authorization" in record.header_names for record in hub.log)


@pytest.mark.parametrize("secret", ["", SECRET])
def test_safe_requests_go_through_a_tunnel_that_sees_nothing(
    start: Start, safe_hub: PracticeHub, proxy: Callable[..., HttpProxy], tmp_path: Path, secret: str
) -> None:
    """The hub's key never reaches the proxy in the clear, nor the proxy's password the hub."""
    safe_hub.hf.add_repo("me/big", {"big.safetensors": SIZE}, gated="auto")
    stands = proxy(secret=secret)
    app = start(safe_hub, https_proxy=stands.url("me:p%40ss" if secret else ""), HF_TOKEN="hf_good")
    done = fetch(app, "hf:me/big/big.safetensors", tmp_path)
    assert done.error is None and done.proven == ("sha256",)
    assert {method for method, _, _ in stands.asked} == {"CONNECT"}
    assert {sent for _, _, sent in stands.asked} == {secret}
    assert b"hf_good" not in stands.heard and b"Bearer" not in stands.heard and b"big.safetensors" not in stands.heard
    assert any(record.auth == "bearer" for record in safe_hub.log)
    assert not any("proxy-authorization" in record.header_names for record in safe_hub.log)


def test_the_setting_beats_the_variables(
    start: Start, hub: PracticeHub, proxy: Callable[..., HttpProxy], tmp_path: Path
) -> None:
    wrong, right = proxy(), proxy()
    url = hub.add_file("m.safetensors", 5000)
    assert fetch(start(hub, http_proxy=wrong.url(), flags={"proxy": right.url()}), url, tmp_path).error is None
    assert right.asked and not wrong.asked
    asked = len(right.asked)
    direct = start(hub, http_proxy=wrong.url(), flags={"proxy": "direct"})
    assert fetch(direct, hub.add_file("n.safetensors", 5000), tmp_path).error is None
    assert len(right.asked) == asked and not wrong.asked


@pytest.mark.parametrize("spelling", ["no_proxy", "NO_PROXY"])
def test_hosts_that_need_no_proxy_are_asked_directly(
    start: Start, hub: PracticeHub, proxy: Callable[..., HttpProxy], tmp_path: Path, spelling: str
) -> None:
    stands = proxy()
    env = {"HTTP_PROXY": stands.url("me:p%40ss"), spelling: "inside.example, 127.0.0.1,127.0.0.2"}
    hub.hf.add_repo("me/big", {"big.safetensors": 5000})
    assert fetch(start(hub, **env), "hf:me/big/big.safetensors", tmp_path).error is None
    assert stands.asked == []
    assert not any("proxy-authorization" in record.header_names for record in hub.log)


@pytest.mark.parametrize("safe", [False, True])
def test_a_proxy_that_wants_a_password_is_named_as_the_one(
    start: Start, hub: PracticeHub, safe_hub: PracticeHub, proxy: Callable[..., HttpProxy], tmp_path: Path, safe: bool
) -> None:
    asked = safe_hub if safe else hub
    stands = proxy(secret=SECRET)
    app = start(asked, all_proxy=stands.url("me:wrong"))
    error = refused(app, asked.add_file("m.safetensors", 5000), tmp_path)
    assert type(error) is AccessError
    assert "proxy" in error.message and "password" in error.message
    assert "wrong" not in f"{error.message} {error.hint}"
    assert len(asked.log) == 0


def test_a_proxy_that_refuses_to_connect_is_named_as_the_one(
    start: Start, safe_hub: PracticeHub, proxy: Callable[..., HttpProxy], tmp_path: Path
) -> None:
    app = start(safe_hub, https_proxy=proxy(refuse="403 Forbidden").url())
    error = refused(app, safe_hub.add_file("m.safetensors", 5000), tmp_path)
    assert type(error) is Unreachable and "proxy" in error.message and "403" in error.message


def test_a_proxy_that_is_not_there_is_named_as_the_one(
    start: Start, hub: PracticeHub, proxy: Callable[..., HttpProxy], tmp_path: Path
) -> None:
    gone = proxy()
    gone.close()
    error = refused(start(hub, http_proxy=gone.url()), hub.add_file("m.safetensors", 5000), tmp_path)
    assert type(error) is Unreachable and "proxy" in error.message.lower()
    assert len(hub.log) == 0


def test_a_proxy_that_says_nothing_is_given_up(
    start: Start, safe_hub: PracticeHub, proxy: Callable[..., HttpProxy], tmp_path: Path
) -> None:
    flags = {"timeout.connect": "0.2", "retry.retries": "0"}
    app = start(safe_hub, https_proxy=proxy(refuse="silence").url(), flags=flags)
    error = refused(app, safe_hub.add_file("m.safetensors", 5000), tmp_path)
    assert isinstance(error, Stalled)


@pytest.mark.parametrize("safe", [False, True])
def test_a_proxy_may_itself_speak_tls(
    start: Start, hub: PracticeHub, safe_hub: PracticeHub, held: ExitStack, tmp_path: Path, safe: bool
) -> None:
    """An https proxy: plain requests inside TLS, and TLS inside TLS."""
    asked = safe_hub if safe else hub
    asked.faults.speed = 20_000_000
    trusted = tmp_path / "both.pem"
    trusted.write_text(make_authority(tmp_path).read_text() + Path(str(safe_hub.ca_file)).read_text())
    stands = HttpProxy(secret=SECRET, tls=server_context(tmp_path))
    held.callback(stands.close)
    app = start(asked, all_proxy=stands.url("me:p%40ss", "https"), flags={"ca-file": str(trusted)})
    done = fetch(app, asked.add_file("big.safetensors", SIZE, digest="right"), tmp_path / "out")
    assert done.error is None and done.proven == ("sha256",)
    assert {method for method, _, _ in stands.asked} == {"CONNECT" if safe else "GET"}
    assert not any("proxy-authorization" in record.header_names for record in asked.log)


def test_many_connections_share_a_tunnel_proxy(
    start: Start, safe_hub: PracticeHub, proxy: Callable[..., HttpProxy], tmp_path: Path
) -> None:
    safe_hub.faults.speed = 6_000_000
    stands = proxy()
    url = safe_hub.add_file("big.safetensors", 2 * SIZE, digest="right")
    done = fetch(start(safe_hub, https_proxy=stands.url()), url, tmp_path)
    assert done.error is None and done.proven == ("sha256",)
    assert len(stands.asked) > 2


def test_the_password_of_a_proxy_is_never_shown_and_nonsense_is_no_proxy() -> None:
    for arguments in (("set", "proxy", "http://me:hunter2@p:81"), ("show",), ("show", "proxy", "--json")):
        ran = modelyard("config", *arguments)
        assert ran.code == 0 and "hunter2" not in ran.out + ran.err, arguments
        assert "p:81" in ran.out
    assert modelyard("config", "set", "proxy", "ftp://me:hunter2@p").code == 2
    assert modelyard("config", "set", "proxy", "direct").code == 0


# --- SOCKS ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scheme", "kind"), [("socks5", "address"), ("socks5h", "name")])
@pytest.mark.parametrize("user", [b"", b"me:p@ss"])
def test_socks_proxies_look_names_up_where_they_were_told_to(
    start: Start,
    hub: PracticeHub,
    socks: Callable[..., SocksProxy],
    tmp_path: Path,
    scheme: str,
    kind: str,
    user: bytes,
) -> None:
    pytest.importorskip("python_socks")
    stands = socks(user=user)
    url = hub.add_file("big.safetensors", SIZE, digest="right").replace("127.0.0.1", "localhost")
    app = start(hub, all_proxy=stands.url("me:p%40ss" if user else "", scheme))
    done = fetch(app, url, tmp_path)
    assert done.error is None and done.proven == ("sha256",)
    assert {asked[0] for asked in stands.asked} == {kind}


def test_a_key_inside_a_socks_tunnel_stays_inside_tls(
    start: Start, safe_hub: PracticeHub, socks: Callable[..., SocksProxy], tmp_path: Path
) -> None:
    pytest.importorskip("python_socks")
    stands = socks()
    app = start(safe_hub, all_proxy=stands.url(), HF_TOKEN="hf_good")
    assert fetch(app, "hf:org/gated/model.safetensors", tmp_path).error is None
    assert stands.asked and b"hf_good" not in stands.heard


@pytest.mark.parametrize("how", [{"refuse": 2}, {"user": b"me:other"}])
def test_a_socks_proxy_that_refuses_is_named_as_the_one(
    start: Start, hub: PracticeHub, socks: Callable[..., SocksProxy], tmp_path: Path, how: dict[str, object]
) -> None:
    pytest.importorskip("python_socks")
    stands = socks(**how)
    error = refused(start(hub, all_proxy=stands.url("me:wrong")), hub.add_file("m.safetensors", 5000), tmp_path)
    assert type(error) is Unreachable and "proxy" in error.message and "wrong" not in error.message
    assert len(hub.log) == 0
