"""`extra_model_paths.yaml` as ComfyUI reads it: its quirks are kept, what stops it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.errors import BadValue
from modelyard.library.roots.comfy import ComfyPaths
from modelyard.library.roots.extra_paths import read_extra_paths

HOME = Path("/comfy")


def paths(text: str, folder: str) -> list[str]:
    comfy = ComfyPaths(HOME)
    comfy.add(read_extra_paths(text, HOME))
    return [str(path) for path in comfy.finish()[folder]]


def test_paths_come_after_comfyuis_own_and_before_its_outputs() -> None:
    found = paths("a111:\n  base_path: /web\n  loras: models/Lora\n", "loras")
    assert found == ["/comfy/models/loras", "/web/models/Lora", "/comfy/output/loras"]


def test_a_default_group_goes_to_the_front_and_several_lines_end_up_reversed() -> None:
    found = paths("x:\n  is_default: true\n  loras: |\n    /one\n    /two\n", "loras")
    assert found[:3] == ["/two", "/one", "/comfy/models/loras"]


def test_any_text_makes_a_group_the_default_one() -> None:
    assert paths('x:\n  is_default: "false"\n  loras: /one\n', "loras")[0] == "/one"
    assert paths("x:\n  is_default: no\n  loras: /one\n", "loras")[0] == "/comfy/models/loras"


def test_only_base_path_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("DISK", "/disk")
    assert "/home/me/sd/x" in paths("x:\n  base_path: ~/sd\n  vae: x\n", "vae")
    assert "/disk/sd/x" in paths("x:\n  base_path: $DISK/sd\n  vae: x\n", "vae")
    assert "/comfy/~/x" in paths("x:\n  vae: ~/x\n", "vae")


def test_a_blank_at_the_end_stays_part_of_a_path() -> None:
    assert "/one " in paths('x:\n  vae: "/one "\n', "vae")


def test_relative_bases_begin_at_the_file_and_old_names_mean_the_new_ones() -> None:
    assert paths("x:\n  base_path: ../web\n  unet: u\n  clip: c\n", "diffusion_models")[-2] == "/web/u"
    assert "/web/c" in paths("x:\n  base_path: ../web\n  clip: c\n", "text_encoders")


def test_unknown_names_become_folders_of_their_own_and_null_groups_are_passed_over() -> None:
    assert paths("none:\nx:\n  ultralytics_bbox: /u\n", "ultralytics_bbox") == ["/u"]


def test_aliases_and_merges_are_read_as_comfyui_reads_them() -> None:
    text = "here: &here\n  base_path: /web\n  loras: one\nthere:\n  <<: *here\n  vae: two\n"
    assert paths(text, "loras").count("/web/one") == 1 and "/web/two" in paths(text, "vae")
    assert "/web/one" in paths("a: {x: &a /web}\nb:\n  base_path: *a\n  loras: one\n", "loras")


@pytest.mark.parametrize("text", ["[]\n", "x: ''\n", "x: []\n", "x: {}\n"])
def test_what_holds_nothing_stops_nobody(text: str) -> None:
    assert read_extra_paths(text, HOME) == []


@pytest.mark.parametrize(
    "text",
    ["", "x:\n  loras:\n", "x:\n  loras: [a, b]\n", "x: text\n", "- a\n", "x:\n  base_path: 3\n", "x:\n  base_path:\n"],
)
def test_what_stops_comfyui_is_an_error_that_says_so(text: str) -> None:
    with pytest.raises(BadValue, match=r"ComfyUI stops|is no text"):
        read_extra_paths(text, HOME)
