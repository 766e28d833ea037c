"""A diffusers folder is one model: its words and its preview lie inside, and go where it goes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.jobs.moving import rename
from modelyard.jobs.owning import Change, change_own
from modelyard.jobs.refresh import RefreshOptions, refresh
from modelyard.jobs.trash import put_away, put_back
from modelyard.library.previews.containers import form_of
from modelyard.net.stop import Stop
from modelyard.store.proofs import Proof, stamp_of
from modelyard.testing import PracticeHub
from modelyard.testing.pictures import png

from .library import library, model, scanned

INDEX = '{"_class_name": "StableDiffusionXLPipeline"}'


def pipeline(root: Path, name: str = "sdxl-1.5") -> Path:
    folder = root / name
    model(folder / "unet" / "diffusion_pytorch_model.safetensors", 1)
    (folder / "model_index.json").write_text(INDEX)
    return folder


@pytest.mark.parametrize("forms", ["info", "info,md,json,civitai.info,metadata.json,swarm.json"])
def test_what_is_written_of_a_folder_lies_inside_and_outlives_the_database(tmp_path: Path, forms: str) -> None:
    with library(tmp_path, MODELYARD_SIDECARS=forms) as (app, root):
        folder = pipeline(root)
        pipeline(root, "sdxl-1.6")
        scanned(app)
        number = app.stock.catalogue.at(str(folder)).id
        assert change_own(app.stock, number, Change(notes="for posters", rating=4)) == ()
        app.stock.pictures.give(app.stock.catalogue.get(number), png(3))
        assert (folder / "model_index.json").read_text() == INDEX
        made = {path.name for path in folder.iterdir()} - {"unet", "model_index.json"}
        assert made == {"model_index.info", "model_index.preview.png"} | (
            {"model_index.md"} if "md" in forms else set()
        )
        assert {path.name for path in root.iterdir()} == {"sdxl-1.5", "sdxl-1.6"}
        assert form_of(app.stock.pictures.small(app.stock.catalogue.get(number), 64)) == "webp"
        scanned(app)
        assert scanned(app).changed == 0
    for file in (tmp_path / "yard").glob("modelyard.db*"):
        file.unlink()
    with library(tmp_path) as (app, root):
        scanned(app)
        found = app.stock.catalogue.at(str(root / "sdxl-1.5"))
        assert (found.notes, found.rating) == ("for posters", 4)
        assert found.preview == str(root / "sdxl-1.5" / "model_index.preview.png")
        assert app.stock.catalogue.at(str(root / "sdxl-1.6")).notes == ""


def test_a_change_inside_is_seen_and_all_goes_along(app: App, root: Path) -> None:
    folder = pipeline(root)
    scanned(app)
    number = app.stock.catalogue.at(str(folder)).id
    (folder / "model_index.info").write_text(json.dumps({"modelyard": {"own": {"notes": "by hand"}}}))
    (folder / "model_index.png").write_bytes(png(4))
    assert scanned(app).changed == 1
    assert app.stock.catalogue.get(number).notes == "by hand"
    rename(app.stock, number, "better")
    assert app.stock.catalogue.get(number).preview == str(root / "better" / "model_index.png")
    assert (scanned(app).changed, app.stock.catalogue.get(number).notes) == (0, "by hand")
    kept = put_away(app.stock, number)
    put_back(app.stock, kept.id)
    assert (scanned(app).changed, app.stock.catalogue.get(number).notes) == (0, "by hand")


def test_a_folder_that_came_from_a_hub_is_described_inside(tmp_path: Path, hub: PracticeHub) -> None:
    hub.hf.add_repo("me/pipe", {"model_index.json": 200})
    with library(tmp_path, **hub.env()) as (app, root):
        folder = pipeline(root)
        scanned(app)
        stamp = stamp_of(folder)
        assert stamp is not None
        app.stock.yard.proofs.keep([Proof(folder, stamp, {}, address="hf:me/pipe")])
        told = refresh(app.stock, RefreshOptions(every=True), Stop(), lambda _: None)
        assert told["found"] == 1
        assert json.loads((folder / "model_index.info").read_text())
        assert app.stock.catalogue.at(str(folder)).hub_model == "me/pipe"
