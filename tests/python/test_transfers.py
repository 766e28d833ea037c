"""The library's own example: one call, sync and async."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import modelyard
from modelyard.errors import UsageError
from modelyard.testing import PracticeHub


@pytest.fixture(autouse=True)
def surroundings(hub: PracticeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process's own environment, since these functions take no other."""
    for name, value in {**hub.env(), "MODELYARD_HOME": str(tmp_path / "yard")}.items():
        monkeypatch.setenv(name, value)
    hub.hf.add_repo("me/single", {"a.safetensors": 200_000, "README.md": 10})
    hub.hf.add_repo("me/pair", {"a.safetensors": 200_000, "b.safetensors": 200_000})


def test_one_call_fetches_one_proven_file(tmp_path: Path) -> None:
    model = modelyard.download("hf:me/single/a.safetensors", to=tmp_path / "out" / "a.safetensors")
    assert model.path == tmp_path / "out" / "a.safetensors" and model.verified and len(model.sha256) == 64
    assert modelyard.download("hf:me/single", to=f"{tmp_path}/one/").path.name == "a.safetensors"


def test_of_several_models_none_is_fetched_and_all_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        modelyard.download("hf:me/pair", to=f"{tmp_path}/out/")
    assert "a.safetensors" in refused.value.hint and "b.safetensors" in refused.value.hint
    assert not (tmp_path / "out").exists()
    both = modelyard.download_all("hf:me/pair", to=f"{tmp_path}/out/")
    assert {one.path.name for one in both} == {"a.safetensors", "b.safetensors"}


def test_the_same_can_be_awaited(tmp_path: Path) -> None:
    async def run() -> list[str]:
        async with modelyard.Modelyard() as yard:
            assert (await yard.info("hf:me/pair")).title
            assert any("pair" in found.title for found in await yard.search("pair"))
            return [one.path.name for one in await yard.download("hf:me/single", to=f"{tmp_path}/out/")]

    assert sorted(asyncio.run(run())) == ["README.md", "a.safetensors"]
