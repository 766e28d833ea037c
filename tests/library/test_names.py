from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.errors import UnsafePath
from modelyard.library.names import LONGEST, check_inside, is_program, safe_component, safe_relative


@pytest.mark.parametrize("name", ["", ".", "..", " ", "...", ".bashrc", "\u200b", "\x00", ". ."])
def test_a_name_that_hides_or_leads_away_is_refused(name: str) -> None:
    with pytest.raises(UnsafePath):
        safe_component(name) if name != "\x00" else safe_relative(name)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("model.safetensors", "model.safetensors"),
        ("CON", "_CON"),
        ("nul.safetensors", "_nul.safetensors"),
        ("a:b", "a_b"),
        ("a\\b", "a_b"),
        ("trailing. ", "trailing"),
        ("e\u0301.bin", "é.bin"),
        ("line\nbreak\x1b[31m.bin", "line_break_[31m.bin"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("-rf", "-rf"),
    ],
)
def test_a_name_is_made_safe_on_every_system(name: str, safe: str) -> None:
    assert safe_component(name) == safe


@given(st.text(min_size=1, max_size=400))
def test_whatever_comes_out_is_one_plain_component(name: str) -> None:
    try:
        safe = safe_component(name)
    except UnsafePath:
        return
    assert safe == Path(safe).name
    assert len(safe.encode()) <= LONGEST
    assert not safe.startswith(".")
    assert safe_component(safe) == safe


def test_a_long_name_keeps_its_suffix() -> None:
    assert safe_component("ü" * 300 + ".safetensors").endswith(".safetensors")


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd", "C:/x", "a//b", "a/./b", "~/../x/.."])
def test_a_path_that_leaves_its_folder_is_refused(path: str) -> None:
    with pytest.raises(UnsafePath):
        safe_relative(path)


def test_a_link_out_of_the_root_and_a_place_for_code_are_refused(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "link").symlink_to(outside)
    with pytest.raises(UnsafePath):
        check_inside(root, root / "link" / "model.bin")
    with pytest.raises(UnsafePath):
        check_inside(root, root / "custom_nodes" / "model.bin")
    check_inside(root, root / "new" / "model.bin")


def test_a_name_that_a_system_would_run_is_recognised() -> None:
    assert all(is_program(name) for name in ("run.sh", "sitecustomize.py", "SETUP.EXE", "x.dll"))
    assert not any(is_program(name) for name in ("m.safetensors", "m.pth", "m.pt", "config.json"))
