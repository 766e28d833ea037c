"""What docs/python.md shows is run, line by line, against a practice hub that has those models."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import modelyard
from jobs.library import model
from modelyard.testing import PracticeHub
from modelyard.testing.civitai_data import Model, ModelFile, Version
from modelyard.testing.models import safetensors_of_size

PAGE = (Path(__file__).parents[2] / "docs" / "python.md").read_text("utf-8")
ONE, BACKGROUND, LIBRARY, CARE, AWAITED, REFUSED = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def place(hub: PracticeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's folder, in which these lines are typed, and the hubs that they name."""
    files = {"model.safetensors": 300_000, "config.json": b"{}"}
    hub.hf.add_repo("Qwen/Qwen3-0.6B", files)
    hub.hf.add_repo("owner/repo", files)
    hub.modelscope.add_repo("Qwen/Qwen3-0.6B", files)
    for number, version in ((133005, 1), (123, 456)):
        file = ModelFile(version, f"m{version}.safetensors", safetensors_of_size(300_000, seed=version))
        hub.civitai.models[number] = Model(number, f"Model {number}", "LORA", [Version(version, "v1", [file])])
    for name, value in {**hub.env(), "HOME": str(tmp_path), "MODELYARD_HOME": str(tmp_path / "yard")}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "ComfyUI" / "models" / "loras").mkdir(parents=True)
    for name in ("main.py", "folder_paths.py", "comfy"):
        (tmp_path / "ComfyUI" / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def yard() -> Iterator[modelyard.Modelyard]:
    with modelyard.Modelyard() as opened:
        yield opened


def run(block: str, **names: Any) -> dict[str, Any]:
    """Run a block of the page; gives its names. A line may await."""
    told: dict[str, Any] = dict(names)
    result = eval(compile(block, "python.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), told)
    if inspect.iscoroutine(result):
        asyncio.run(result)
    return told


def test_one_call_gives_a_model_with_what_the_page_says_of_it(place: Path) -> None:
    got = run(ONE)["model"]
    assert got.path == place / "models" / "model.safetensors" and got.size == got.path.stat().st_size == 300_000
    assert re.fullmatch("[0-9a-f]{64}", got.sha256) and got.verified is True and got.received == 300_000
    assert run(ONE)["model"].received == 0
    [sentence] = re.findall(r"`(modelyard\.download_all\(.*?\))`", PAGE)
    assert [one.path.name for one in run(f"import modelyard\nmodels = {sentence}")["models"]] == ["model.safetensors"]


def test_a_transfer_in_the_background_tells_how_far_it_is(
    hub: PracticeHub, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.faults.speed = 600_000
    names = run(BACKGROUND, modelyard=modelyard)
    assert [one.path for one in names["models"]] == [place / "checkpoints" / "m1.safetensors"]
    assert re.search(r"^m1.safetensors \d+ 300000 [\d.]+ ([\d.]+|None) 0$", capsys.readouterr().out, re.MULTILINE)


def test_the_library_is_scanned_listed_and_has_a_model_ready(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model(place / "ComfyUI/models/loras/anime.safetensors")
    ready: list[Path] = []
    names = run(LIBRARY, modelyard=modelyard, load=ready.append)
    assert re.search(r"anime.safetensors .* \w+$", capsys.readouterr().out, re.MULTILINE)
    assert names["path"] == place / "ComfyUI/models/loras/m456.safetensors"
    assert names["lora"].state == "ready" and ready == [names["path"]]


def test_models_are_cared_for_as_the_page_says(yard: modelyard.Modelyard, place: Path) -> None:
    loras, slow = place / "ComfyUI/models/loras", place / "slow/loras"
    slow.mkdir(parents=True)
    for number in range(13):
        model(loras / ("ink.safetensors" if number == 0 else f"m{number:02}.safetensors"), number)
    yard.library.add("~/ComfyUI", comfy=True)
    yard.library.add(slow, folder="loras")
    yard.library.scan()
    run(CARE.replace("/mnt/slow", str(place / "slow")).replace("loras/ink", str(loras / "ink")), yard=yard)
    assert yard.library.show(13).about.own.tags == ("style",)


def test_the_same_lines_can_be_awaited(place: Path) -> None:
    names = run(AWAITED, modelyard=modelyard)
    assert [one.path for one in names["models"]] == [place / "models" / "model.safetensors"]
    assert names["listing"].title


def test_an_error_says_what_the_page_says() -> None:
    block = REFUSED.replace("    error.code  #", "    caught = error\n    error.code  #")
    caught = run(block, modelyard=modelyard)["caught"]
    assert caught.code == re.findall(r'error.code  # "(.*)"', PAGE)[0]
    assert "owner/no-such-model" in caught.message and caught.hint and caught.retryable is False and caught.link is None
