"""Hashes are measured once, kept with the stamp, and hand a vanished model's words to its bytes."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
from blake3 import blake3
from msgspec.structs import replace

from modelyard.engine.digesting import Digesting
from modelyard.errors import Stopped
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.wish import Wish
from modelyard.net.stop import Stop
from modelyard.testing import PracticeHub
from modelyard.values.about import Own

from .library import library, model, scanned


def measured(app, **said):
    return measure_models(app.stock, MeasureOptions(**said), Stop(), lambda _: None)


def test_every_digest_of_a_file_is_measured_in_one_go_and_only_once(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        path = model(root / "a.safetensors")
        scanned(app)
        assert measured(app)["measured"] == 1
        assert measured(app)["measured"] == 0
        found = app.stock.catalogue.at(str(path))
        data = path.read_bytes()
        tensors = data[8 + int.from_bytes(data[:8], "little") :]
        assert found.sha256 == hashlib.sha256(data).hexdigest()
        (file,) = app.stock.catalogue.files(found.id)
        assert file.tensors == hashlib.sha256(tensors).hexdigest()
        assert len(file.blake3) == 64 and len(file.crc32) == 8 and file.autov1
        assert file.autov1 == hashlib.sha256(data[2**20 : 2**20 + 65536]).hexdigest()[:8]
        for algorithm, value in (
            ("autov1", file.autov1.upper()),
            ("autov2", found.sha256[:10]),
            ("autov3", file.tensors[:12]),
            ("blake3", file.blake3.upper()),
        ):
            assert [one.id for one in app.stock.catalogue.with_digest(algorithm, value)] == [found.id]


def test_a_download_of_ours_needs_no_measuring(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        path = model(root / "a.safetensors")
        from modelyard.jobs.verify import verify

        verify(app.yard, path)
        scanned(app)
        assert app.stock.catalogue.at(str(path)).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert measured(app)["measured"] == 0


@pytest.mark.parametrize("size", [300_000, 9 * 2**20 + 5], ids=["small", "large"])
def test_what_a_download_hashed_as_it_came_is_in_the_catalogue_and_nothing_is_read_again(
    hub: PracticeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    hub.hf.add_repo("me/model", {"m.safetensors": size})
    hashed: list[int] = []
    real = Digesting.update
    monkeypatch.setattr(Digesting, "update", lambda self, data: (hashed.append(len(data)), real(self, data))[1])
    with library(tmp_path, **hub.env()) as (app, root):
        download = app.download(Wish(["hf:me/model/m.safetensors"], f"{root}/"))
        (outcome,) = download.run(download.plan())
        scanned(app)
        assert measured(app)["measured"] == 0
        found = app.stock.catalogue.at(str(outcome.target))
        (file,) = app.stock.catalogue.files(found.id)
        assert sum(hashed) == size, "each byte went through the hashes once"
        data = outcome.target.read_bytes()
        tensors = hashlib.sha256(data[8 + int.from_bytes(data[:8], "little") :]).hexdigest()
        assert (found.sha256, file.tensors) == (hashlib.sha256(data).hexdigest(), tensors)
        assert file.blake3 == blake3(data).hexdigest()
        assert [one.id for one in app.stock.catalogue.with_digest("autov3", tensors[:12])] == [found.id]


def test_a_file_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        model(root / "a.safetensors", 1)
        lost = model(root / "b.safetensors", 2)
        scanned(app)
        lost.unlink()
        told = measured(app)
        assert told["measured"] == 1
        assert [one["path"] for one in told["failed"]] == [str(lost)]


def test_measuring_can_be_stopped_and_goes_on_later(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        for number in range(3):
            model(root / f"m{number}.safetensors", number)
        scanned(app)
        stop = Stop()
        with pytest.raises(Stopped):
            measure_models(app.stock, MeasureOptions(), stop, lambda step: stop.set() if step.done > 60_000 else None)
        assert measured(app)["measured"] in (1, 2)


def test_a_model_renamed_on_another_drive_gets_its_words_back_by_its_bytes(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        before = model(root / "a.safetensors")
        scanned(app)
        measured(app)
        number = app.stock.catalogue.at(str(before)).id
        app.stock.catalogue.describe(number, lambda about: replace(about, own=Own(notes="mine", rating=5)))
        app.stock.catalogue.used([(str(before), 5.0, "2026-01-01")])
        after = root / "new name.safetensors"
        shutil.copyfile(before, after)  # another inode, another time
        before.unlink()
        scanned(app)
        assert app.stock.catalogue.at(str(after)).notes == ""
        measured(app)
        found = app.stock.catalogue.at(str(after))
        assert (found.notes, found.rating, found.uses) == ("mine", 5, 1)
