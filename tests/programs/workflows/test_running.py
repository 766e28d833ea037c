"""What a running ComfyUI says of its nodes goes before what we know of them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from modelyard.programs.workflows.documents import of_value
from modelyard.programs.workflows.references import Workflow
from modelyard.programs.workflows.running import Running, compared, placed
from programs.workflows.made import canvas, node

FOLDERS = {
    "checkpoints": frozenset(("a.ckpt", "sub\\b.ckpt")),
    "vae": frozenset(("v.pt",)),
    "loras": frozenset(("same.pt",)),
    "upscale_models": frozenset(("same.pt",)),
    "controlnet": frozenset[str](),
}
INFO: dict[str, Any] = {
    "CheckpointLoaderSimple": {"input": {"required": {"ckpt_name": [["a.ckpt", "sub\\b.ckpt"], {"tooltip": "x"}]}}},
    "VAELoader": {"input": {"required": {"vae_name": ["COMBO", {"options": ["v.pt", "taesd"]}]}}},
    "Odd Loader": {
        "input": {
            "required": {
                "image": ["IMAGE"],
                "seed": ["INT", {"control_after_generate": True}],
                "text": ["STRING", {}],
            },
            "optional": {"which": [["same.pt", "v.pt"]]},
        }
    },
}
RUNNING = Running(INFO, FOLDERS)


def rows(*nodes: dict[str, Any]) -> dict[str, tuple[str | None, bool | None]]:
    found = of_value(canvas(*nodes))
    assert found
    return {row["name"]: (row["directory"], row.get("listed")) for row in compared(found, RUNNING).needed}


def test_a_name_that_is_offered_is_listed_whichever_slash_it_has() -> None:
    assert rows(node(1, "CheckpointLoaderSimple", "sub/b.ckpt")) == {"sub/b.ckpt": ("checkpoints", True)}
    assert rows(node(1, "VAELoader", "else.pt")) == {"else.pt": ("vae", False)}


def test_both_ways_to_write_a_choice_are_read() -> None:
    assert RUNNING.folder("CheckpointLoaderSimple", "ckpt_name") == "checkpoints"
    assert RUNNING.folder("VAELoader", "vae_name") == "vae"
    assert RUNNING.offers("VAELoader", "vae_name") == {"v.pt", "taesd"}


def test_the_position_of_a_value_counts_widgets_and_what_follows_a_seed() -> None:
    assert RUNNING.offers("Odd Loader", "#3") == {"same.pt", "v.pt"}
    assert RUNNING.offers("Odd Loader", "#2") is RUNNING.offers("Odd Loader", "#1") is None


def test_folders_that_hold_the_same_are_not_guessed_between() -> None:
    info = {"X Loader": {"input": {"required": {"n": [["same.pt"]]}}}}
    assert Running(info, FOLDERS).folder("X Loader", "n") == ""


def test_a_node_it_does_not_know_keeps_what_we_know() -> None:
    assert rows(node(1, "LoraLoader", "l.pt")) == {"l.pt": ("loras", None)}


def test_what_an_input_lists_goes_before_the_table_where_that_folder_is_known() -> None:
    told = {
        ("OddLoader", "#1"): "ipadapter",
        ("VAELoader", "vae_name"): "vae_of_mine",
        ("VAELoader", "#0"): "vae_of_mine",
    }
    found = of_value(canvas(node(1, "OddLoader", "fast", "o.safetensors"), node(2, "VAELoader", "v.pt")))
    assert found

    def folders(*known: str) -> list[str]:
        return [row["directory"] for row in placed(found, told, known).needed]

    assert folders() == ["ipadapter", "vae"], "a folder that nobody has is better than none, not than a known one"
    assert folders("vae_of_mine") == ["ipadapter", "vae_of_mine"]
    assert placed(found, {}, ()) is found


@given(st.recursive(st.none() | st.text() | st.integers(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_wrong_types_anywhere_are_absent_never_a_crash(junk: Any) -> None:
    for info in ({"N": junk}, {"N": {"input": junk}}, {"N": {"input": {"required": {"w": junk, "v": [junk, junk]}}}}):
        running = Running(json.loads(json.dumps(info)), FOLDERS)
        assert running.folder("N", "w") in ("", *FOLDERS)
        compared(
            Workflow("ui", [{"name": "a", "directory": None, "used_by": [{"type": "N", "widget": "#0"}]}], []), running
        )
