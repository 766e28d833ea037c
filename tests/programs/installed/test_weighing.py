"""Models are counted once, however many names they have; nothing outside of the folder is counted."""

from __future__ import annotations

import os
from pathlib import Path

from modelyard.programs.installed.weighing import Weight, weigh
from programs.installed import trees


def test_files_that_share_their_bytes_count_once(tmp_path: Path) -> None:
    first = trees.gguf(tmp_path / "a" / "x.gguf")
    os.link(first, tmp_path / "a" / "y.gguf")
    trees.put(tmp_path / "a" / "z.txt", "no model")
    assert weigh((tmp_path / "a",)) == Weight(1, first.stat().st_size)
    assert weigh((tmp_path / "a", tmp_path)) == Weight(1, first.stat().st_size)
    assert weigh((tmp_path / "missing",)) == Weight()


def test_links_count_where_they_stay_inside_and_blobs_where_they_are_models(tmp_path: Path) -> None:
    assert weigh((trees.hf_cache(tmp_path / "hub"),)).models == 1
    store = trees.ollama(tmp_path / "store")
    trees.put(store / "blobs" / f"sha256-{'b' * 64}", "a template")
    assert weigh((store / "blobs",)).models == 1
    outside = trees.gguf(tmp_path / "outside.gguf")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "l.gguf").symlink_to(outside)
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "gone.gguf").symlink_to(tmp_path / "nowhere")
    assert weigh((tmp_path / "in",)) == Weight()
