"""Several sources for one file: a slow one is left, a failing one too, and a lying one is named."""

from __future__ import annotations

import hashlib
import os
import random
import socket
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.app import App
from modelyard.engine import opening
from modelyard.engine.blocks import block_digest
from modelyard.engine.journal import Journal, Known, Story
from modelyard.engine.pace import FAR_BELOW, Left, Pace, Standing, fastest, left_behind
from modelyard.engine.part import PartFile, part_path
from modelyard.engine.supervisor import Supervisor
from modelyard.jobs.wish import Outcome, Wish
from modelyard.testing import PracticeHub
from modelyard.values.offers import Source
from running import modelyard

SIZE = 16 * 2**20
BLOCK = 2**20
FAST = 20_000_000
CRAWL = 100_000


def content(size: int = SIZE) -> bytes:
    return random.Random(7).randbytes(size)


def wrong(right: bytes) -> bytes:
    """The same length, and one bit of each mebibyte flipped."""
    bad = bytearray(right)
    for at in range(1000, len(bad), BLOCK):
        bad[at] ^= 1
    return bytes(bad)


def several(hub: PracticeHub, right: bytes, *urls: str, hashed: bool = True, pieces: bool = False) -> str:
    """A Metalink that offers the same file at several addresses."""
    blocks = (right[start : start + BLOCK] for start in range(0, len(right), BLOCK))
    told = "".join(f"<hash>{hashlib.sha256(block).hexdigest()}</hash>" for block in blocks)
    return hub.add_file(
        "model.meta4",
        (
            '<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="model.bin">'
            f"<size>{len(right)}</size>"
            + f'<hash type="sha-256">{hashlib.sha256(right).hexdigest()}</hash>' * hashed
            + f'<pieces length="{BLOCK}" type="sha-256">{told}</pieces>' * pieces
            + "".join(f'<url priority="{place}">{url}</url>' for place, url in enumerate(urls, 1))
            + "</file></metalink>"
        ).encode(),
    )


@pytest.fixture
def app() -> Iterator[App]:
    with App(os.environ, flags={"retry.first": "0.01"}) as built:
        yield built


def fetched(app: App, url: str, folder: Path) -> Outcome:
    download = app.download(Wish([url], to=f"{folder}/"))
    download.run(download.plan())
    (outcome,) = download.outcomes
    return outcome


@pytest.mark.parametrize("first", ["good", "slow"])
def test_a_slow_source_costs_next_to_nothing(app: App, hub: PracticeHub, tmp_path: Path, first: str) -> None:
    right = content()
    good, slow = hub.add_file("good.bin", right), hub.add_file("slow.bin", right)
    hub.faults.use("slow", path="*good.bin", rate=FAST)
    hub.faults.use("slow", path="*slow.bin", rate=CRAWL)
    order = (good, slow) if first == "good" else (slow, good)
    done = fetched(app, several(hub, right, *order), tmp_path)
    assert done.error is None and (tmp_path / "model.bin").read_bytes() == right
    # At its speed a single mebibyte takes ten seconds; the whole file takes the good one little more than one.
    assert 0 < hub.log.bytes_sent("*slow.bin") < 3 * CRAWL
    assert len(hub.log.find("*slow.bin")) <= 2
    assert done.received < 1.05 * SIZE


@pytest.mark.parametrize(
    "fault", ["missing", "s500forever", "html200", "cut_always1m", "ignore_range_slow", "stall_hdr"]
)
def test_a_failing_source_is_left_and_the_others_bring_the_file(
    app: App, hub: PracticeHub, tmp_path: Path, fault: str
) -> None:
    right = content()
    good, bad = hub.add_file("good.bin", right), hub.add_file("bad.bin", right)
    hub.faults.use("slow", path="*good.bin", rate=FAST)
    if fault == "missing":
        bad = bad.replace("bad.bin", "gone.bin")
    else:
        hub.faults.use(fault, path="*bad.bin", **({"every": 1000} if fault == "cut_always1m" else {}))
    done = fetched(app, several(hub, right, good, bad), tmp_path)
    assert done.error is None and (tmp_path / "model.bin").read_bytes() == right
    assert 1 <= len(hub.log.find("/files/bad.bin")) + len(hub.log.find("/files/gone.bin")) <= 8
    assert done.received < 1.3 * SIZE


@pytest.mark.parametrize("fault", ["missing", "s500forever", "html200", "empty200"])
def test_a_first_source_that_fails_is_no_reason_to_wait(app: App, hub: PracticeHub, tmp_path: Path, fault: str) -> None:
    right = content(3 * BLOCK)
    good, bad = hub.add_file("good.bin", right), hub.add_file("bad.bin", right)
    if fault == "missing":
        bad = bad.replace("bad.bin", "gone.bin")
    else:
        hub.faults.use(fault, path="*bad.bin")
    done = fetched(app, several(hub, right, bad, good), tmp_path)
    assert done.error is None and (tmp_path / "model.bin").read_bytes() == right
    assert len(hub.log.find("/files/bad.bin")) + len(hub.log.find("/files/gone.bin")) == 1


@pytest.mark.parametrize(
    ("first", "pieces"), [("honest", True), ("lying", False)], ids=["pieces known", "only the whole hash"]
)
def test_a_lying_source_is_found_out_left_and_named(hub: PracticeHub, tmp_path: Path, first: str, pieces: bool) -> None:
    right = content()
    honest, lying = hub.add_file("honest.bin", right), hub.add_file("lying.bin", wrong(right))
    for name in ("*honest.bin", "*lying.bin"):
        hub.faults.use("slow", path=name, rate=FAST)
    order = (honest, lying) if first == "honest" else (lying, honest)
    url = several(hub, right, *order, pieces=pieces)
    ran = modelyard("get", url, "--to", f"{tmp_path}/out/", "--json")
    assert ran.code == 0, ran.out
    assert (tmp_path / "out" / "model.bin").read_bytes() == right
    done = ran.event("done")
    assert done["verified"] and done["how"] == f"verified (sha256); {lying} sent wrong bytes and was left"
    assert done["received"] < 2.6 * SIZE  # the one that sent less is doubted first
    assert hub.log.bytes_sent("*lying.bin") > 0


@pytest.mark.parametrize("hashed", [True, False], ids=["hash known", "no hash"])
def test_of_a_small_file_too_the_liar_is_named(app: App, hub: PracticeHub, tmp_path: Path, hashed: bool) -> None:
    right = content(2 * BLOCK)
    honest, lying = hub.add_file("honest.bin", right), hub.add_file("lying.bin", wrong(right))
    done = fetched(app, several(hub, right, lying, honest, hashed=hashed), tmp_path)
    assert done.error is None
    if not hashed:
        assert (done.proven, hub.log.bytes_sent("*honest.bin")) == ((), 0)
        return
    assert (tmp_path / "model.bin").read_bytes() == right
    assert done.how == f"verified (sha256); {lying} sent wrong bytes and was left"


@pytest.mark.parametrize("pieces", [False, True], ids=["only the whole hash", "pieces known"])
def test_when_all_sources_lie_nothing_is_kept(app: App, hub: PracticeHub, tmp_path: Path, pieces: bool) -> None:
    right = content(12 * BLOCK)
    bad = [hub.add_file(f"{name}.bin", wrong(right)) for name in "ab"]
    done = fetched(app, several(hub, right, *bad, pieces=pieces), tmp_path)
    assert done.error is not None and done.error.code == ("lying-source" if pieces else "hash-differs")
    assert any(url in done.error.message for url in bad)  # which one sent more, the machine decides
    assert not (tmp_path / "model.bin").exists()


def test_without_a_hash_the_bytes_of_two_places_are_not_joined(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    right = content()
    one, other = hub.add_file("one.bin", right), hub.add_file("other.bin", wrong(right))
    hub.faults.use("slow", path="*one.bin", rate=FAST)
    done = fetched(app, several(hub, right, one, other, hashed=False), tmp_path)
    assert done.error is None and (tmp_path / "model.bin").read_bytes() == right
    assert hub.log.find("*other.bin") == []


@pytest.mark.parametrize("next_one", ["serves", "is gone"])
def test_without_a_hash_a_source_that_is_lost_takes_its_bytes_with_it(
    app: App, hub: PracticeHub, tmp_path: Path, next_one: str
) -> None:
    right = content(12 * BLOCK)
    one, other = hub.add_file("one.bin", wrong(right)), hub.add_file("other.bin", right)
    hub.faults.use("html_resume", path="*one.bin")  # cut at half, then pages
    if next_one == "is gone":
        other = other.replace("other.bin", "gone.bin")
    done = fetched(app, several(hub, right, one, other, hashed=False), tmp_path)
    if next_one == "serves":
        assert done.error is None and (tmp_path / "model.bin").read_bytes() == right
        return
    assert done.error is not None and done.error.code in ("not-a-model", "login-needed")
    assert done.kept > SIZE // 4 and hub.log.find("*gone.bin")  # it may serve again another time


@pytest.mark.parametrize("moved", [True, False], ids=["the same file elsewhere", "another file"])
def test_without_a_hash_a_part_whose_source_is_gone_is_not_joined_with_another_file(
    app: App, hub: PracticeHub, tmp_path: Path, moved: bool
) -> None:
    new = content()
    old = new if moved else wrong(new[: SIZE // 2]) + new[SIZE // 2 :]
    one, other = hub.add_file("one.bin", old), hub.add_file("other.bin", new)
    with urllib.request.urlopen(urllib.request.Request(one, method="HEAD")) as answer:
        story = Story(size=SIZE, etag=answer.headers["ETag"], source=one)
    address = several(hub, new, other, hashed=False)
    part = PartFile(part_path(tmp_path / "model.bin", other))  # one was the second of two then
    part.write(memoryview(old[: SIZE // 2]), 0)
    blocks = (old[start : start + BLOCK] for start in range(0, SIZE // 2, BLOCK))
    known = {index: Known(BLOCK, block_digest(block)) for index, block in enumerate(blocks)}
    Journal(part, story, known).close()
    part.close()
    done = fetched(app, address, tmp_path)
    assert done.error is None and (tmp_path / "model.bin").read_bytes() == new
    assert (done.received < SIZE * 3 // 4) is moved


def test_of_a_small_file_a_source_that_answers_differently_is_left(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    right = content(2 * BLOCK)
    listener = socket.create_server(("127.0.0.1", 0))
    heads = [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(right), b"HTTP/1.1 200 OK\r\n\r\n"]

    def serve() -> None:
        for head in heads:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(head + right[:BLOCK])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/odd.bin"
    done = fetched(app, several(hub, right, url, hub.add_file("good.bin", right)), tmp_path)
    listener.close()
    assert done.error is None and (tmp_path / "model.bin").read_bytes() == right


def test_a_source_with_a_file_of_another_length_is_left(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    right = content()
    good, longer = hub.add_file("good.bin", right), hub.add_file("longer.bin", right + b"more")
    hub.faults.use("slow", path="*good.bin", rate=FAST)
    done = fetched(app, several(hub, right, good, longer), tmp_path)
    assert done.error is None and (tmp_path / "model.bin").read_bytes() == right
    assert len(hub.log.find("*longer.bin")) == 1


def test_a_source_that_swallows_what_is_asked_does_not_hold_up_the_others(
    app: App, hub: PracticeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one probe that it gets ends by our own clock, and says nothing against its honesty."""
    monkeypatch.setattr(opening, "_FIRST_BYTES", 0.1)
    asked: list[bool | None] = []
    real = Supervisor._sends_what_is_here

    def swallowed(supervisor: Supervisor, source: Source) -> bool | None:
        hub.faults.use("stall_hdr", path="*m.bin")
        asked.append(real(supervisor, source))
        hub.faults.clear()
        return asked[-1]

    monkeypatch.setattr(Supervisor, "_sends_what_is_here", swallowed)
    right = content()
    url = hub.add_file("m.bin", right)
    hub.faults.speed = FAST
    done = fetched(app, url, tmp_path)
    assert done.error is None and (tmp_path / "m.bin").read_bytes() == right
    assert asked == [None]


RATES = st.floats(0, 1e9)
STANDINGS = st.lists(
    st.builds(Standing, st.sampled_from("abc"), st.floats(0, 100), RATES, st.integers(0, 2**30)), max_size=6
)


@given(STANDINGS, st.booleans())
def test_the_fastest_source_is_never_left(standings: list[Standing], idle: bool) -> None:
    speeds = fastest(standings)
    left = left_behind(standings, speeds, idle=idle)
    if speeds:
        assert max(speeds, key=lambda url: speeds[url]) not in left
    else:
        assert not left
    for url in left:
        fast = max(one.rate for one in standings if one.source == url)
        assert (2 if idle else FAR_BELOW) * fast < max(speeds.values())


def test_a_pace_forgets_what_is_older_than_two_seconds() -> None:
    pace = Pace(100.0)
    for second in range(1, 11):
        pace.received += 5_000 if second <= 5 else 10
        pace.mark(100.0 + second)
    assert pace.rate(110.0) == pytest.approx(10)
    assert Pace(100.0).rate(100.0) == 0


def test_of_a_small_file_a_source_that_always_breaks_off_is_left(hub: PracticeHub, tmp_path: Path) -> None:
    right = content(2 * BLOCK)
    good, bad = hub.add_file("good.bin", right), hub.add_file("bad.bin", right)
    hub.faults.use("cut_always1m", path="*bad.bin")
    with App(os.environ, flags={"retry.first": "0.01", "retry.retries": "1"}) as app:
        done = fetched(app, several(hub, right, bad, good), tmp_path)
    assert done.error is None and (tmp_path / "model.bin").read_bytes() == right
    assert len(hub.log.find("*bad.bin")) == 2


def test_a_source_that_was_left_for_another_ones_burst_comes_back() -> None:
    burst, steady, speeds, left = Pace(0.0), Pace(0.0), dict[str, float](), Left()
    left_at: dict[str, float] = {}
    for tenth in range(2, 82, 2):
        now = tenth / 10
        if "burst" not in left:
            burst.received += 12_000_000 if now <= 1 else 20_000
        if "steady" not in left:
            steady.received += 1_000_000
        paces = {"burst": burst, "steady": steady}
        for pace in paces.values():
            pace.mark(now)
        standings = [Standing(url, now, pace.rate(now), 2**33) for url, pace in paces.items() if url not in left]
        speeds |= fastest(standings)
        left.come_back(max(fastest(standings).values()), now)
        slow = left_behind(standings, {url: speeds[url] for url in paces if url not in left}, idle=False)
        left_at |= dict.fromkeys(slow, now)
        left.add(slow, standings)
    assert left_at["steady"] == 1.0 and 3 < left_at["burst"] < 6
    assert [*left] == ["burst"]
