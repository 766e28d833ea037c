"""A walk sees each model once, follows links only inside the roots, and tells what it could not see."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelyard.library.roots.roots import Root
from modelyard.library.units import is_pipeline, units_of
from modelyard.library.walk import Walk


def walked(root: Path, *allowed: Path) -> tuple[list[str], list[str]]:
    walk = Walk(Root("loras", 0, root, str(root)), tuple(os.path.realpath(path) for path in (root, *allowed)))
    found = [os.path.relpath(unit.path, root) for folder in walk.folders(is_pipeline) for unit in units_of(folder)]
    return sorted(found), [problem.code for problem in walk.problems]


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def test_models_are_found_at_any_depth_and_other_files_are_not(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("a.safetensors", "b/c/d.GGUF", "a.json", "b/.x.safetensors.1.part", "r.txt")))
    touch(tmp_path / ".cache" / "e.safetensors", tmp_path / "f.safetensors.part")
    assert walked(tmp_path) == (["a.safetensors", "b/c/d.GGUF"], [])


def test_a_link_inside_the_roots_is_followed_and_one_that_leads_out_is_told(tmp_path: Path) -> None:
    root, other, outside = tmp_path / "root", tmp_path / "other", tmp_path / "outside"
    touch(root / "a.pt", other / "b.pt", outside / "c.pt")
    (root / "in").symlink_to(other)
    (root / "out").symlink_to(outside)
    (root / "file.pt").symlink_to(outside / "c.pt")
    (root / "broken.pt").symlink_to(root / "nothing")
    found, problems = walked(root, other)
    assert found == ["a.pt", "in/b.pt"]
    assert sorted(problems) == ["link-outside", "link-outside", "unreadable"]


def test_a_loop_of_links_ends_and_is_told(tmp_path: Path) -> None:
    touch(tmp_path / "sub" / "a.pt")
    (tmp_path / "sub" / "again").symlink_to(tmp_path)
    assert walked(tmp_path) == (["sub/a.pt"], ["link-loop"])


def test_a_root_that_is_missing_or_a_file_is_told(tmp_path: Path) -> None:
    touch(tmp_path / "file")
    assert walked(tmp_path / "nothing") == ([], ["missing"])
    assert walked(tmp_path / "file") == ([], ["not-a-folder"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_rights_is_told_with_the_command_that_mends_it(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0)
    assert walked(tmp_path)[1] == ["no-permission"]


def test_a_fifo_is_no_model(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.safetensors")
    assert walked(tmp_path) == ([], [])


def test_shards_are_one_model_and_the_lost_ones_are_named(tmp_path: Path) -> None:
    touch(*(tmp_path / f"big-0000{number}-of-00003.safetensors" for number in (1, 3)))
    touch(tmp_path / "small-00001-of-00001.gguf")
    walk = Walk(Root("", 0, tmp_path, str(tmp_path)), (str(tmp_path),))
    units = {Path(unit.path).name: unit for folder in walk.folders() for unit in units_of(folder)}
    assert units["big-00001-of-00003.safetensors"].missing == ("big-00002-of-00003.safetensors",)
    assert len(units["big-00001-of-00003.safetensors"].files) == 2
    assert units["small-00001-of-00001.gguf"].missing == ()


def test_a_pipeline_is_one_folder(tmp_path: Path) -> None:
    touch(tmp_path / "pipe" / "model_index.json", tmp_path / "pipe" / "unet" / "x.safetensors", tmp_path / "a.pt")
    walk = Walk(Root("", 0, tmp_path, str(tmp_path)), (str(tmp_path),))
    seen = [Path(folder.path).name for folder in walk.folders(is_pipeline)]
    assert seen == [tmp_path.name, "pipe"]


def test_blobs_of_ollama_are_models_when_their_bytes_say_so(tmp_path: Path) -> None:
    names = {letter: f"sha256-{letter * 64}" for letter in "abc"}
    (tmp_path / names["a"]).write_bytes(b"GGUF" + bytes(20))
    (tmp_path / names["b"]).write_bytes(b'{"model_format":"gguf"}')
    (tmp_path / f"{names['c']}-partial").write_bytes(b"GGUF" + bytes(20))
    (folder,) = Walk(Root("", 0, tmp_path, str(tmp_path))).folders()
    assert list(folder.models) == [names["a"]]
