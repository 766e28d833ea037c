"""Which folder a widget lists is what the host's own nodes say, of empty folders too; the host stays as it was."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from comfyui.hosting import alone
from modelyard.testing.comfyui.folders import folder_paths

Lists = Callable[[str], list[str]]


class Odd:
    def __str__(self) -> str:
        raise ValueError("looked at")


MADE: dict[str, tuple[Callable[[Lists], Any], list[tuple[str, int, str]]]] = {
    "two empty folders": (
        lambda names: {"ckpt": (names("checkpoints"),), "vae": (["None"] + names("vae"),)},  # as nodes do it
        [("ckpt", 0, "checkpoints"), ("vae", 1, "vae")],
    ),
    "words behind": (lambda names: {"vae": (names("vae") + ["taesd"],)}, [("vae", 0, "vae")]),
    "a picked list beside choices": (
        lambda names: {"how": (["default", "fp8"],), "lora": ([one for one in names("loras") if "x" in one],)},
        [("lora", 1, "loras")],
    ),
    "a seed has two places": (
        lambda names: {"seed": ("INT", {"control_after_generate": True}), "lora": (names("loras"),)},
        [("lora", 2, "loras")],
    ),
    "what has no widget has no place": (
        lambda names: {"model": ("MODEL",), "text": ("STRING", {}), "lora": (names("loras"),)},
        [("lora", 1, "loras")],
    ),
    "a newer node": (lambda names: {"name": ("COMBO", {"options": names("vae")})}, [("name", 0, "vae")]),
    "names in another order": (
        lambda names: {"which": (["none", *reversed(names("upscale_models"))],)},
        [("which", 0, "upscale_models")],
    ),
    "another name of known places": (lambda names: {"unet": (names("unet_gguf"),)}, [("unet", 0, "diffusion_models")]),
    "a folder of its own": (lambda names: {"file": (names("ipadapter"),)}, [("file", 0, "ipadapter")]),
    "two folders that were only looked at": (
        lambda names: {"any": ([*names("loras"), *names("vae")],)},
        [],
    ),
    "no folder": (lambda _: {"how": (["a", "b"],), "odd": 5, "none": ()}, []),
    "a node that fails": (lambda _: 1 // 0, []),
    "a node of another make": (lambda names: [names("loras")], []),
    "a choice that fails when it is looked at": (lambda names: {"lora": ([*names("loras"), Odd()],)}, []),
}


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """Its modules, with a model in one folder."""
    paths: Any = folder_paths(tmp_path)
    known = paths.folder_names_and_paths
    known["unet_gguf"] = (list(known["diffusion_models"][0]), {".gguf"})
    known["ipadapter"] = ([str(tmp_path / "models" / "ipadapter")], {".safetensors"})
    for name in ("a", "b"):
        file = tmp_path / "models" / "upscale_models" / f"{name}.safetensors"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    nodes: Any = ModuleType("nodes")
    monkeypatch.setitem(sys.modules, "folder_paths", paths)
    monkeypatch.setitem(sys.modules, "nodes", nodes)
    monkeypatch.delitem(sys.modules, "node_alone.inputs", raising=False)
    return paths, nodes


@pytest.mark.parametrize("kind", MADE)
def test_a_widget_lists_the_folder_that_its_node_asked_for(host: tuple[Any, Any], kind: str) -> None:
    paths, nodes = host
    make, expected = MADE[kind]
    told = classmethod(
        lambda _: given if isinstance(given := make(paths.get_filename_list), list) else {"required": given}
    )
    nodes.NODE_CLASS_MAPPINGS = {"Odd": type("Odd", (), {"INPUT_TYPES": told})}
    real = paths.get_filename_list
    good = classmethod(lambda _: {"required": {"vae": (paths.get_filename_list("vae"),)}})
    nodes.NODE_CLASS_MAPPINGS["Good"] = type("Good", (), {"INPUT_TYPES": good})
    assert alone("inputs").rows() == (*(("Odd", *row) for row in expected), ("Good", "vae", 0, "vae"))
    assert paths.get_filename_list is real


def test_to_other_threads_the_lists_are_what_they_were_and_a_missing_service_is_no_trouble(
    host: tuple[Any, Any], tmp_path: Path
) -> None:
    paths, nodes = host
    nodes.NODE_CLASS_MAPPINGS = {}
    inputs = alone("inputs")
    with inputs._watched() as asked:
        assert type(paths.get_filename_list("vae")) is not list and asked == {"vae": []}
        with ThreadPoolExecutor(1) as pool:
            assert type(pool.submit(paths.get_filename_list, "loras").result()) is list
        assert asked == {"vae": []}
    inputs.tell(alone("yard").Yard(tmp_path, []))
