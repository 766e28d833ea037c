"""What each tool wrote is read, written back and read again: the same facts, and its own bytes where they stood."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from library.sidecars.tools import TOOLS, Sidecar
from modelyard.library.sidecars.reading import read_all
from modelyard.library.sidecars.writing import write
from modelyard.values.about import About


@pytest.fixture(params=TOOLS)
def sidecar(request: pytest.FixtureRequest) -> Sidecar:
    return TOOLS[request.param]


@pytest.fixture
def model(tmp_path: Path, sidecar: Sidecar) -> Path:
    path = tmp_path / "ink.safetensors"
    path.write_bytes(b"x")
    (tmp_path / f"ink.{sidecar.form}").write_bytes(sidecar.data)
    return path


def test_what_was_read_is_written_and_read_again_the_same(model: Path, sidecar: Sidecar) -> None:
    read = read_all(model)
    assert not read.problems and (read.about.name or read.about.description or read.about.trained_words)
    written = write(model, read.about, (sidecar.form,))
    assert not written.errors
    assert read_all(model).about == read.about
    data = model.with_name(f"ink.{sidecar.form}").read_bytes()
    assert [one for one in sidecar.foreign if one not in data] == []
    write(model, read.about, (sidecar.form,))
    assert model.with_name(f"ink.{sidecar.form}").read_bytes() == data, "a second time changes nothing"


def test_what_is_new_stands_there_and_every_foreign_byte_in_its_order(model: Path, sidecar: Sidecar) -> None:
    before = read_all(model).about
    if sidecar.form in ("metadata.json", "json"):  # trigger words that stand there are theirs
        changed = replace(before, own=replace(before.own, notes="neu 新"))
    else:
        changed = replace(before, trained_words=(*before.trained_words, "neu 新"))
    assert write(model, changed, (sidecar.form,)).changed
    data, after = model.with_name(f"ink.{sidecar.form}").read_bytes(), read_all(model).about
    assert "neu 新" in after.own.notes + " ".join(after.trained_words)
    assert bare(after) == bare(before)
    assert [one for one in sidecar.foreign if one not in data] == []
    assert sorted(sidecar.foreign, key=data.index) == sorted(sidecar.foreign, key=sidecar.data.index)


def bare(about: About) -> About:
    """Without what was new."""
    return replace(about, trained_words=(), own=replace(about.own, notes=""))


def test_a_new_file_has_every_field_without_which_lora_manager_passes_the_model_over(tmp_path: Path) -> None:
    model = tmp_path / "ink.safetensors"
    model.write_bytes(b"x")
    write(model, About(name="Ink"), ("metadata.json",))
    told = json.loads((tmp_path / "ink.metadata.json").read_bytes())
    asked = {"file_name", "model_name", "file_path", "size", "modified", "sha256", "base_model", "preview_url"}
    assert asked <= told.keys() and (told["file_name"], told["size"]) == ("ink", 1)
