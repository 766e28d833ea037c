"""Where models of a workflow are saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.errors import BadValue, UnsafePath
from modelyard.jobs.workflows.building import places_of
from modelyard.jobs.workflows.places import Places, models_folder, roots_at
from modelyard.jobs.workflows.wanted import Wanted
from modelyard.library.roots.entries import Entry
from modelyard.library.roots.roots import roots_of


def comfy(home: Path) -> Path:
    for name in ("comfy", "models/loras", "models/checkpoints"):
        (home / name).mkdir(parents=True)
    for name in ("main.py", "folder_paths.py"):
        (home / name).touch()
    return home


def target(places: Places, name: str, folder: str, offered: str = "") -> str:
    return str(places.target(Wanted(name, folder, folder), offered))


def test_a_folder_of_models_is_laid_out_as_comfyui_reads_it(tmp_path: Path) -> None:
    places = Places(models_folder(tmp_path))
    assert target(places, "a.pt", "vae") == f"{tmp_path}/vae/a.pt"
    assert target(places, "sub\\a.pt", "loras") == f"{tmp_path}/loras/sub/a.pt"
    assert target(places, "a.pt", "diffusion_models") == f"{tmp_path}/diffusion_models/a.pt"
    assert target(places, "a.pt", "text_encoders") == f"{tmp_path}/text_encoders/a.pt"


def test_a_name_without_ending_takes_that_of_the_file(tmp_path: Path) -> None:
    places = Places(models_folder(tmp_path))
    assert target(places, "ink v1.5", "loras", "x.safetensors") == f"{tmp_path}/loras/ink v1.5.safetensors"
    assert target(places, "", "loras", "x.safetensors") == f"{tmp_path}/loras/x.safetensors"


@pytest.mark.parametrize("name", ["a.json", "a.yaml", "a", "a.txt"])
def test_what_is_no_model_is_not_saved(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsafePath):
        target(Places(models_folder(tmp_path)), name, "vae", name)


def test_a_link_out_of_the_root_is_refused(tmp_path: Path) -> None:
    (tmp_path / "models/loras").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "models/loras/out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafePath):
        target(Places(models_folder(tmp_path / "models")), "out/a.pt", "loras")


def test_an_unknown_folder_and_a_read_only_root_are_no_place(tmp_path: Path) -> None:
    entry = Entry(path=str(tmp_path), folder="loras", read_only=True)
    for folder in ("loras", "vae", ""):
        with pytest.raises(BadValue):
            target(Places(roots_of([entry])), "a.pt", folder)


def test_the_yaml_of_a_comfyui_names_the_default_place(tmp_path: Path) -> None:
    home = comfy(tmp_path / "c")
    (home / "extra_model_paths.yaml").write_text(f"a:\n  base_path: {tmp_path}/big\n  is_default: true\n  loras: l/\n")
    assert target(Places(roots_at(home)), "a.pt", "loras") == f"{tmp_path}/big/l/a.pt"


def test_a_comfyui_is_found_by_its_parent_its_base_and_its_models(tmp_path: Path) -> None:
    home = comfy(tmp_path / "portable/ComfyUI")
    (home / "models/ipadapter").mkdir()
    for named in (home, home.parent, home / "models"):
        places = Places(roots_at(named))
        assert target(places, "a.pt", "loras") == f"{home}/models/loras/a.pt"
    assert target(Places(roots_at(home)), "a.pt", "ipadapter") == f"{home}/models/ipadapter/a.pt"
    for wrong in (tmp_path, tmp_path / "none"):
        with pytest.raises(BadValue):
            roots_at(wrong)


def test_nothing_is_put_where_a_drive_is_missing(tmp_path: Path) -> None:
    plain = Entry(path=str(tmp_path / "drive/loras"), folder="loras")
    whole = Entry(path=str(tmp_path / "drive/ComfyUI"), comfy=True)
    for entry in (plain, whole):
        with pytest.raises(BadValue, match="is there"):
            target(Places(roots_of([entry])), "a.pt", "loras")
    (tmp_path / "drive/ComfyUI").mkdir(parents=True)
    assert target(Places(roots_of([whole])), "a.pt", "loras").endswith("/ComfyUI/models/loras/a.pt")


def test_the_folder_for_downloads_says_by_itself_nothing_of_kinds(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    usual = Entry(path=str(tmp_path))
    for entries in ([], [usual]):
        places = places_of(roots_of(entries), f"{tmp_path}/")
        assert not places.known and places.root("vae").path == tmp_path / "vae"
    places = places_of(roots_of([usual, Entry(path=str(tmp_path / "other"), folder="loras")]), f"{tmp_path}/")
    with pytest.raises(BadValue):
        places.root("vae")
