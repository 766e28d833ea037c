"""Registered places become numbered roots; nothing outside of them counts as inside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelyard.errors import BadValue, NoSuchRoot, UnsafePath
from modelyard.library.roots.entries import Entries, Entry, recognised
from modelyard.library.roots.roots import roots_of


@pytest.fixture
def comfy(tmp_path: Path) -> Path:
    home = tmp_path / "ComfyUI"
    for place in ("comfy", "models/loras", "models/unet", "models/diffusion_models"):
        (home / place).mkdir(parents=True)
    for name in ("main.py", "folder_paths.py"):
        (home / name).touch()
    return home


def test_a_comfyui_gives_its_folders_with_its_indices(comfy: Path) -> None:
    roots = roots_of([Entry(path=str(comfy), comfy=True)])
    assert roots.get("diffusion_models", 0).path == comfy / "models/unet"
    assert roots.get("unet", 1).path == comfy / "models/diffusion_models", "the old name means the new one"
    assert roots.get("loras", 1).path == comfy / "output/loras"
    assert "custom_nodes" not in roots.by_folder()
    assert roots.problems == ()


def test_a_comfyui_is_recognised_unless_its_content_is_named(comfy: Path, tmp_path: Path) -> None:
    whole = Entry(path=str(comfy), read_only=True)
    assert recognised(whole) == Entry(path=str(comfy), read_only=True, comfy=True)
    for other in (
        Entry(path=str(comfy), folder="loras"),
        Entry(path=str(tmp_path)),
        Entry(path="/no\0where"),
        Entry(path="/" + "x" * 300),
    ):
        assert recognised(other) is other


def test_its_switches_move_the_folders(comfy: Path, tmp_path: Path) -> None:
    moved = roots_of([Entry(path=str(comfy), comfy=True, base=str(tmp_path / "b"), models=str(tmp_path / "m"))])
    assert moved.get("loras", 0).path == tmp_path / "m/loras"
    assert moved.get("loras", 1).path == tmp_path / "b/output/loras"


def test_its_output_directory_moves_the_folders_of_its_save_nodes_and_wins_over_the_base(
    comfy: Path, tmp_path: Path
) -> None:
    out = tmp_path / "o"
    entry = Entry(path=str(comfy), comfy=True, base=str(tmp_path / "b"), output=str(out))
    roots = roots_of([entry]).by_folder()
    last = {name: places[-1].path for name, places in roots.items() if places[-1].path.is_relative_to(out)}
    assert last == {
        "checkpoints": out / "checkpoints",
        "loras": out / "loras",
        "vae": out / "vae",
        "text_encoders": out / "clip",
        "diffusion_models": out / "diffusion_models",
    }
    assert [root.path for root in roots["loras"]] == [tmp_path / "b/models/loras", out / "loras"]


COMFYUI_FOLDERS = {
    "checkpoints": "models/checkpoints output/checkpoints",
    "configs": "",
    "loras": "models/loras output/loras",
    "vae": "models/vae output/vae",
    "text_encoders": "models/text_encoders models/clip output/clip",
    "diffusion_models": "models/unet models/diffusion_models output/diffusion_models",
    "clip_vision": "models/clip_vision",
    "style_models": "models/style_models",
    "embeddings": "models/embeddings",
    "diffusers": "models/diffusers",
    "vae_approx": "models/vae_approx",
    "controlnet": "models/controlnet models/t2i_adapter",
    "gligen": "models/gligen",
    "upscale_models": "models/upscale_models",
    "latent_upscale_models": "models/latent_upscale_models",
    "custom_nodes": "",
    "datasets": "",
    "hypernetworks": "models/hypernetworks",
    "photomaker": "models/photomaker",
    "classifiers": "models/classifiers",
    "model_patches": "models/model_patches",
    "audio_encoders": "models/audio_encoders",
    "background_removal": "models/background_removal",
    "frame_interpolation": "models/frame_interpolation",
    "geometry_estimation": "models/geometry_estimation",
    "optical_flow": "models/optical_flow",
    "detection": "models/detection",
}
"""ComfyUI 0.33.0's own 27 names and where their models lie, first its folders, then those of its save nodes."""


def test_each_of_the_27_folders_lies_where_comfyui_has_it_and_three_hold_no_models(comfy: Path) -> None:
    assert len(COMFYUI_FOLDERS) == 27
    expected = {name: [comfy / one for one in places.split()] for name, places in COMFYUI_FOLDERS.items() if places}
    found = roots_of([Entry(path=str(comfy), comfy=True)]).by_folder()
    assert {name: [root.path for root in roots] for name, roots in found.items()} == expected
    assert set(COMFYUI_FOLDERS) - set(found) == {"configs", "custom_nodes", "datasets"}


def test_a_bad_yaml_is_a_problem_with_a_fix_and_the_other_folders_stay(comfy: Path) -> None:
    (comfy / "extra_model_paths.yaml").write_text("x:\n  loras:\n")
    roots = roots_of([Entry(path=str(comfy), comfy=True, extra=("/not/there.yaml",))])
    assert [problem.code for problem in roots.problems] == ["bad-yaml", "bad-yaml"]
    assert all(problem.hint for problem in roots.problems)
    assert roots.get("loras", 0).path == comfy / "models/loras"


def test_own_folders_come_after_in_the_order_they_were_registered(comfy: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    places = [Entry(path=str(comfy), comfy=True)]
    places += [Entry(path=str(tmp_path / name), folder="loras") for name in ("one", "two")]
    assert [root.path.name for root in roots_of(places).by_folder()["loras"]] == ["loras", "loras", "one", "two"]


def test_an_index_that_is_not_there_is_told_with_those_that_are(comfy: Path) -> None:
    roots = roots_of([Entry(path=str(comfy), comfy=True)])
    for index in (-1, 2, 10**9):
        with pytest.raises(NoSuchRoot) as told:
            roots.get("loras", index)
        assert "0 to 1" in told.value.hint


def test_only_what_lies_in_a_root_is_inside(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "way").symlink_to(outside)
    roots = roots_of([Entry(path=str(root))])
    assert roots.inside(root / "sub" / "x").path == root
    for path in (outside / "x", root / ".." / "outside" / "x", root / "way" / "x", tmp_path / "rootx" / "y", root):
        with pytest.raises(UnsafePath):
            roots.inside(path)


def test_places_are_kept_and_forgotten(tmp_path: Path) -> None:
    entries = Entries(tmp_path / "data")
    (tmp_path / "models").mkdir()
    kept = entries.keep(Entry(path=str(tmp_path / "models"), folder="vae"))
    entries.keep(Entry(path=str(tmp_path / "models"), folder="loras", read_only=True))
    assert Entries(tmp_path / "data").all() == [Entry(path=kept.path, folder="loras", read_only=True)]
    entries.remove(kept.path)
    assert entries.all() == []
    with pytest.raises(NoSuchRoot):
        entries.remove(kept.path)


@pytest.mark.parametrize("path", ["relative", "/", os.path.expanduser("~"), "/not/there", "/tmp\0x"])
def test_what_cannot_be_a_root_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(BadValue):
        Entries(tmp_path).keep(Entry(path=path))


def test_a_folder_without_comfyui_is_no_comfyui(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="no ComfyUI"):
        Entries(tmp_path / "data").keep(Entry(path=str(tmp_path), comfy=True))


def test_a_folder_is_not_registered_twice_under_two_names(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "models")
    entries = Entries(tmp_path / "data")
    entries.keep(Entry(path=str(tmp_path / "models")))
    with pytest.raises(BadValue, match="registered already"):
        entries.keep(Entry(path=str(tmp_path / "link")))


def test_a_pipe_in_place_of_the_settings_holds_nobody(tmp_path: Path) -> None:
    for name in ("main.py", "folder_paths.py", "comfy"):
        (tmp_path / name).touch()
    os.mkfifo(tmp_path / "extra_model_paths.yaml")
    found = roots_of([Entry(path=str(tmp_path), comfy=True)])
    assert [problem.code for problem in found.problems] == ["bad-yaml"]
