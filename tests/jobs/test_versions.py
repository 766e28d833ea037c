"""Newer versions: told for the same base, once, and no more when nobody wants to hear of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.catalogue.versions import Installed
from modelyard.jobs.versions import VersionsOptions, look_for_versions, newer_than, versions_of
from modelyard.net.stop import Stop
from modelyard.testing import PracticeHub
from modelyard.testing import civitai_data as practice
from modelyard.testing.models import safetensors_of_size
from modelyard.values.about import Version, VersionFile

from .library import library, model, scanned


def version(name: str, base: str = "SDXL", sha256: str = "") -> Version:
    return Version(name, name, base, files=(VersionFile("f", 1, {"sha256": sha256} if sha256 else {}),))


LISTED = [version("5", "Flux"), version("4"), version("3", sha256="ab"), version("2"), Version("empty")]


@pytest.mark.parametrize(
    ("here", "any_base", "found"),
    [
        ([("2", "")], False, ["4", "3"]),
        ([("2", "")], True, ["5", "4", "3"]),
        ([("2", ""), ("4", "")], False, []),
        ([("2", ""), ("4", "")], True, ["5"]),
        ([("", "ab")], False, ["4"]),
        ([("nobody lists it", "")], True, []),
        ([("empty", "")], False, ["4", "3", "2"]),
    ],
)
def test_newer_is_what_stands_before_everything_that_is_here(
    here: list[tuple[str, str]], any_base: bool, found: list[str]
) -> None:
    ours = [Installed(number, name, "sdxl", (digest,) if digest else ()) for number, (name, digest) in enumerate(here)]
    assert [one.id for one in newer_than(ours[0], ours, LISTED, any_base=any_base)] == found


@pytest.fixture
def yard(hub: PracticeHub, tmp_path: Path) -> Iterator[tuple[App, Path]]:
    with library(tmp_path, **hub.env()) as both:
        yield both


def look(app: App, **said: object) -> dict[str, object]:
    return look_for_versions(app.stock, VersionsOptions(**said), Stop(), lambda _: None)  # type: ignore[arg-type]


def test_a_hub_is_asked_once_a_model_and_what_is_ignored_stays_so(yard, hub: PracticeHub) -> None:
    app, root = yard
    made = [
        practice.Version(
            number, f"v{number}", [practice.ModelFile(number, "a.safetensors", safetensors_of_size(9000 + number))]
        )
        for number in (702, 701)
    ]
    hub.civitai.add_model(practice.Model(700, "Several", "LORA", made))
    old = versions_of(app.stock, "civitai", "700")[-1]
    path = model(root / "a.safetensors")
    (root / "a.civitai.info").write_text(json.dumps({"id": int(old.id), "modelId": 700, "baseModel": old.base_model}))
    scanned(app)
    number = app.stock.catalogue.at(str(path)).id
    told = look(app, any_base=True)
    assert (told["asked"], told["newer"]) == (1, 1)
    found = app.stock.catalogue.newer()
    assert {one.model for one in found} == {number} and all(one.version.id != old.id for one in found)
    app.stock.catalogue.ignore_version(number, found[0].version.id, on=True)
    look(app, any_base=True)
    assert found[0].version.id not in [one.version.id for one in app.stock.catalogue.newer()]
    app.stock.catalogue.ignore_version(number, "*", on=False)
    assert len(app.stock.catalogue.newer()) == len(found)


def test_a_model_that_its_hub_deleted_is_counted_and_nothing_is_lost(yard) -> None:
    app, root = yard
    path = model(root / "a.safetensors")
    (root / "a.civitai.info").write_text(json.dumps({"id": 1, "modelId": 99999999, "model": {"name": "Kept"}}))
    scanned(app)
    assert look(app)["gone"] == 1
    assert app.stock.catalogue.at(str(path)).title == "Kept"
