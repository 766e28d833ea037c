"""Care for the library: every flip is found, what can be mended is mended by the block, edits are no alarm."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.catalogue.model import Health
from modelyard.errors import Damaged, Stopped
from modelyard.jobs.checking import VerifyOptions, verify_models
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.scan import Scan
from modelyard.jobs.verify import repair, verify
from modelyard.jobs.wish import Wish
from modelyard.library.roots.entries import Entry
from modelyard.net.stop import Stop
from modelyard.testing import PracticeHub

from .library import flip, library, model, scanned

SIZE = 9 * 2**20 + 5


@pytest.fixture
def yard(hub: PracticeHub, tmp_path: Path) -> Iterator[tuple[App, Path]]:
    with library(tmp_path, **hub.env()) as both:
        yield both


def verified(app: App, **said: object) -> dict[str, object]:
    return verify_models(app.stock, VerifyOptions(**said), Stop(), lambda _: None)  # type: ignore[arg-type]


def test_a_flip_in_a_download_is_found_and_mended_by_fetching_one_block(yard, hub: PracticeHub) -> None:
    app, root = yard
    hub.hf.add_repo("me/model", {"m.safetensors": SIZE})
    download = app.download(Wish(["hf:me/model/m.safetensors"], to=f"{root}/"))
    assert download.run(download.plan())[0].error is None
    path = root / "m.safetensors"
    right = path.read_bytes()
    scanned(app)
    assert app.stock.catalogue.at(str(path)).health is Health.GOOD, "it was proven when it arrived"
    assert verified(app)["counts"] == {"good": 1}
    flip(path, 5 * 2**20)
    told = verified(app)
    assert told["counts"] == {"damaged": 1} and "1 MiB" in told["findings"][0]["message"]
    assert app.stock.catalogue.at(str(path)).health is Health.DAMAGED
    told = verified(app, mend=True)
    assert told["counts"] == {"mended": 1} and told["fetched"] <= 2**20 + 2**18
    assert path.read_bytes() == right
    assert app.stock.catalogue.at(str(path)).health is Health.GOOD
    assert verified(app)["counts"] == {"good": 1}


def test_a_flip_anywhere_is_found_and_mended_by_fetching_one_block(yard, hub: PracticeHub) -> None:
    app, root = yard
    hub.hf.add_repo("me/model", {"m.safetensors": 3 * 2**20 + 5})
    download = app.download(Wish(["hf:me/model/m.safetensors"], to=f"{root}/"))
    assert download.run(download.plan())[0].error is None
    path = root / "m.safetensors"
    right, dice = path.read_bytes(), random.Random(7)
    header = 8 + int.from_bytes(right[:8], "little")
    scanned(app)
    places = [0, 7, 8, 9, header // 2, header - 1, header, 2**20 - 1, 2**20, len(right) - 6, len(right) - 1]
    for at in (*places, *(dice.randrange(len(right)) for _ in range(3))):
        flip(path, at)
        told = verified(app, mend=True)
        assert told["counts"] == {"mended": 1}, at
        assert told["fetched"] <= 2**20 + 2**18, at
        assert path.read_bytes() == right, at
    assert app.stock.catalogue.at(str(path)).health is Health.GOOD


def test_a_flip_in_a_file_that_nobody_claimed_is_found_since_it_was_measured(yard) -> None:
    app, root = yard
    path = model(root / "a.safetensors")
    scanned(app)
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)
    flip(path)
    told = verified(app)
    assert told["counts"] == {"damaged": 1}
    found = app.stock.catalogue.at(str(path))
    assert (found.health, found.problems) == (Health.DAMAGED, ("hash-differs",))


def test_a_twin_on_this_machine_mends_a_file_without_any_hub(yard) -> None:
    app, root = yard
    path, twin = model(root / "a.safetensors"), model(root / "sub" / "b.safetensors")
    right = path.read_bytes()
    scanned(app)
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)
    flip(path)
    told = verified(app, mend=True)
    assert told["counts"] == {"mended": 1, "measured": 1} and told["fetched"] == 0
    assert path.read_bytes() == twin.read_bytes() == right
    assert sorted(file.name for file in root.rglob("*") if file.is_file()) == ["a.safetensors", "b.safetensors"]


def test_a_damaged_twin_mends_nothing(yard) -> None:
    app, root = yard
    path, twin = model(root / "a.safetensors"), model(root / "sub" / "b.safetensors")
    scanned(app)
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)
    for one in (path, twin):
        flip(one)
    wrong = path.read_bytes()
    assert verified(app, mend=True)["counts"] == {"damaged": 2}
    assert path.read_bytes() == wrong
    assert sorted(file.name for file in root.rglob("*") if file.is_file()) == ["a.safetensors", "b.safetensors"]


def test_a_file_that_somebody_edited_is_no_alarm(yard) -> None:
    app, root = yard
    path = model(root / "a.safetensors")
    scanned(app)
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)
    model(path, title="new header")
    scanned(app)
    assert verified(app)["counts"] == {"measured": 1}
    flip(path)
    assert verified(app)["counts"] == {"damaged": 1}, "the edit is the new measure"


def test_a_sidecar_s_claim_blesses_a_file_and_never_condemns_it(yard, hub: PracticeHub) -> None:
    app, root = yard
    content = hub.civitai.models[100].versions[1].files[0].content
    path = root / "lora.safetensors"
    right = content.bytes()
    path.write_bytes(right)
    (root / "lora.civitai.info").write_text(
        json.dumps({"id": 1, "modelId": 2, "files": [{"primary": True, "hashes": {"SHA256": content.sha256.upper()}}]})
    )
    scanned(app)
    assert verified(app)["counts"] == {"good": 1}
    other = model(path, 9).read_bytes()  # its owner's own new version
    told = verified(app, mend=True)
    assert told["counts"] == {"measured": 1} and path.read_bytes() == other
    assert app.stock.catalogue.at(str(path)).problems == ("differs-from-claim",)


def test_a_download_that_its_owner_replaced_is_never_put_back(yard, hub: PracticeHub) -> None:
    app, root = yard
    hub.hf.add_repo("me/model", {"m.safetensors": SIZE})
    download = app.download(Wish(["hf:me/model/m.safetensors"], to=f"{root}/"))
    assert download.run(download.plan())[0].error is None
    mine = model(root / "m.safetensors", 4).read_bytes()
    scanned(app)
    assert verified(app, mend=True)["counts"] == {"measured": 1}
    assert (root / "m.safetensors").read_bytes() == mine


@pytest.mark.parametrize("how", ["read-only", "link", "changed meanwhile"])
def test_what_must_not_be_written_is_not_mended(yard, tmp_path: Path, how: str) -> None:
    app, root = yard
    path, twin = model(root / "a.safetensors"), model(root / "b.safetensors")
    scanned(app)
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)
    flip(path)
    wrong = path.read_bytes()
    if how == "read-only":
        app.stock.entries.keep(Entry(path=str(root), folder="loras", read_only=True))
    elif how == "link":
        path.rename(tmp_path / "loras" / "true.safetensors")
        path.symlink_to(tmp_path / "loras" / "true.safetensors")
    else:
        finding, measured = verify(app.yard, path)
        model(path, 9)
        with pytest.raises(Damaged, match="changed while"):
            repair(app.yard, finding, measured)
        assert path.read_bytes() != twin.read_bytes()
        return
    verified(app, mend=True)
    assert path.read_bytes() == wrong and path.is_symlink() == (how == "link")


def test_an_edited_header_with_the_claimed_tensors_is_no_damage(yard) -> None:
    app, root = yard
    path = model(root / "a.safetensors")
    data = path.read_bytes()
    tensors = hashlib.sha256(data[8 + int.from_bytes(data[:8], "little") :]).hexdigest()
    hashes = {"SHA256": hashlib.sha256(data).hexdigest(), "AutoV3": tensors[:12]}
    told = {"id": 1, "modelId": 2, "files": [{"primary": True, "hashes": hashes}]}
    (root / "a.civitai.info").write_text(json.dumps(told))
    model(path, title="written by a program")
    scanned(app)
    assert verified(app)["counts"] == {"measured": 1}


def test_a_file_whose_end_is_zeros_is_told(yard) -> None:
    app, root = yard
    path = root / "a.ckpt"
    path.write_bytes(b"\x80\x02]q\x00." + b"x" * 2**20)
    with path.open("ab") as file:
        file.truncate(12 * 2**20)
    scanned(app)
    verified(app)
    assert "zero-filled" in app.stock.catalogue.at(str(path)).problems


def test_a_verification_that_was_stopped_goes_on_where_it_was(yard) -> None:
    app, root = yard
    for number in range(4):
        model(root / f"m{number}.safetensors", number)
    scanned(app)
    before = app.clock.wall()
    stop, said = Stop(), VerifyOptions(before=before)
    with pytest.raises(Stopped):
        verify_models(app.stock, said, stop, lambda step: stop.set() if step.done > 60_000 else None)
    left = verified(app, before=before)
    assert 0 < sum(left["counts"].values()) < 4  # type: ignore[attr-defined]
    assert verified(app, before=before)["counts"] == {}


def test_a_scan_in_between_does_not_count_as_the_reading_that_was_asked_for(yard) -> None:
    app, root = yard
    path = model(root / "m.safetensors")
    scanned(app)
    verified(app)
    before = app.clock.wall()
    Scan(app.stock, Stop()).files([str(path)])  # it takes over what was measured then
    assert app.stock.catalogue.at(str(path)).checked < before
    assert sum(verified(app, before=before)["counts"].values()) == 1  # type: ignore[attr-defined]


def test_the_monitor_asks_for_the_valuable_and_the_longest_unseen(yard) -> None:
    app, root = yard
    paths = [model(root / f"m{number}.safetensors", number) for number in range(3)]
    scanned(app)
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)
    ids = [app.stock.catalogue.at(str(path)).id for path in paths]
    app.stock.catalogue.used([(str(paths[2]), 1.0, "2026-01-01")])
    assert app.stock.catalogue.overdue(app.clock.wall() + 10, 2) == [ids[2], ids[0]]
    assert app.stock.catalogue.overdue(app.clock.wall() - 1000, 2) == []


def test_a_model_that_is_written_to_while_it_is_read_is_told_and_comes_last_next_time(
    yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, root = yard
    paths = [model(root / f"m{number}.safetensors", number) for number in range(2)]
    scanned(app)
    real = app.stock.catalogue.measured

    def measured(found, *how, **more):
        if str(paths[0]) in found:  # somebody writes it, and a scan sees that before its digests are kept
            monkeypatch.setattr(app.stock.catalogue, "measured", real)
            model(paths[0], 7, changed="yes")
            scanned(app)
        return real(found, *how, **more)

    monkeypatch.setattr(app.stock.catalogue, "measured", measured)
    before = app.clock.wall()
    assert verified(app)["counts"] == {"changing": 1, "measured": 1}
    first = app.stock.catalogue.at(str(paths[0]))
    assert first.checked >= before and first.sha256 == ""
    assert app.stock.catalogue.to_verify(before=before) == []
