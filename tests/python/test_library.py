"""The library from Python: found, cared for, and models that a program waits for."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import modelyard
from jobs.library import model
from modelyard.errors import Busy, NoSuchModel
from modelyard.server.folder import held
from modelyard.testing import PracticeHub


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "loras"
    folder.mkdir()
    return folder


@pytest.fixture
def yard(hub: PracticeHub, tmp_path: Path, root: Path) -> Iterator[modelyard.Modelyard]:
    hub.hf.add_repo("me/model", {"m.safetensors": 200_000})
    environ = {**os.environ, **hub.env(), "MODELYARD_HOME": str(tmp_path / "yard")}
    with modelyard.Modelyard(environ=environ, settings={"retry.first": "0.05"}) as yard:
        yard.library.add(root, folder="loras")
        yield yard


def test_models_are_scanned_measured_listed_and_verified(yard: modelyard.Modelyard, root: Path) -> None:
    for number in range(3):
        model(root / f"m{number}.safetensors", number)
    steps: list[str] = []
    assert yard.library.scan(on_step=lambda step: steps.append(step.note))["added"] == 3
    assert steps
    assert yard.library.measure()["measured"] == 3
    found = list(yard.library.models("m1", kind=["lora"]))
    assert [one.name for one in found] == ["m1"]
    assert yard.library.show(found[0].path).model.sha256
    assert yard.library.verify()["counts"] == {"measured": 3}
    with pytest.raises(NoSuchModel):
        yard.library.show(99)


def test_a_running_service_keeps_the_library_to_itself(yard: modelyard.Modelyard) -> None:
    with held(yard.app.folder), pytest.raises(Busy):
        yard.library.scan()


def test_a_needed_model_is_fetched_and_every_waiter_is_told(yard: modelyard.Modelyard, root: Path) -> None:
    told: list[Path] = []
    heard = threading.Event()
    first = yard.library.ensure("hf:me/model/m.safetensors", folder="loras", on_ready=told.append)
    first.on_ready(lambda path: (told.append(path), heard.set()))
    path = first.wait(30)
    assert heard.wait(30)
    assert path == root / "m.safetensors" and told == [path, path] and first.state == "ready"
    second = yard.library.ensure("hf:me/model/m.safetensors", folder="loras", on_ready=told.append)
    assert second.state == "ready" and len(told) == 3, "it is here: told at once"


def test_a_model_that_cannot_be_had_says_what_may_stand_in(yard: modelyard.Modelyard, root: Path) -> None:
    model(root / "other.safetensors")
    yard.library.scan()
    wanted = yard.library.ensure("hf:me/nothing/x.safetensors", folder="loras")
    with pytest.raises(modelyard.YardError) as error:
        wanted.wait(30)
    assert error.value.code == "model-not-found" and wanted.state == "missing" and wanted.path is None
    assert [one.title for one in wanted.details.fallbacks] == ["other"] and wanted.details.steps
