"""The download flow against the practice hub, in this process."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.errors import HashDiffers, ReadOnlyDisk, TargetExists, UsageError
from modelyard.jobs.download import Download
from modelyard.jobs.wish import Outcome, Wish
from modelyard.library.roots.entries import Entry
from modelyard.testing import PracticeHub

SIZE = 3 * 2**20 + 17


def fetch(app: App, *addresses: str, **wish: object) -> list[Outcome]:
    download = app.download(Wish(addresses, **wish))  # type: ignore[arg-type]
    return download.run(download.plan())


@pytest.fixture
def app(hub: PracticeHub) -> App:
    return App({**os.environ, **hub.env()}, flags={"retry.first": "0.05"})


def test_a_link_becomes_a_proven_file_and_a_second_time_nothing_is_asked(
    app: App, hub: PracticeHub, tmp_path: Path
) -> None:
    hub.hf.add_repo("me/model", {"m.safetensors": SIZE})
    (first,) = fetch(app, "hf:me/model/m.safetensors", to=f"{tmp_path}/")
    assert first.error is None and first.proven == ("sha256",)
    assert first.sha256 == hashlib.sha256((tmp_path / "m.safetensors").read_bytes()).hexdigest()
    sent = hub.log.bytes_sent()
    (second,) = fetch(app, "hf:me/model/m.safetensors", to=f"{tmp_path}/")
    assert second.how.endswith("measured earlier and untouched since") and second.sha256 == first.sha256
    assert hub.log.bytes_sent() - sent < 20_000


def test_companions_come_before_the_model_that_needs_them(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    parts = {f"m-{part}-of-00002.safetensors": SIZE + int(part) for part in ("00001", "00002")}
    hub.hf.add_repo("me/model", {**parts, "config.json": 300, "README.md": 10})
    wish = Wish(["hf:me/model/m-00001-of-00002.safetensors"], f"{tmp_path}/", companions=True)
    names = [one.offer.path for one in app.download(wish).plan()]
    assert names[-1] == "m-00001-of-00002.safetensors"
    assert {"m-00002-of-00002.safetensors", "config.json"} <= set(names[:-1])


def test_a_file_that_was_there_before_us_is_measured_once(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    repo = hub.hf.add_repo("me/model", {"m.safetensors": SIZE})
    assert repo
    fetch(app, "hf:me/model/m.safetensors", to=f"{tmp_path}/a.safetensors")
    (tmp_path / "b.safetensors").write_bytes((tmp_path / "a.safetensors").read_bytes())
    (found,) = fetch(app, "hf:me/model/m.safetensors", to=f"{tmp_path}/b.safetensors")
    assert found.how.endswith("measured just now")


def test_another_file_stays_until_the_new_one_is_proven(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    hub.hf.add_repo("me/model", {"m.safetensors": SIZE})
    target = tmp_path / "m.safetensors"
    target.write_bytes(b"an older, good file")
    with pytest.raises(TargetExists):
        fetch(app, "hf:me/model/m.safetensors", to=str(target))
    hub.faults.use("s500forever", "*m.safetensors*")
    (failed,) = fetch(app, "hf:me/model/m.safetensors", to=str(target), replace=True)
    assert failed.error and target.read_bytes() == b"an older, good file"
    hub.faults.clear()
    (done,) = fetch(app, "hf:me/model/m.safetensors", to=str(target), replace=True)
    assert done.error is None and target.stat().st_size == SIZE


def test_a_wrong_hash_leaves_nothing_behind(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("m.safetensors", SIZE)
    (failed,) = fetch(app, url, to=str(tmp_path / "x" / "m.safetensors"), sha256="0" * 64)
    assert isinstance(failed.error, HashDiffers)
    assert not (tmp_path / "x").exists()


def test_one_failing_file_does_not_stop_the_others(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    hub.hf.add_repo("me/model", {f"{index}.safetensors": 5000 + index for index in range(20)})
    hub.faults.use("flip", "*7.safetensors*")
    outcomes = fetch(app, "hf:me/model", to=f"{tmp_path}/")
    assert sorted(outcome.target.name for outcome in outcomes if outcome.error) == ["17.safetensors", "7.safetensors"]
    assert len([outcome for outcome in outcomes if outcome.error is None]) == 18


def test_a_bad_line_among_many_is_told_and_the_rest_is_fetched(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    good = hub.add_file("good.safetensors", 5000)
    download = app.download(Wish(["nonsense:x", good, "hf:me/missing/f"], to=f"{tmp_path}/"))
    download.run(download.plan())
    assert [outcome.target.name for outcome in download.outcomes] == ["good.safetensors"]
    assert [refused.what for refused in download.refused] == ["nonsense:x", "hf:me/missing/f"]


def test_a_hash_for_several_files_makes_no_sense(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    hub.hf.add_repo("me/model", {"a.safetensors": 5000, "b.safetensors": 5000})
    with pytest.raises(UsageError):
        fetch(app, "hf:me/model", to=f"{tmp_path}/", sha256="0" * 64)


def test_a_plan_moves_no_byte_of_a_model(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    hub.hf.add_repo("me/model", {"m.safetensors": SIZE})
    plan = app.download(Wish(["hf:me/model"], to=f"{tmp_path}/new/")).plan()
    assert [one.order.size for one in plan] == [SIZE]
    assert not (tmp_path / "new").exists()
    assert hub.log.bytes_sent() < 20_000


def test_what_a_speed_limit_allows_is_not_exceeded(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("m.safetensors", SIZE)
    before = app.clock.now()
    fetch(app, url, to=f"{tmp_path}/", limit=4_000_000)
    assert app.clock.now() - before >= 0.95 * SIZE / 4_000_000


def test_a_mirror_is_used_and_the_one_that_lies_is_left(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    right = bytes(os.urandom(12 * 2**20))
    wrong = bytearray(right)
    wrong[7 * 2**20] ^= 1
    honest = hub.add_file("honest.bin", right)
    lying = hub.add_file("lying.bin", bytes(wrong))
    pieces = "".join(
        f"<hash>{hashlib.sha256(right[start : start + 2**20]).hexdigest()}</hash>"
        for start in range(0, len(right), 2**20)
    )
    document = (
        '<?xml version="1.0"?><metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="model.bin">'
        f'<size>{len(right)}</size><hash type="sha-256">{hashlib.sha256(right).hexdigest()}</hash>'
        f'<pieces length="{2**20}" type="sha-256">{pieces}</pieces>'
        f'<url priority="1">{lying}</url><url priority="2">{honest}</url></file></metalink>'
    )
    url = hub.add_file("model.meta4", document.encode())
    (done,) = fetch(app, url, to=f"{tmp_path}/")
    assert done.error is None, done.error
    assert (tmp_path / "model.bin").read_bytes() == right
    assert done.received < 2.2 * len(right)


def test_a_new_version_takes_unchanged_pieces_from_the_old_file(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    old = os.urandom(16 * 2**20)
    new = bytearray(old)
    new[9 * 2**20 : 9 * 2**20 + 100] = os.urandom(100)
    (tmp_path / "model.bin").write_bytes(old)
    source = hub.add_file("v2/model.bin", bytes(new))
    pieces = "".join(
        f"<hash>{hashlib.sha256(new[start : start + 2**20]).hexdigest()}</hash>" for start in range(0, len(new), 2**20)
    )
    document = (
        '<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="model.bin">'
        f'<size>{len(new)}</size><hash type="sha-256">{hashlib.sha256(new).hexdigest()}</hash>'
        f'<pieces length="{2**20}" type="sha-256">{pieces}</pieces><url>{source}</url></file></metalink>'
    )
    url = hub.add_file("model.meta4", document.encode())
    (done,) = fetch(app, url, to=f"{tmp_path}/", replace=True)
    assert done.error is None, done.error
    assert (tmp_path / "model.bin").read_bytes() == bytes(new)
    assert done.received < 3 * 2**20


def test_a_key_in_a_pasted_link_moves_to_the_key_store(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    kept: list[str] = []
    download = Download(
        app.yard,
        Wish([f"{hub.url}/api/download/models/201?token=canary-key-123"]),
        lambda found: kept.append(found.value),
    )
    download.plan()
    assert kept == ["canary-key-123"]


def test_nothing_is_fetched_into_a_root_that_is_registered_as_read_only(
    app: App, hub: PracticeHub, tmp_path: Path
) -> None:
    hub.hf.add_repo("me/model", {"m.safetensors": SIZE})
    fixed = tmp_path / "fixed"
    fixed.mkdir()
    (tmp_path / "way").symlink_to(fixed)
    app.stock.entries.keep(Entry(path=str(fixed), folder="vae", read_only=True))
    for to in (f"{fixed}/", f"{fixed}/new/m.safetensors", f"{tmp_path}/way/"):
        with pytest.raises(ReadOnlyDisk, match="registered as read-only"):
            fetch(app, "hf:me/model/m.safetensors", to=to)
    assert list(fixed.iterdir()) == []
    assert fetch(app, "hf:me/model/m.safetensors", to=f"{tmp_path}/")[0].error is None
