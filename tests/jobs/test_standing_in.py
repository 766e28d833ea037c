"""What may stand in: the same kind and base first, another base only when there is none, and it is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modelyard.app import App
from modelyard.jobs.ensuring import Want
from modelyard.jobs.standing_in import Fallback, sought

from .library import model, scanned


@pytest.mark.parametrize(
    ("name", "address", "base", "family"),
    [
        ("my style sdxl.safetensors", "", "", "sdxl"),
        ("ponyStyle.safetensors", "", "", "sdxl"),
        ("x.safetensors", "hf:me/flux.1-dev-loras", "", "flux1"),
        ("sd15/detail.safetensors", "", "", "sd15"),
        ("qwen_image_edit.safetensors", "", "", "qwen-image"),
        ("black swan by laura.safetensors", "", "", ""),
        ("flux.safetensors", "", "SDXL 1.0", "sdxl"),
        ("flux.safetensors", "", "Something New", "something new"),
        ("", "", "", ""),
    ],
)
def test_the_base_of_what_is_wanted_is_what_the_asker_says_else_its_name(
    name: str, address: str, base: str, family: str
) -> None:
    assert sought("loras", name, address, base).family == family


def known(app: App, path: Path, **told: Any) -> None:
    app.stock.catalogue.write(app.stock.catalogue.at(str(path)).id, told)


def offered(app: App, **want: str) -> list[Fallback]:
    return app.ensure.look(Want(folder="loras", **want), fetch=False).fallbacks


@pytest.fixture
def three(app: App, root: Path) -> App:
    """A LoRA for SD 1.5 that is used a lot and shares words, one for SDXL, and a VAE among them."""
    for name, told in {
        "film grain": {"family": "sd15", "kind": "lora", "uses": 90},
        "portrait": {"family": "sdxl", "kind": "lora", "uses": 1},
        "film vae": {"family": "sdxl", "kind": "vae", "uses": 50},
    }.items():
        path = model(root / f"{name}.safetensors", len(name))
        scanned(app)
        known(app, path, **told)
    return app


def test_a_model_of_the_same_base_goes_before_one_of_the_same_name(three: App) -> None:
    (one,) = offered(three, name="film grain sdxl.safetensors")
    assert (one.title, one.kind, one.fits, one.why) == ("portrait", "lora", True, "A lora, for the same base: sdxl.")
    (one,) = offered(three, name="grainy film.safetensors", base="SD 1.5")
    assert (one.title, one.fits) == ("film grain", True)


def test_another_base_is_offered_when_there_is_none_and_it_is_said(three: App) -> None:
    found = offered(three, name="film grain flux.safetensors")
    assert [one.title for one in found] == ["film grain", "portrait"] and not any(one.fits for one in found)
    assert found[0].why == "A lora, but for sd15; what is wanted is for flux1."


def test_where_nobody_knows_the_base_the_likest_names_come_first(three: App) -> None:
    found = offered(three, name="portrait of a swan.safetensors")
    assert [one.title for one in found] == ["portrait", "film grain"]
    assert found[0].why == "A lora for sdxl; for which base the wanted one is made, nobody said."
    assert not found[0].fits


def test_another_kind_never_stands_in(three: App) -> None:
    for name in ("film vae sdxl.safetensors", "film vae.safetensors"):
        assert "film vae" not in [one.title for one in offered(three, name=name)]


def test_what_is_damaged_does_not_stand_in(three: App, root: Path) -> None:
    known(three, root / "portrait.safetensors", health="damaged")
    assert [one.title for one in offered(three, name="portrait sdxl.safetensors")] == ["film grain"]
