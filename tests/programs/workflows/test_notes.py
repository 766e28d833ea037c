from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.programs.workflows.documents import of_value
from modelyard.programs.workflows.notes import MOST_MIRRORS
from programs.workflows.made import canvas as made
from programs.workflows.made import node

HUB = "https://huggingface.co/Comfy-Org/Lumina/resolve/main/split/ae.safetensors"


def canvas(note: str, *, url: str = HUB, inside: bool = False) -> dict[str, Any]:
    model = {"name": "ae.safetensors", "directory": "vae"} | ({"url": url} if url else {})
    loader = {
        "id": 1,
        "type": "VAELoader",
        "mode": 0,
        "widgets_values": ["ae.safetensors"],
        "properties": {"models": [model]},
    }
    told = {"id": 2, "type": "MarkdownNote", "mode": 4, "widgets_values": [note]}
    if inside:
        graph = {"id": "sub", "nodes": [told], "links": [], "inputs": []}
        return {"nodes": [loader, {"id": 3, "type": "sub"}], "definitions": {"subgraphs": [graph]}}
    return {"nodes": [loader, told]}


def row(workflow: dict[str, Any]) -> dict[str, Any]:
    found = of_value(workflow)
    assert found
    return found.needed[0]


@pytest.mark.parametrize(
    ("words", "size"),
    [("(7.49 GB)", 7_490_000_000), ("(319.8 MB)", 319_800_000), ("(~2 KB)", 2000), ("(1 TiB)", 10**12), ("", None)],
)
def test_a_note_says_how_large_a_file_is(words: str, size: int | None) -> None:
    assert row(canvas(f"- [ae.safetensors]({HUB}?download=true) {words}")).get("size") == size


def test_the_page_of_a_file_is_no_other_place() -> None:
    told = row(canvas(f"[ae.safetensors]({HUB.replace('resolve', 'blob')}) (1 MB)"))
    assert "mirrors" not in told
    assert told["size"] == 1_000_000


@pytest.mark.parametrize("inside", [False, True])
def test_a_copy_of_the_repository_at_modelscope_is_a_mirror(inside: bool) -> None:
    note = "[ModelScope:Comfy-Org/lumina](https://modelscope.cn/models/Comfy-Org/lumina)"
    assert row(canvas(note, inside=inside))["mirrors"] == [
        "https://modelscope.cn/models/Comfy-Org/lumina/resolve/master/split/ae.safetensors"
    ]


def test_a_copy_of_another_repository_is_none() -> None:
    assert "mirrors" not in row(canvas("[x](https://modelscope.cn/models/Comfy-Org/flux)"))


@pytest.mark.parametrize(
    "note",
    [
        "the [vae](https://example.org/a/ae.safetensors)",
        "get https://example.org/a/ae.safetensors.",
        "**https://example.org/a/ae.safetensors?download=true**",
        "[ae.safetensors](https://example.org/a/ae.safetensors)",
    ],
)
def test_a_model_without_an_address_is_found_by_its_name_in_a_note(note: str) -> None:
    assert row(canvas(note, url=""))["mirrors"] == ["https://example.org/a/ae.safetensors"]


def test_a_label_names_a_file_whose_address_does_not() -> None:
    note = "[ae.safetensors](https://civitai.com/api/download/models/12)"
    assert row(canvas(note, url=""))["mirrors"] == ["https://civitai.com/api/download/models/12"]


@pytest.mark.parametrize("place", ["http://example.org/ae.safetensors", "javascript:alert(1)//ae.safetensors"])
def test_only_secure_addresses_count(place: str) -> None:
    assert "mirrors" not in row(canvas(f"[ae.safetensors]({place})"))


def test_few_of_many_places_are_kept() -> None:
    note = "\n".join(f"[ae.safetensors](https://example.org/{n})" for n in range(100))
    assert len(row(canvas(note))["mirrors"]) == MOST_MIRRORS


@given(st.text(alphabet="[]()https:/. GMBae~1\n`", max_size=300))
def test_no_note_breaks_the_plan(note: str) -> None:
    assert row(canvas(note))["name"] == "ae.safetensors"


@pytest.mark.parametrize(
    "piece", ["[", "[a](", "[a](https://", "https://", "[ae](https://x.y/z) (1", "](", "`https://x"]
)
def test_no_repetition_in_a_note_costs_time(piece: str) -> None:
    began = time.process_time()
    row(canvas(piece * (2_000_000 // len(piece))))
    assert time.process_time() - began < 10


def test_what_another_model_of_that_name_has_is_not_told_of_this_one() -> None:
    other = "https://huggingface.co/org/encoder/resolve/main/model.safetensors"
    own = "https://huggingface.co/org/vision/resolve/main/model.safetensors"
    nodes = [
        node(1, "CLIPVisionLoader", "model.safetensors", models=(vision(own, "clip_vision"),)),
        node(2, "CLIPLoader", "model.safetensors", "wan", models=(vision(other, "text_encoders"),)),
        node(3, "MarkdownNote", f"[model.safetensors]({other}) (9.79 GB) [model.safetensors](https://example.org/m)"),
    ]
    found = of_value(made(*nodes))
    assert found
    told = {row["directory"]: row for row in found.needed}
    assert "size" not in told["clip_vision"] and "mirrors" not in told["clip_vision"]
    assert told["text_encoders"]["size"] == 9_790_000_000


def test_a_size_beside_another_place_is_not_that_of_the_row_s_own() -> None:
    told = row(canvas("[ae.safetensors](https://example.org/a/ae.safetensors) (9 GB)"))
    assert told["mirrors"] == ["https://example.org/a/ae.safetensors"]
    assert "size" not in told


def vision(url: str, folder: str) -> dict[str, str]:
    return {"name": "model.safetensors", "directory": folder, "url": url}
