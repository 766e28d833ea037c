"""Refresh and upkeep on the command line, without a service."""

from __future__ import annotations

from pathlib import Path

from modelyard.testing import PracticeHub
from running import modelyard


def test_models_are_refreshed_and_what_is_left_is_told(tmp_path: Path, hub: PracticeHub) -> None:
    root = tmp_path / "loras"
    root.mkdir()
    content = hub.civitai.models[100].versions[1].files[0].content
    (root / "mine.safetensors").write_bytes(content.bytes())
    env = hub.env()
    for words in (("roots", "add", str(root), "--folder", "loras"), ("scan",), ("measure",)):
        assert modelyard(*words, env=env).code == 0
    before = modelyard("upkeep", env=env)
    assert "modelyard refresh" in before.out
    told = modelyard("refresh", str(root / "mine.safetensors"), "--json", env=env)
    assert (told.code, told.events[-1]["found"], told.events[-1]["pictures"]) == (0, 1, 1), told
    assert "1 were asked about within a day" in modelyard("refresh", str(root / "mine.safetensors"), env=env).err
    after = modelyard("upkeep", "--run", env=env)
    assert (after.code, after.out.strip()) == (0, "0 models asked about, 0 found.")
    assert "Practice LoRA" in modelyard("show", str(root / "mine.safetensors"), env=env).out
