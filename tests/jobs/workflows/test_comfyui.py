"""A ComfyUI that runs: its folders count where they are on this machine; odd answers are told or left out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard.app import App
from modelyard.errors import BadAnswer, NetworkError
from modelyard.jobs.workflows.comfyui import Comfy, ask
from modelyard.jobs.workflows.places import Places
from modelyard.jobs.workflows.resolving import Resolver
from modelyard.programs.workflows.documents import of_value
from modelyard.testing import PracticeHub
from modelyard.testing.workflows import needing
from programs.workflows.made import canvas, node

INFO = {"VAELoader": {"input": {"required": {"vae_name": [["v.safetensors", "sub\\w.safetensors"]]}}}}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with App({"MODELYARD_HOME": str(tmp_path / "home"), "MODELYARD_RETRY_RETRIES": "0"}) as made:
        yield made


def serve(hub: PracticeHub, paths: object, info: object = INFO, models: object = ("vae", "custom_nodes")) -> str:
    answers: dict[str, Any] = {"object_info": info, "models": models, "models/vae": ["v.safetensors"]}
    for name, told in {**answers, "internal/folder_paths": paths}.items():
        hub.add_file(f"c/{name}", json.dumps(told).encode())
    return f"{hub.url}/files/c"


def test_folders_of_this_machine_are_roots_and_others_are_not(hub: PracticeHub, app: App, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    told = {
        "vae": [f"{tmp_path}/models/vae", "/app/elsewhere/models/vae", "relative/vae"],
        "custom_nodes": [str(tmp_path / "models")],
        "../evil": [str(tmp_path / "models")],
        "odd": 5,
    }
    found = ask(app.api, serve(hub, told))
    assert [(root.folder, str(root.path)) for root in found.roots.all] == [("vae", f"{tmp_path}/models/vae")]


def test_what_it_lists_is_told_of_each_name(hub: PracticeHub, app: App) -> None:
    found = ask(app.api, serve(hub, {}) + "/")
    assert isinstance(found, Comfy)
    names = ("v.safetensors", "sub/w.safetensors", "other.safetensors")
    workflow = of_value(needing(*({"name": name, "directory": "vae"} for name in names)))
    assert workflow is not None
    assert [row["listed"] for row in found.compared(workflow).needed] == [True, True, False]
    assert found.roots.all == ()


def test_an_empty_comfyui_with_our_extension_says_the_folders_of_its_loaders(hub: PracticeHub, app: App) -> None:
    def directory() -> str | None:
        workflow = of_value(canvas(node(1, "OddLoader", "fast", "odd.safetensors")))
        assert workflow is not None
        return str(found.compared(workflow).needed[0]["directory"])

    url = serve(hub, {}, INFO | {"OddLoader": {"input": {"required": {"how": [["fast"]], "file": [[]]}}}})
    for told in (None, 5, {"rows": 5}, {"rows": [["OddLoader", "file", 1]]}):
        hub.add_file("c/modelyard/inputs", json.dumps(told).encode())
        found = ask(app.api, url)
        assert (directory(), found.notes) == ("None", ())
    hub.add_file("c/modelyard/inputs", json.dumps({"rows": [["OddLoader", "file", 1, "gligen"]]}).encode())
    found = ask(app.api, url)
    assert directory() == "gligen"


@pytest.mark.parametrize("info", [[], {}, "x", 5, None])
def test_what_answers_otherwise_is_no_comfyui(hub: PracticeHub, app: App, info: object) -> None:
    with pytest.raises(BadAnswer):
        ask(app.api, serve(hub, {}, info))


@pytest.mark.parametrize("odd", [None, 5, "x", [1], {"vae": None}, [["vae"]]])
def test_odd_lists_are_left_out(hub: PracticeHub, app: App, odd: object) -> None:
    assert ask(app.api, serve(hub, odd, models=["vae"])).roots.all == ()


def test_nobody_at_the_address_is_said(app: App) -> None:
    with pytest.raises(NetworkError):
        ask(app.api, "http://127.0.0.1:9")


@pytest.mark.parametrize("fault", ["stall", "stall_hdr", "s500forever"])
def test_a_folder_that_is_not_listed_is_told_and_the_plan_is_made_without_it(
    hub: PracticeHub, app: App, tmp_path: Path, fault: str
) -> None:
    (tmp_path / "models").mkdir()
    url = serve(hub, {"vae": [f"{tmp_path}/models/vae"]}, models=["loras", "vae"])
    hub.add_file("c/models/loras", json.dumps(["l.safetensors"] * 100).encode())
    hub.faults.use(fault, "*c/models/loras")
    began = time.monotonic()
    found = ask(app.api, url, seconds=4)
    assert time.monotonic() - began < 10
    (note,) = found.notes
    assert "did not list loras" in note
    assert [root.folder for root in found.roots.all] == ["vae"]
    workflow = of_value(needing({"name": "v.safetensors", "directory": "vae"}))
    assert workflow is not None
    (row,) = found.compared(workflow).needed
    assert (row["directory"], row["listed"]) == ("vae", True)
    assert Resolver(Places(found.roots, notes=found.notes)).plan([row]).notes == found.notes


@pytest.mark.parametrize("route", ["object_info", "models"])
def test_a_comfyui_that_hangs_is_not_waited_for(hub: PracticeHub, app: App, route: str) -> None:
    url = serve(hub, {})
    hub.faults.use("stall_hdr", f"*c/{route}")
    began = time.monotonic()
    with pytest.raises(NetworkError):
        ask(app.api, url, seconds=1)
    assert time.monotonic() - began < 8


@pytest.mark.parametrize(("fault", "settings"), [("cut_always1m", {"every": 20}), ("nolen_cut", {}), ("chunk_cut", {})])
def test_a_comfyui_that_ends_in_the_middle_of_its_answer_is_said(
    hub: PracticeHub, app: App, fault: str, settings: dict[str, int]
) -> None:
    url = serve(hub, {})
    hub.faults.use(fault, "*c/object_info", **settings)
    with pytest.raises(NetworkError):
        ask(app.api, url, seconds=4)


def test_many_folders_are_asked_for_a_few_at_once(hub: PracticeHub, app: App) -> None:
    names = [f"k{number}" for number in range(40)]
    url = serve(hub, {}, models=names)
    for name in names:
        hub.add_file(f"c/models/{name}", b"[]")
    hub.faults.latency = 0.25
    began = time.monotonic()
    assert ask(app.api, url).notes == ()
    assert time.monotonic() - began < 43 * 0.25
