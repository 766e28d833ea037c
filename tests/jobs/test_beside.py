"""What lies beside a file on a plain server proves it, and is asked for without holding up the bytes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from hubs.told_api import ToldApi, answer
from modelyard.app import App
from modelyard.errors import HashDiffers, Stopped
from modelyard.hubs.web.metalink import Described
from modelyard.jobs.beside import Meanwhile, described_beside
from modelyard.jobs.download import Download
from modelyard.jobs.wish import Outcome, Wish
from modelyard.net.headers import Headers
from modelyard.net.stop import Stop
from modelyard.testing import PracticeHub

LARGE = 80 * 2**20
PART = 16 * 2**20
URL = "https://files.example/a/m.bin"


@pytest.fixture
def hub() -> Iterator[PracticeHub]:
    with PracticeHub() as running:
        yield running


@pytest.fixture
def app(hub: PracticeHub) -> Iterator[App]:
    with App({**os.environ, **hub.env()}, flags={"retry.first": "0.01"}) as opened:
        yield opened


def received(download: Download) -> int:
    return sum(one.received for one in download.snapshots())


def only(download: Download) -> Outcome:
    (outcome,) = download.run(download.plan())
    return outcome


def test_the_checksum_file_is_asked_for_while_the_bytes_come(
    app: App, hub: PracticeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = hub.add_file("m.safetensors", LARGE, sparse=True)
    download = app.download(Wish([url], to=f"{tmp_path}/"))
    came, right = threading.Event(), hub.plain._beside

    def late(*asked: object) -> object:
        came.wait(20)  # a transfer that waited for this answer would not begin before
        return right(*asked) if came.is_set() else None  # type: ignore[arg-type]

    monkeypatch.setattr(hub.plain, "_beside", late)
    (outcome,) = download.run(download.plan(), lambda: came.set() if received(download) > PART else None)
    assert (outcome.error, outcome.proven) == (None, ("sha256",))
    proof = app.proofs.of(outcome.target)
    assert proof is not None and proof.claimed == {"sha256": outcome.sha256}


def test_a_checksum_that_comes_late_refuses_the_file_all_the_same(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("m.safetensors", LARGE, sparse=True, checksum="wrong")
    assert isinstance(only(app.download(Wish([url], to=f"{tmp_path}/out/"))).error, HashDiffers)
    assert not (tmp_path / "out").exists()


def test_a_part_that_goes_on_under_a_chosen_name_is_proven_too(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    url, target = hub.add_file("m.safetensors", LARGE, sparse=True), tmp_path / "mine.safetensors"
    hub.faults.speed = 40_000_000
    first = app.download(Wish([url], to=str(target)))
    (stopped,) = first.run(first.plan(), lambda: first.stop.set() if received(first) > PART else None)
    assert isinstance(stopped.error, Stopped)
    hub.faults.speed = None
    hub.log.clear()
    second = only(app.download(Wish([url], to=str(target))))
    assert (second.error, second.proven) == (None, ("sha256",))
    assert hub.log.bytes_sent("/files/m.safetensors") < LARGE


def test_a_file_that_is_here_already_is_known_by_its_checksum(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("m.safetensors", LARGE, sparse=True)
    (tmp_path / "m.safetensors").write_bytes(hub.content("m.safetensors").bytes())
    outcome = only(app.download(Wish([url], to=f"{tmp_path}/")))
    assert (outcome.error, outcome.proven) == (None, ("sha256",))
    assert hub.log.bytes_sent("/files/m.safetensors") < LARGE


def test_a_metalink_that_the_head_names_brings_hash_and_mirrors(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    """U30 and RFC 6249 4."""
    hub.faults.speed = 8_000_000
    url = hub.add_file("m.safetensors", 24 * 2**20, described="right")
    outcome = only(app.download(Wish([url], to=f"{tmp_path}/")))
    assert (outcome.error, outcome.proven) == (None, ("sha256",))
    assert hub.log.bytes_sent("/mirror/*", origin="cdn") > 0
    lying = hub.add_file("lie.safetensors", 100_000, described="wrong")
    assert isinstance(only(app.download(Wish([lying], to=f"{tmp_path}/"))).error, HashDiffers)


def metalink(*files: tuple[str, int | None]) -> bytes:
    sized = [f"<size>{size}</size>" if size is not None else "" for _, size in files]
    told = [
        f'<file name="{name}">{size}<url>https://mirror.example/{name}</url></file>'
        for (name, _), size in zip(files, sized, strict=True)
    ]
    return f'<metalink xmlns="urn:ietf:params:xml:ns:metalink">{"".join(told)}</metalink>'.encode()


def described(body: bytes, link: str = "m.meta4", size: int | None = 10) -> tuple[Described, list[str]]:
    api = ToldApi({"m.meta4": answer(200, body)})
    head = Headers([("Link", f'<{link}>; rel=describedby; type="application/metalink4+xml"')])
    return described_beside(SimpleNamespace(api=api), head, URL, size, "m.bin"), api.asked  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("files", "meant"),
    [
        ([("m.bin", 10)], True),
        ([("m.bin", None)], True),
        ([("other.bin", 10)], True),
        ([("m.bin", 11)], False),
        ([("m.bin", 10), ("n.bin", 10)], True),
        ([("x.bin", 10), ("n.bin", 10)], False),
    ],
)
def test_a_metalink_must_be_of_this_file(files: list[tuple[str, int | None]], meant: bool) -> None:
    found, _ = described(metalink(*files))
    assert bool(found.urls) is meant


def test_a_metalink_elsewhere_is_not_asked_for() -> None:
    assert described(metalink(("m.bin", 10)), "https://other.example/m.meta4") == (Described("", None), [])


@pytest.mark.parametrize("body", [b"", b"<html/>", b"\xff", metalink()])
def test_what_is_no_metalink_is_none(body: bytes) -> None:
    assert described(body)[0] == Described("", None)


def test_who_stops_does_not_wait_for_the_answer() -> None:
    stop, never = Stop(), threading.Event()
    question = Meanwhile(lambda: {"sha256": str(never.wait(20))}, stop)
    threading.Timer(0.05, stop.set).start()
    with pytest.raises(Stopped):
        question()
    never.set()


def test_an_answer_that_came_stays_known_after_a_stop() -> None:
    stop = Stop()
    question = Meanwhile(lambda: {"sha256": "a"}, stop)
    assert question() == {"sha256": "a"}
    stop.set()
    assert question() == {"sha256": "a"}
