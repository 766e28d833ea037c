"""The chart of the transfer bench is proper SVG whose bars are as long as its figures."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest

BENCH = Path(__file__).parents[2] / "bench"
SVG = "{http://www.w3.org/2000/svg}"


def loaded(name: str) -> ModuleType:
    """A file of `bench/`, which is no package."""
    spec = importlib.util.spec_from_file_location(f"bench_{name}", BENCH / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def drawn() -> ET.Element:
    chart = loaded("chart")
    first = chart.Group("one <big> file", [("modelyard", 1.0, "yes"), ("aria2c -x16", 4.0, "yes"), ("hf", 2.0, "no")])
    second = chart.Group("many & small", [("modelyard", 30.0, "measured"), ("curl", 60.0, "-")])
    return ET.fromstring(chart.chart([first, second], "2 cores"))


def test_bars_of_one_workload_share_a_scale(drawn: ET.Element) -> None:
    bars = [one for one in drawn.iter(f"{SVG}rect") if one.get("class") != "page"]
    widths = [float(one.get("width", "")) for one in bars]
    assert [width / widths[1] for width in widths] == [0.25, 1, 0.5, 0.5, 1]
    assert [one.get("class") for one in bars] == ["ours", "other", "other", "ours", "other"]


def test_every_word_and_figure_is_there_as_text(drawn: ET.Element) -> None:
    words = [one.text for one in drawn.iter(f"{SVG}text")]
    assert {"one <big> file", "many & small", "2 cores", "aria2c -x16"} <= set(words)
    assert {"1.00 s, verified", "2.00 s, not verified", "30.00 s, hash measured", "60.00 s"} <= set(words)


def test_nothing_lies_outside_the_picture(drawn: ET.Element) -> None:
    height, width = float(drawn.get("height", "")), float(drawn.get("width", ""))
    for one in drawn.iter():
        assert float(one.get("y", 0)) < height
        assert float(one.get("x", 0)) + (float(one.get("width", 0)) if one.tag == f"{SVG}rect" else 0) <= width


def test_it_has_colours_for_dark_pages(drawn: ET.Element) -> None:
    style = next(drawn.iter(f"{SVG}style")).text or ""
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    for kind in (".page", ".text", ".soft", ".ours", ".other"):
        assert f"{kind} {{ fill: #" in light and f"{kind} {{ fill: #" in dark
