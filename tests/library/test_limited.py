"""Children that read strangers' files: nothing of the current folder runs in them, and they know no key."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from library.reading.test_pool import weights
from modelyard.library.previews.decoder import Decoder
from modelyard.library.reading.pool import Pool


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder is a stranger's: what it holds under the names of our modules leaves a mark."""
    folder, mark = tmp_path / "cloned", tmp_path / "ran"
    folder.mkdir()
    for name in ("msgspec.py", "json.py", "PIL.py", "modelyard.py"):
        (folder / name).write_text(f"open({str(mark)!r}, 'a').write({name!r})\nraise SystemExit\n")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    return mark


def test_heads_are_read_in_a_folder_with_hostile_modules(trap: Path, tmp_path: Path) -> None:
    with Pool(1) as pool:
        (look,) = pool.read([weights(tmp_path / "a.safetensors")])
    assert not trap.exists()
    assert look.identity.kind == "lora"


def test_pictures_are_drawn_in_a_folder_with_hostile_modules(trap: Path) -> None:
    with Decoder(1) as decoder:
        assert decoder.placeholder("ink", "lora", 64, "png").startswith(b"\x89PNG")
    assert not trap.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_child_knows_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_very_secret")
    with Pool(1) as pool:
        pool.read([weights(tmp_path / "a.safetensors")])
        child = pool._children[0]._process
        assert child is not None
        assert b"hf_very_secret" not in Path(f"/proc/{child.pid}/environ").read_bytes()
