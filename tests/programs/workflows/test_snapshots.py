"""Snapshots of ComfyUI-Manager and lock files of comfy-cli."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from modelyard.programs.workflows.reading import read_stream
from modelyard.programs.workflows.references import Workflow
from modelyard.programs.workflows.snapshots import of_snapshot

NODES: dict[str, Any] = {
    "comfyui": "0" * 40,
    "git_custom_nodes": {"https://github.com/org/nodes": {"hash": "1" * 40, "disabled": False}},
    "cnr_custom_nodes": {"impact": "8.1.0"},
    "file_custom_nodes": [{"filename": "mine.py", "disabled": False}],
}
LOCK: dict[str, Any] = {
    "basic": None,
    "models": [
        {
            "model": "Detail",
            "url": "https://huggingface.co/org/repo/resolve/main/d.safetensors",
            "paths": [{"path": "models/loras/sdxl/detail.safetensors"}, {"path": "elsewhere/d.safetensors"}],
            "hashes": [{"hash": "31E35C80FC", "type": "AutoV2"}, {"hash": "a" * 64, "type": "SHA256"}],
            "type": "lora",
        },
        {"model": "base.safetensors", "url": "", "paths": [], "hash": "31e35c80fc", "type": "checkpoint"},
        {"model": "", "paths": []},
    ],
    "custom_nodes": NODES,
}


def read(raw: bytes) -> Workflow | None:
    return read_stream(io.BytesIO(raw), len(raw))


@pytest.mark.parametrize("write", [json.dumps, yaml.safe_dump])
def test_a_snapshot_says_that_it_names_no_models(write: Any) -> None:
    for told in (NODES, {"custom_nodes": NODES}):
        found = read(write(told).encode())
        assert found
        assert (found.format, found.needed) == ("snapshot", [])
        assert found.problems == ["A snapshot names the custom nodes of an installation; it names no models."]


@pytest.mark.parametrize("write", [json.dumps, yaml.safe_dump])
def test_a_lock_file_names_models_with_folder_address_and_hash(write: Any) -> None:
    found = read(write(LOCK).encode())
    assert found
    assert found.format == "comfy-lock"
    assert found.needed == [
        {
            "name": "sdxl/detail.safetensors",
            "directory": "loras",
            "used_by": [],
            "url": "https://huggingface.co/org/repo/resolve/main/d.safetensors",
            "hash": "a" * 64,
            "hash_type": "sha256",
        },
        {
            "name": "base.safetensors",
            "directory": "checkpoints",
            "used_by": [],
            "hash": "31e35c80fc",
            "hash_type": "autov2",
        },
    ]


@pytest.mark.parametrize("path", ["models/loras/../../x.pt", "models/../x.pt", "/home/me/ComfyUI/models/vae/../x.pt"])
def test_a_path_that_leaves_its_folder_is_marked(path: str) -> None:
    found = of_snapshot({"models": [{"model": "x", "paths": [{"path": path}]}]})
    assert found
    assert found.needed[0]["unsafe"]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/home/me/models/ComfyUI/models/vae/a.pt", ("vae", "a.pt")),
        ("C:\\ComfyUI\\models\\loras\\b\\c.pt", ("loras", "b/c.pt")),
        ("checkpoints/d.ckpt", ("checkpoints", "d.ckpt")),
        ("e.ckpt", ("checkpoints", "e.ckpt")),
    ],
)
def test_folder_and_name_come_from_the_path(path: str, place: tuple[str, str]) -> None:
    found = of_snapshot({"models": [{"model": "x", "paths": [{"path": path}], "type": "checkpoint"}]})
    assert found
    assert (found.needed[0]["directory"], found.needed[0]["name"]) == place


@pytest.mark.parametrize("raw", [b"models: [", b"models: &a [*a]", b"models:\n- model: !!python/name:os.system\n"])
def test_hostile_yaml_is_no_snapshot(raw: bytes) -> None:
    assert read(raw) is None


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_wrong_types_are_absent_never_a_crash(junk: Any) -> None:
    models = [dict.fromkeys(("model", "url", "paths", "hashes", "hash", "type"), junk), junk]
    of_snapshot({"models": models, "git_custom_nodes": junk})
    of_snapshot({"models": junk, "custom_nodes": junk})
