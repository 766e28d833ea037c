"""Rows of a reader become wants; nothing in them is believed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.jobs.workflows.wanted import Wanted, merged, read_row
from modelyard.library.names import safe_relative

FULL = "ab" * 32


def row(name: object = "a.safetensors", directory: object = "loras", **more: object) -> dict[str, Any]:
    return {"name": name, "directory": directory, "used_by": [], **more}


def test_old_names_of_folders_are_todays() -> None:
    assert [read_row(row(directory=one)).folder for one in ("unet", "clip", "vae", None)] == [
        "diffusion_models",
        "text_encoders",
        "vae",
        "",
    ]


@pytest.mark.parametrize(
    "name",
    ["../a.safetensors", "/a.safetensors", "C:\\a.safetensors", "..\\a.safetensors", "a\0.safetensors", ".a.pt", "a.py"]
    + ["x/../../a.pt", "a.sh", "x" * 1001 + ".pt", "a\x1b.pt/../b.pt"],
)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    assert read_row(row(name)).refused


@pytest.mark.parametrize("directory", ["..", "/etc", "loras/../..", "custom_nodes", "configs", "C:\\x", "~/x"])
def test_folders_that_are_none_for_models_are_refused(directory: str) -> None:
    assert read_row(row(directory=directory)).refused


def test_a_name_in_a_sub_folder_of_windows_is_followed() -> None:
    wanted = read_row(row("sub\\deep\\a.safetensors"))
    assert (wanted.refused, wanted.base) == ("", "a.safetensors")


@given(st.text() | st.none() | st.integers() | st.lists(st.text()), st.text() | st.none(), st.text(), st.integers())
def test_whatever_a_row_holds_it_is_a_want_whose_name_stays_inside(
    name: object, directory: object, url: str, size: int
) -> None:
    wanted = read_row(row(name, directory, url=url, hash=url, size=size, mirrors=[url, 5]))
    if not wanted.refused and wanted.name:
        assert not safe_relative(wanted.name.replace("\\", "/")).is_absolute()
    assert wanted.hash == "" or len(wanted.hash) in (8, 10, 12, 64)


@pytest.mark.parametrize(
    ("told", "digests", "agrees"),
    [
        (FULL, {"sha256": FULL}, True),
        (FULL, {"sha256": "0" * 64}, False),
        (FULL, {"autov2": FULL[:10]}, None),
        (FULL, {}, None),
        (FULL[:10], {"sha256": FULL}, True),
        (FULL[:12], {"tensor-sha256": FULL}, True),
        (FULL[:12], {"autov3": FULL[:12], "sha256": "0" * 64}, True),
        (FULL[:10], {"sha256": "0" * 64, "tensor-sha256": "1" * 64}, False),
        (FULL[:10], {"sha256": "0" * 64}, False),
        (FULL[:10], {"tensor-sha256": FULL}, None),
        (FULL[:12], {"sha256": "0" * 64}, None),
        (FULL[:12], {"sha256": FULL}, True),
        (FULL[:8], {"autov1": FULL[:8]}, True),
        ("", {"sha256": FULL}, None),
    ],
)
def test_hashes_agree_contradict_or_say_nothing(told: str, digests: dict[str, str], agrees: bool | None) -> None:
    assert Wanted("a.safetensors", hash=told).agrees(digests) is agrees
    assert Wanted("a", hash=told).agrees(digests) is agrees


@pytest.mark.parametrize("name", ["a.ckpt", "a.pt", "a.gguf", "A.BIN"])
def test_what_has_no_tensor_hash_is_known_by_its_whole_bytes_alone(name: str) -> None:
    assert Wanted(name, hash=FULL[:12]).agrees({"sha256": "0" * 64}) is False
    assert Wanted(name, hash=FULL[:12]).agrees({"sha256": FULL}) is True


def test_a_model_of_two_workflows_is_one_and_each_row_knows_its_place() -> None:
    rows = [
        read_row(row(url="https://a/1")),
        read_row(row("b.pt")),
        read_row(row(url="https://a/1", hash=FULL, size=5)),
        read_row(row(hash="0" * 64)),
    ]
    found, where = merged(rows)
    assert where == [0, 1, 0, 2]
    assert found[0] == Wanted("a.safetensors", "loras", "loras", FULL, "https://a/1", size=5)
    assert found[2].hash == "0" * 64


def test_two_places_of_one_name_are_two_models_unless_a_hash_says_otherwise() -> None:
    apart = [read_row(row(url=f"https://a/{at}")) for at in (1, 2, 1, 2)]
    assert merged(apart)[1] == [0, 1, 0, 1]
    same = [read_row(row(url=f"https://a/{at}", hash=FULL)) for at in (1, 2)]
    found, where = merged(same)
    assert (where, found[0].mirrors) == ([0, 0], ("https://a/2",))
    forms = [
        read_row(row(url=f"https://huggingface.co/o/r/{form}"))
        for form in ("blob/m/x.pt", "resolve/m/x.pt?download=true")
    ]
    assert merged(forms)[1] == [0, 0]
    assert merged([read_row(row()), *apart])[1] == [0, 0, 1, 0, 1]


def test_a_thing_that_is_called_unsafe_is_refused() -> None:
    assert read_row(row(unsafe=True)).refused
