"""Hugging Face's chunk store for real: the hf_xet wheel against a CAS in a folder that it filled itself."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard.app import App
from modelyard.engine import xet
from modelyard.engine.journal import read_journal
from modelyard.errors import AccessError, Stopped
from modelyard.jobs.download import Download
from modelyard.jobs.wish import Outcome, Wish
from modelyard.net import guard
from modelyard.net.guard import Reach
from modelyard.net.url import parse
from modelyard.testing import PracticeHub
from net.tls_hub import TlsHub

hf_xet = pytest.importorskip("hf_xet")

MIB = 2**20
SIZE = 70 * MIB + 17
FILE = "hf:me/model/m.safetensors"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_XET_CACHE", str(tmp_path / "hf" / "xet"))
    xet._session.cache_clear()
    yield
    xet._session.cache_clear()


@pytest.fixture
def stored(hub: PracticeHub, tmp_path: Path) -> str:
    """A large file in the hub and in a CAS; gives its SHA-256."""
    content = hub.hf.add_repo("me/model", {"m.safetensors": SIZE, "other.safetensors": SIZE + 1})
    hub.hf.xet, hub.hf.cas = True, f"local://{tmp_path}/cas"
    for name, file in content.commits[-1].files.items():
        plain = tmp_path / name
        plain.write_bytes(file.bytes())
        with hf_xet.XetSession().new_upload_commit(endpoint=hub.hf.cas) as commit:
            put = commit.start_upload_file(str(plain))
        plain.unlink()
        hub.hf.xet_hashes[file.sha256] = put.result().xet_info.hash
    return content.commits[-1].files["m.safetensors"].sha256


@pytest.fixture
def app(hub: PracticeHub) -> Iterator[App]:
    with App({**os.environ, **hub.env()}, flags={"retry.first": "0.05"}) as built:
        yield built


def planned(app: App, target: Path, **wish: Any) -> Download:
    return app.download(Wish([FILE], to=str(target), **wish))


def fetch(app: App, target: Path, **wish: Any) -> Outcome:
    download = planned(app, target, **wish)
    (outcome,) = download.run(download.plan())
    return outcome


def asked(hub: PracticeHub, part: str) -> int:
    return sum(part in record.path for record in hub.log)


def plain_requests(hub: PracticeHub) -> int:
    return sum("/xet-bridge" in record.path and record.method == "GET" for record in hub.log)


def landed(target: Path, sha256: str) -> bool:
    left = [path.name for path in target.parent.iterdir()]
    return left == [target.name] and hashlib.sha256(target.read_bytes()).hexdigest() == sha256


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "models" / "m.safetensors"


def cut_after(monkeypatch: pytest.MonkeyPatch, count: int, then: Any) -> list[int]:
    """Let the wheel bring `count` bytes, then call `then`; tells where each stream was begun."""
    real, begun = xet._chunks, []

    def chunks(group: Any, order: Any, size: int, start: int, end: int) -> Iterator[bytes]:
        begun.append(start)
        left = count
        for chunk in real(group, order, size, start, end):
            for at in range(0, len(chunk), MIB):
                yield chunk[at : at + MIB]
                left -= MIB
                if left <= 0:
                    then()

    monkeypatch.setattr(xet, "_chunks", chunks)
    return begun


def test_a_file_of_the_chunk_store_is_proven_and_nothing_else_is_asked(
    app: App, hub: PracticeHub, stored: str, target: Path
) -> None:
    outcome = fetch(app, target)
    assert outcome.error is None
    assert outcome.proven == ("sha256",)
    assert outcome.received == SIZE
    assert landed(target, stored)
    assert asked(hub, "xet-read-token") == 1
    assert plain_requests(hub) == 0


def test_a_stop_in_the_middle_keeps_the_bytes_and_the_next_run_goes_on(
    app: App, hub: PracticeHub, stored: str, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    download = planned(app, target)
    with monkeypatch.context() as patched:
        cut_after(patched, 40 * MIB, download.stop.set)
        (stopped,) = download.run(download.plan())
    assert isinstance(stopped.error, Stopped)
    (journal,) = target.parent.glob(".*.journal")
    found = read_journal(journal)
    assert found
    kept = len(found[1])
    assert 8 <= kept <= 40
    begun = cut_after(monkeypatch, SIZE * 2, lambda: None)
    assert fetch(app, target).received == SIZE - kept * MIB
    assert begun == [kept * MIB]
    assert landed(target, stored)
    assert plain_requests(hub) == 0


def test_when_the_chunk_store_breaks_off_the_plain_way_goes_on_from_the_journal(
    app: App, hub: PracticeHub, stored: str, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise xet.XetFailed("gone")

    cut_after(monkeypatch, 50 * MIB, fail)
    outcome = fetch(app, target)
    assert outcome.error is None
    assert landed(target, stored)
    assert 20 * MIB < sum(record.bytes_sent for record in hub.log if "/xet-bridge" in record.path) < 62 * MIB


def test_what_the_plain_way_began_the_chunk_store_ends(
    app: App, hub: PracticeHub, stored: str, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.faults.speed = 5_000_000
    with App({**os.environ, **hub.env()}, flags={"xet": "off", "connections.per-file": "4"}) as plain:
        download = planned(plain, target)
        threading.Timer(1.5, download.stop.set).start()
        (stopped,) = download.run(download.plan())
    assert isinstance(stopped.error, Stopped)
    assert asked(hub, "xet-read-token") == 0
    before = plain_requests(hub)
    outcome = fetch(app, target)
    assert outcome.received < SIZE
    assert landed(target, stored)
    assert plain_requests(hub) == before


@pytest.mark.parametrize("cas", ["local://{empty}", "http://127.0.0.1:9", "nonsense", "", None])
def test_a_chunk_store_that_is_not_there_costs_nothing(
    app: App, hub: PracticeHub, stored: str, target: Path, cas: str | None
) -> None:
    hub.hf.cas = cas.format(empty=target.parent.parent / "empty") if cas else cas
    outcome = fetch(app, target)
    assert outcome.error is None
    assert landed(target, stored)
    assert plain_requests(hub) > 0


def test_wrong_bytes_of_the_chunk_store_are_refused_and_the_plain_way_is_tried(
    app: App, hub: PracticeHub, stored: str, target: Path
) -> None:
    other = next(value for key, value in hub.hf.xet_hashes.items() if key != stored)
    hub.hf.xet_hashes[stored] = other
    outcome = fetch(app, target)
    assert outcome.error is None
    assert landed(target, stored)
    assert plain_requests(hub) > 0


def test_bytes_that_are_wrong_on_both_ways_are_kept_on_neither(
    app: App, hub: PracticeHub, stored: str, target: Path
) -> None:
    outcome = fetch(app, target, sha256="0" * 64)
    assert outcome.error
    assert outcome.error.code == "hash-differs"
    assert not target.exists()
    assert [path for path in target.parent.glob(".*") if path.stat().st_size] == []


@pytest.mark.parametrize("flags", [{"xet": "off"}, {"proxy": "direct"}, {"limit.huggingface": "500MB/s"}])
def test_settings_that_the_wheel_cannot_obey_mean_the_plain_way(
    hub: PracticeHub, stored: str, target: Path, flags: dict[str, str]
) -> None:
    with App({**os.environ, **hub.env()}, flags=flags) as built:
        assert fetch(built, target).error is None
    assert landed(target, stored)
    assert asked(hub, "xet-read-token") == 0


def test_without_the_extra_everything_is_as_before(
    app: App, hub: PracticeHub, stored: str, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xet, "usable", lambda: False)
    assert fetch(app, target).error is None
    assert landed(target, stored)
    assert asked(hub, "xet-read-token") == 0


def test_a_store_that_says_nothing_is_left_at_once_when_we_are_asked_to_stop(
    app: App, hub: PracticeHub, stored: str, target: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hub.hf.cas = f"http://127.0.0.1:{silent.getsockname()[1]}"
        download = planned(app, target)
        threading.Timer(1.0, download.stop.set).start()
        begun = time.monotonic()
        (outcome,) = download.run(download.plan())
    assert isinstance(outcome.error, Stopped)
    assert time.monotonic() - begun < 4


def test_a_gated_file_is_refused_in_the_hubs_own_words(app: App, hub: PracticeHub, stored: str, target: Path) -> None:
    download = planned(app, target)
    plan = download.plan()
    hub.hf.repo("me/model").gated = "auto"
    (outcome,) = download.run(plan)
    assert isinstance(outcome.error, AccessError)
    assert not list(target.parent.glob(".*"))


@pytest.mark.parametrize("store", ["http://169.254.169.254/", "local:///etc", "/etc", "file:///etc", ""])
def test_a_hub_elsewhere_may_only_name_a_store_that_a_certificate_vouches_for(store: str) -> None:
    assert xet.may_name("huggingface.co", "https://cas-server.xethub.hf.co")
    assert not xet.may_name("huggingface.co", store)


def test_a_key_in_an_error_of_the_wheel_is_not_repeated() -> None:
    with pytest.raises(xet.XetFailed) as failed, xet._gate():
        raise RuntimeError("cannot get https://cdn.example/x?Signature=SECRET (url)")
    assert "SECRET" not in failed.value.message
    assert "https://cdn.example/x" in failed.value.message


@pytest.mark.parametrize(
    ("registered", "trusted", "reached"), [(True, False, False), (True, True, False), (False, True, True)]
)
@pytest.mark.parametrize("named", ["neighbour", "another registered hub"])
def test_a_registered_hub_leads_the_wheel_to_no_other_one_at_home_and_the_plain_way_serves(
    hub: PracticeHub,
    stored: str,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
    registered: bool,
    trusted: bool,
    reached: bool,
    named: str,
) -> None:
    """The last row is the control: a person's own hub, not registered, may name one at home."""
    real, outside = guard.reach_of, parse(hub.cdn_url).host
    monkeypatch.setattr(guard, "reach_of", lambda ip: Reach.PUBLIC if ip == outside else real(ip))
    neighbour = TlsHub(None)
    hub.hf.cas = neighbour.origin
    with App({**os.environ, **hub.env()}, flags={"retry.first": "0.05"}, trusted=trusted) as app:
        if registered:
            app.lan_hubs.add(hub.url)
        if named != "neighbour":
            app.lan_hubs.add(neighbour.origin)
        outcome = fetch(app, target)
    neighbour.close()
    assert outcome.error is None and outcome.proven == ("sha256",)
    assert asked(hub, "xet-read-token") == 1
    assert bool(neighbour.connections) == (reached and named == "neighbour")
