"""A registered hub's CA, pin and token, attacked on real TLS servers: each holds for its exact origin alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.errors import AddressForbidden, BadValue, PinDiffers, TlsFailed, TooManyRedirects, YardError
from modelyard.jobs.wish import Wish
from modelyard.net import guard
from modelyard.net.guard import Reach
from modelyard.net.lan_hubs import LanHubs
from modelyard.net.trust import Trust
from modelyard.net.url import parse
from modelyard.testing import PracticeHub
from net.test_tls_and_proxies import HttpProxy, SocksProxy
from net.tls_hub import Identity, TlsHub

CANARY = "lan-canary-1234567890"
BEARER = f"Bearer {CANARY}"
BIG = 12 * 2**20 + 5
Serve = Callable[..., TlsHub]
Start = Callable[..., App]


@pytest.fixture(scope="module")
def nas(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return Identity(tmp_path_factory.mktemp("nas") / "one")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return Identity(tmp_path_factory.mktemp("stranger") / "one")


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def serve(held: ExitStack) -> Serve:
    def build(identity: Identity | None, host: str = "127.0.0.1", **how: int) -> TlsHub:
        try:
            hub = TlsHub(identity, host, **how)
        except OSError:
            pytest.skip(f"{host} cannot be bound here")
        held.callback(hub.close)
        return hub

    return build


@pytest.fixture
def start(held: ExitStack) -> Start:
    def build(*, trusted: bool = False, flags: dict[str, str] | None = None, **env: str) -> App:
        flags = {"retry.first": "0.01", "retry.retries": "2", **(flags or {})}
        return held.enter_context(App({**os.environ, **env}, flags=flags, trusted=trusted))

    return build


def ask(app: App, url: str) -> bytes:
    return app.api.get(url, cache=False).body


def refused(app: App, url: str) -> YardError:
    with pytest.raises(YardError) as caught:
        ask(app, url)
    return caught.value


# --- CA and pin -----------------------------------------------------------------------------------


def test_a_hub_that_nobody_vouches_for_is_asked_nothing(nas: Identity, serve: Serve, start: Start) -> None:
    """The control: without CA and pin there is no connection."""
    hub, app = serve(nas), start()
    app.lan_hubs.add(hub.origin)
    app.keys.set(hub.origin, CANARY)
    assert type(refused(app, f"{hub.origin}/x")) is TlsFailed and hub.raw == b""


def test_its_own_ca_or_the_pin_of_its_key_vouches_for_it(nas: Identity, serve: Serve, start: Start) -> None:
    for trust in (Trust(ca=nas.ca), Trust(pin=nas.pin), Trust(nas.ca, nas.pin)):
        hub, app = serve(nas), start()
        app.lan_hubs.add(hub.origin, trust)
        assert ask(app, f"{hub.origin}/x") == b"ok" and hub.heard == [("/x", "")]


@pytest.mark.parametrize("trusted", [False, True])
def test_its_ca_helps_no_other_origin(nas: Identity, serve: Serve, start: Start, trusted: bool) -> None:
    hub, neighbour, app = serve(nas), serve(nas), start(trusted=trusted)
    app.lan_hubs.add(hub.origin, Trust(ca=nas.ca))
    app.lan_hubs.add(neighbour.origin)
    assert ask(app, f"{hub.origin}/x") == b"ok"
    named = hub.origin.replace("127.0.0.1", "localhost")
    app.lan_hubs.add(named)
    for other in (neighbour.origin, named):
        assert type(refused(app, f"{other}/x")) is TlsFailed
    assert neighbour.raw == b"" and len(hub.heard) == 1


def test_the_authorities_of_this_machine_do_not_vouch_for_a_hub_that_has_its_own(
    nas: Identity, stranger: Identity, serve: Serve, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(stranger.ca_file))
    hub, app = serve(stranger), start()
    app.lan_hubs.add(hub.origin)
    assert ask(app, f"{hub.origin}/control") == b"ok"
    app.lan_hubs.add(hub.origin, Trust(ca=nas.ca))
    assert type(refused(app, f"{hub.origin}/x")) is TlsFailed and len(hub.heard) == 1


def test_a_ca_vouches_for_the_names_in_the_certificate_only(nas: Identity, serve: Serve, start: Start) -> None:
    hub, app = serve(nas, "127.0.0.3"), start()
    for trust in (Trust(ca=nas.ca), Trust(nas.ca, nas.pin)):
        app.lan_hubs.add(hub.origin, trust)
        assert type(refused(app, f"{hub.origin}/x")) is TlsFailed and hub.raw == b""
    app.lan_hubs.add(hub.origin, Trust(pin=nas.pin))
    assert ask(app, f"{hub.origin}/x") == b"ok"


@pytest.mark.parametrize("with_ca", [False, True])
def test_another_key_than_the_pinned_one_is_sent_nothing_and_told(
    nas: Identity, stranger: Identity, serve: Serve, start: Start, with_ca: bool
) -> None:
    hub, app = serve(stranger), start()
    app.lan_hubs.add(hub.origin, Trust(stranger.ca if with_ca else "", nas.pin))
    app.keys.set(hub.origin, CANARY)
    error = refused(app, f"{hub.origin}/secret")
    assert type(error) is PinDiffers and stranger.pin in error.hint and not error.retryable
    assert hub.raw == b"" and hub.connections == 1


def test_who_pinned_the_fingerprint_of_the_certificate_is_told_so(nas: Identity, serve: Serve, start: Start) -> None:
    hub, app = serve(nas), start()
    app.lan_hubs.add(hub.origin, Trust(pin=nas.read.fingerprint))
    error = refused(app, f"{hub.origin}/x")
    assert type(error) is PinDiffers and "fingerprint" in error.hint and nas.pin in error.hint


def test_the_key_is_looked_at_on_every_connection(
    nas: Identity, stranger: Identity, serve: Serve, start: Start
) -> None:
    hub, app = serve(nas), start()
    app.lan_hubs.add(hub.origin, Trust(pin=nas.pin))
    assert ask(app, f"{hub.origin}/first") == b"ok"
    app.pool.close()
    hub.identity = stranger
    assert type(refused(app, f"{hub.origin}/second")) is PinDiffers
    assert [path for path, _ in hub.heard] == ["/first"]


@pytest.mark.parametrize("before", ["usual", "pinned"])
def test_a_connection_that_rests_is_not_used_for_what_another_proof_holds_for_now(
    nas: Identity, stranger: Identity, serve: Serve, start: Start, before: str
) -> None:
    hub, app = serve(nas), start(flags={"ca-file": str(nas.ca_file)})
    app.lan_hubs.add(hub.origin, Trust(pin=nas.pin) if before == "pinned" else None)
    assert ask(app, f"{hub.origin}/first") == b"ok" and app.pool.idle == 1
    app.lan_hubs.add(hub.origin, Trust(pin=stranger.pin))
    app.keys.set(hub.origin, CANARY)
    assert type(refused(app, f"{hub.origin}/second")) is PinDiffers
    assert hub.heard == [("/first", "")]


def test_a_plain_hub_has_no_certificate_to_vouch_for(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="no certificate"):
        LanHubs(tmp_path).add("http://nas.local", Trust(pin="0" * 64))
    assert LanHubs(tmp_path).list() == ()


def test_a_file_that_cannot_be_read_stops_every_https_request(nas: Identity, serve: Serve, start: Start) -> None:
    """It may hold a pin for just that origin."""
    hub, app = serve(nas), start(trusted=True, flags={"ca-file": str(nas.ca_file)})
    app.lan_hubs.add("http://nas.local")
    (app.folder / "lan-hubs.json").write_text("[{]")
    (app.folder / "lan-hubs.json").chmod(0o600)
    assert type(refused(app, f"{hub.origin}/x")) is BadValue and hub.raw == b""


def test_what_is_kept_survives_and_old_files_are_read(tmp_path: Path, nas: Identity) -> None:
    (tmp_path / "lan-hubs.json").write_text('["http://nas.local:8080", "https://nas.local"]')
    (tmp_path / "lan-hubs.json").chmod(0o600)
    hubs = LanHubs(tmp_path)
    assert hubs.trust("https://nas.local") is None
    hubs.add("https://nas.local", Trust(nas.ca, nas.pin))
    again = LanHubs(tmp_path)
    assert again.list() == ("http://nas.local:8080", "https://nas.local")
    assert again.trust("https://nas.local") == Trust(nas.ca, nas.pin) and again.trust("http://nas.local:8080") is None
    hubs.add("https://nas.local")
    assert again.trust("https://nas.local") == Trust(nas.ca, nas.pin)
    hubs.remove("https://nas.local")
    assert "CERTIFICATE" not in (tmp_path / "lan-hubs.json").read_text() and nas.pin not in str(again.list())
    assert again.trust("https://nas.local") is None


# --- the token ------------------------------------------------------------------------------------


def test_its_token_goes_to_its_exact_origin(nas: Identity, serve: Serve, start: Start) -> None:
    hub, neighbour, app = serve(nas), serve(nas), start()
    plain = serve(None)
    for each in (hub, neighbour):
        app.lan_hubs.add(each.origin, Trust(pin=nas.pin))
    app.lan_hubs.add(plain.origin)
    app.keys.set(hub.origin, CANARY)
    for each in (hub, neighbour, plain):
        ask(app, f"{each.origin}/x")
    assert (hub.heard, neighbour.heard, plain.heard) == ([("/x", BEARER)], [("/x", "")], [("/x", "")])


def test_a_token_for_https_goes_over_no_plain_connection_to_the_same_place(start: Start, serve: Serve) -> None:
    plain, app = serve(None), start(trusted=True)
    safe = plain.origin.replace("http:", "https:")
    app.lan_hubs.add(safe, Trust(pin="0" * 64))
    app.keys.set(safe, CANARY)
    assert ask(app, f"{plain.origin}/x") == b"ok"
    assert CANARY.encode() not in plain.raw and plain.heard == [("/x", "")]


def test_a_token_over_plain_http_is_for_who_registered_plain_http(start: Start, serve: Serve) -> None:
    plain, app = serve(None), start()
    app.lan_hubs.add(plain.origin)
    app.keys.set(plain.origin, CANARY)
    ask(app, f"{plain.origin}/x")
    assert plain.heard == [("/x", BEARER)]


@pytest.mark.parametrize("trusted", [False, True])
def test_a_redirect_carries_it_nowhere(nas: Identity, serve: Serve, start: Start, trusted: bool) -> None:
    hub, neighbour, plain, app = serve(nas), serve(nas), serve(None), start(trusted=trusted)
    app.lan_hubs.add(hub.origin, Trust(pin=nas.pin))
    app.lan_hubs.add(neighbour.origin, Trust(pin=nas.pin))
    app.keys.set(hub.origin, CANARY)
    for target, error in ((neighbour, AddressForbidden), (plain, TooManyRedirects)):
        hub.leads_to(f"{target.origin}/stolen")
        assert type(refused(app, f"{hub.origin}/x")) is error
        assert target.raw == b""


def test_it_may_lead_to_itself_and_to_public_servers_which_get_no_token(
    nas: Identity, serve: Serve, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = guard.reach_of
    monkeypatch.setattr(guard, "reach_of", lambda ip: Reach.PUBLIC if ip == "127.0.0.2" else real(ip))
    public, hub, app = serve(nas, "127.0.0.2"), serve(nas), start(flags={"ca-file": str(nas.ca_file)})
    app.lan_hubs.add(hub.origin, Trust(pin=nas.pin))
    app.keys.set(hub.origin, CANARY)
    hub.leads_to(f"{public.origin}/bytes")
    assert ask(app, f"{hub.origin}/x") == b"ok"
    assert (hub.heard, public.heard) == ([("/x", BEARER)], [("/bytes", "")])
    public.leads_to(f"{hub.origin}/deleted")
    for address in (f"{hub.origin}/y", f"{public.origin}/z"):
        assert type(refused(app, address)) is AddressForbidden
    assert [path for path, _ in hub.heard] == ["/x", "/y"]


def test_a_public_server_leads_to_no_hub_that_has_a_global_address_at_home(
    nas: Identity, serve: Serve, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IPv6 at home is global: only the registration tells that a hub is of the local network."""
    monkeypatch.setattr(guard, "reach_of", lambda _ip: Reach.PUBLIC)
    public, hub, app = serve(nas, "127.0.0.2"), serve(nas), start(flags={"ca-file": str(nas.ca_file)})
    app.lan_hubs.add(hub.origin, Trust(pin=nas.pin))
    app.keys.set(hub.origin, CANARY)
    public.leads_to(f"{hub.origin}/deleted")
    assert type(refused(app, f"{public.origin}/x")) is AddressForbidden and hub.raw == b""
    hub.leads_to("/again")
    assert type(refused(app, f"{hub.origin}/x")) is TooManyRedirects


def test_its_own_token_goes_before_the_key_of_the_hub_whose_endpoint_it_is(hub: PracticeHub, start: Start) -> None:
    origin = "/".join(hub.env()["HF_ENDPOINT"].split("/")[:3])
    app = start(HF_TOKEN="hf_the_key_of_hugging_face", **hub.env())
    app.lan_hubs.add(origin)
    assert app.keys.headers_for(origin) == {"Authorization": "Bearer hf_the_key_of_hugging_face"}
    app.keys.set(origin, CANARY)
    assert app.keys.headers_for(origin) == {"Authorization": BEARER}
    assert "hugging" in app.keys.headers_for("https://huggingface.co")["Authorization"]


def test_a_forgotten_hub_gets_no_token_whatever_is_still_kept(serve: Serve, start: Start) -> None:
    plain, app = serve(None), start(trusted=True)
    app.lan_hubs.add(plain.origin)
    app.keys.set(plain.origin, CANARY)
    app.lan_hubs.remove(plain.origin)
    assert CANARY in (app.folder / "keys.json").read_text()
    ask(app, f"{plain.origin}/x")
    assert plain.heard == [("/x", "")]


def test_a_container_may_bring_it_in_a_file_of_keys(serve: Serve, start: Start, tmp_path: Path) -> None:
    plain = serve(None)
    (tmp_path / "secret").write_text(f'{{"{plain.origin}": "{CANARY}"}}')
    app = start(trusted=True, MODELYARD_KEY_FILE=str(tmp_path / "secret"))
    ask(app, f"{plain.origin}/stranger")
    app.lan_hubs.add(plain.origin)
    ask(app, f"{plain.origin}/registered")
    assert plain.heard == [("/stranger", ""), ("/registered", BEARER)]


# --- every way that bytes take --------------------------------------------------------------------


@pytest.mark.parametrize("good", [True, False])
def test_large_files_come_over_many_connections_that_were_all_looked_at(
    start: Start, held: ExitStack, stranger: Identity, tmp_path: Path, good: bool
) -> None:
    hub = held.enter_context(PracticeHub(tls=True))
    hub.faults.speed = 6_000_000
    url = hub.add_file("big.safetensors", 2 * BIG, digest="right")
    origin = "/".join(url.split("/")[:3])
    app = start()
    pin = app.pool.shown(parse(url), app.stop).pin
    app.lan_hubs.add(origin, Trust(pin=pin if good else stranger.pin))
    download = app.download(Wish([url], to=f"{tmp_path}/out/"))
    if good:
        (outcome,) = download.run(download.plan())
        assert outcome.error is None and outcome.proven == ("sha256",)
        assert len({record.connection for record in hub.log}) > 1
        return
    try:
        (outcome,) = download.run(download.plan())
        error = outcome.error
    except YardError as early:
        error = early
    assert type(error) is PinDiffers and len(hub.log) == 0


@pytest.mark.parametrize("good", [True, False])
@pytest.mark.parametrize("kind", ["http", "https", "socks5"])
def test_the_pin_holds_inside_a_tunnel_and_the_proxy_hears_no_token(
    nas: Identity, stranger: Identity, serve: Serve, start: Start, held: ExitStack, kind: str, good: bool
) -> None:
    if kind == "socks5":
        pytest.importorskip("python_socks")
    proxy = SocksProxy() if kind == "socks5" else HttpProxy(tls=stranger.context if kind == "https" else None)
    held.callback(proxy.close)
    hub = serve(nas if good else stranger)
    app = start(flags={"proxy": proxy.url(scheme=kind), "ca-file": str(stranger.ca_file)})
    app.lan_hubs.add(hub.origin, Trust(pin=nas.pin))
    app.keys.set(hub.origin, CANARY)
    if good:
        assert ask(app, f"{hub.origin}/x") == b"ok" and hub.heard == [("/x", BEARER)]
    else:
        assert type(refused(app, f"{hub.origin}/x")) is PinDiffers and hub.raw == b""
    assert proxy.asked and CANARY.encode() not in proxy.heard


def test_the_proxy_itself_is_not_vouched_for_by_a_hubs_ca(
    nas: Identity, serve: Serve, start: Start, held: ExitStack
) -> None:
    proxy = HttpProxy(tls=nas.context)
    held.callback(proxy.close)
    hub, app = serve(nas), start(flags={"proxy": proxy.url(scheme="https")})
    app.lan_hubs.add(hub.origin, Trust(ca=nas.ca))
    app.lan_hubs.add(proxy.url(scheme="https"), Trust(ca=nas.ca))
    assert type(refused(app, f"{hub.origin}/x")) is TlsFailed and proxy.asked == [] and hub.raw == b""


def test_a_plain_hub_is_asked_past_a_proxy_that_would_read_its_token(
    serve: Serve, start: Start, held: ExitStack
) -> None:
    proxy = HttpProxy()
    held.callback(proxy.close)
    for how in ({"http_proxy": proxy.url()}, {"flags": {"proxy": proxy.url()}}):
        plain, app = serve(None), start(**how)  # type: ignore[arg-type]
        app.lan_hubs.add(plain.origin)
        app.keys.set(plain.origin, CANARY)
        assert ask(app, f"{plain.origin}/x") == b"ok" and plain.heard == [("/x", BEARER)]
    assert proxy.heard == b""
