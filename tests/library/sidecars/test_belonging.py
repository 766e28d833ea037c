"""Which files move with a model."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.errors import BadValue
from modelyard.library.sidecars.belonging import renamed, sidecars_of
from modelyard.values.suffixes import MODELS

HERE = Path("/models")


def moves(model: str, *names: str) -> set[str]:
    return {path.name for path in sidecars_of(HERE / model, {model, *names}).moves}


def shared(model: str, *names: str) -> set[str]:
    return {path.name for path in sidecars_of(HERE / model, {model, *names}).shared}


def test_sidecars_previews_and_the_config_of_a_checkpoint_move() -> None:
    theirs = {
        "a.info",
        "a.civitai.info",
        "a.metadata.json",
        "a.json",
        "a.preview.png",
        "a.PNG",
        "a.yaml",
        "a.md",
        "a.example.0.jpeg",
    }
    theirs |= {"a.safetensors.rgthree-info.json", "a.preview.png.bak", "a_0.jpg"}
    assert moves("a.safetensors", *theirs) == theirs


def test_longer_names_belong_to_other_models() -> None:
    assert (
        moves("a.safetensors", "a.b.safetensors", "a.b.png", "a.b.info", "ab.png", "a.safetensors.index.json") == set()
    )
    assert moves("a.b.safetensors", "a.safetensors", "a.b.png", "a.b.info", "a.png") == {"a.b.png", "a.b.info"}


def test_what_two_models_have_in_common_is_shared() -> None:
    names = ("a.ckpt", "a.png", "a.safetensors.rgthree-info.json", "a.ckpt.rgthree-info.json")
    assert shared("a.safetensors", *names) == {"a.png"}
    assert moves("a.safetensors", *names) == {"a.safetensors.rgthree-info.json"}


@pytest.mark.parametrize("ending", sorted(MODELS - {".safetensors"}))
def test_each_kind_of_model_has_a_claim(ending: str) -> None:
    assert shared("a.safetensors", f"a{ending}", "a.png") == {"a.png"}
    assert shared(f"a{ending}", "a.safetensors", "a.png") == {"a.png"}


def test_an_ending_that_is_part_of_another_models_name_is_shared() -> None:
    assert shared("a.safetensors", "a.preview.gguf", "a.preview.png") == {"a.preview.png"}
    assert shared("a.safetensors", "a_0.safetensors", "a_0.jpg") == {"a_0.jpg"}


@pytest.mark.parametrize(
    ("old", "new"),
    [("a.b.preview.PNG", "new.preview.PNG"), ("a.b.ckpt.rgthree-info.json", "new.safetensors.rgthree-info.json")],
)
def test_a_sidecar_is_renamed_with_its_model(old: str, new: str) -> None:
    assert renamed(HERE / old, HERE / "a.b.ckpt", Path("/other/new.safetensors")) == Path("/other") / new


def test_a_stranger_is_not_renamed() -> None:
    with pytest.raises(BadValue):
        renamed(HERE / "c.png", HERE / "a.ckpt", HERE / "b.ckpt")


NAMES = st.lists(
    st.sampled_from(["a", "b", ".", "preview", "png", "info", "json", "_0", "jpg", "gguf", "ckpt"]),
    min_size=1,
    max_size=5,
)


@given(st.sets(NAMES.map("".join), max_size=8), st.sampled_from(["a.ckpt", "a.b.gguf", "a", "b.preview.ckpt"]))
def test_nothing_moves_with_two_models(names: set[str], model: str) -> None:
    told = sidecars_of(HERE / model, names | {model})
    assert not set(told.moves) & set(told.shared)
    for other in names:
        if other != model and other.endswith((".ckpt", ".gguf")):
            theirs = sidecars_of(HERE / other, names | {model})
            assert not set(theirs.moves) & set(told.moves) or not model.endswith((".ckpt", ".gguf"))
