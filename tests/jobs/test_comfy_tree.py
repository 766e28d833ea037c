"""A whole ComfyUI tree is registered and scanned: every model's kind, family, folder and index are right."""

from __future__ import annotations

import json
import re
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from library.identify.cases import ADAPTERS, MODELS, SHARED
from modelyard.app import App
from modelyard.catalogue.asking import Asking
from modelyard.catalogue.model import Health, Model
from modelyard.catalogue.order import Order
from modelyard.jobs.scan import Scanned
from modelyard.library.formats.header import Header
from modelyard.library.roots.entries import Entry
from modelyard.testing.pictures import png

from .library import scanned

FOLDERS = {
    "checkpoint": "checkpoints",
    "diffusion_model": "diffusion_models",
    "text_encoder": "text_encoders",
    "clip_vision": "clip_vision",
    "vae": "vae",
    "controlnet": "controlnet",
    "upscaler": "upscale_models",
    "embedding": "embeddings",
    "llm": "LLM",
    "lora": "loras",
}
"""Where people keep each kind."""
BYTES = {"F32": 4, "F16": 2, "BF16": 2}


@dataclass(frozen=True)
class Put:
    """One model of the tree, with its ComfyUI folder, and what is right of it."""

    path: Path
    folder: str
    kind: str
    family: str


def write(path: Path, header: Header) -> Path:
    """The header as safetensors, and a hole for its weights."""
    told: dict[str, object] = {}
    at = 0
    for name, tensor in header.tensors.items():
        size = BYTES[tensor.dtype] * tensor.elements
        told[name] = {"dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(told).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + at)
    return path


def file_name(case: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "_", case.lower()) + ".safetensors"


def planted(home: Path, drive: Path) -> Iterator[Put]:
    """Every known structure in its folder: half of the LoRAs on a second drive, some in the old places."""
    for place in ("main.py", "folder_paths.py", "comfy/__init__.py", "custom_nodes/x/model.safetensors"):
        (home / place).parent.mkdir(parents=True, exist_ok=True)
        (home / place).touch()
    lines = f"big:\n  base_path: {drive}\n  is_default: true\n  loras: |\n    loras\n    more/loras\n  LLM: language\n"
    (home / "extra_model_paths.yaml").write_text(lines)
    for at, (case, ((kind, family), header)) in enumerate({**MODELS, **SHARED}.items()):
        folder = FOLDERS[kind]
        place = {"text_encoders": "clip", "diffusion_models": "unet"}.get(folder, folder) if at % 2 else folder
        base = drive / "language" if folder == "LLM" else home / "models" / place
        yield Put(write(base / file_name(case), header), folder, kind, family)
    for at, (case, ((network, family, _), header)) in enumerate(ADAPTERS.items()):
        base = (home / "models/loras/styles", drive / "loras", drive / "more/loras", home / "output/loras")[at % 4]
        yield Put(write(base / file_name(case), header), "loras", "lora", family)
        (base / file_name(case)).with_suffix(".preview.png").write_bytes(png(at))
        sidecar = {
            "modelId": 1000 + at,
            "id": at + 1,
            "trainedWords": [f"word{at}"],
            "model": {"name": f"Told {network}"},
        }
        (base / file_name(case)).with_suffix(".civitai.info").write_text(json.dumps(sidecar))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, list[Put], Scanned, float]]:
    folder = tmp_path_factory.mktemp("tree")
    home, drive = folder / "ComfyUI", folder / "drive"
    put = list(planted(home, drive))
    with App({"MODELYARD_HOME": str(folder / "yard")}) as app:
        app.stock.entries.keep(Entry(path=str(home), comfy=True))
        began = time.monotonic()
        done = scanned(app)
        yield app, put, done, time.monotonic() - began


def everything(app: App) -> dict[str, Model]:
    return {one.path: one for one in app.stock.catalogue.page(Asking(), Order(most=1000)).models}


def test_everything_is_found_within_seconds_and_nothing_else(tree: tuple[App, list[Put], Scanned, float]) -> None:
    app, put, done, seconds = tree
    assert set(everything(app)) == {str(one.path) for one in put} and done.problems == []
    assert len(put) > 60 and seconds < 10


def test_kind_family_and_folder_of_each_are_right_and_none_is_certain_and_wrong(
    tree: tuple[App, list[Put], Scanned, float],
) -> None:
    app, put, _, _ = tree
    found = everything(app)
    told = {one.path.name: (found[str(one.path)].kind, found[str(one.path)].folder) for one in put}
    assert told == {one.path.name: (one.kind, one.folder) for one in put}
    wrong = []
    for one in put:
        identity = app.stock.catalogue.details(found[str(one.path)].id).identity
        if one.family not in (identity.family, *identity.candidates):
            wrong.append((one.path.name, identity.family, identity.certainty))
    assert wrong == []
    assert {found[str(one.path)].health for one in put} == {Health.UNVERIFIED}


def test_indices_are_comfyuis_and_the_second_drive_comes_first_where_the_yaml_says_so(
    tree: tuple[App, list[Put], Scanned, float],
) -> None:
    app, put, _, _ = tree
    roots, found = app.stock.roots(), everything(app)
    assert [root.path.parent.name for root in roots.by_folder()["loras"]] == ["more", "drive", "models", "output"]
    for one in put:
        root = roots.holding(one.path)
        assert root is not None and roots.get(one.folder, root.index).path == root.path
        assert found[str(one.path)].root == str(root.path)
    assert {roots.holding(one.path).index for one in put if one.folder == "diffusion_models"} == {0, 1}  # type: ignore[union-attr]


def test_what_lies_beside_them_is_read(tree: tuple[App, list[Put], Scanned, float]) -> None:
    app, put, _, _ = tree
    found = [everything(app)[str(one.path)] for one in put if one.folder == "loras"]
    assert all(one.hub == "civitai" and one.hub_model and one.title.startswith("Told ") for one in found)
    assert {Path(one.preview).name for one in found} == {f"{Path(one.path).stem}.preview.png" for one in found}
