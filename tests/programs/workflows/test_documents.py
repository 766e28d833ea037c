"""JSON of strangers."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.programs.workflows.documents import read_document
from programs.workflows.made import canvas, described, node, queued


def test_a_prompt_names_its_inputs() -> None:
    prompt = {
        "57:28": {"class_type": "DualCLIPLoader", "inputs": {"clip_name2": "two.sft", "clip_name1": "one.sft"}},
        "3": {"class_type": "LoraLoader", "inputs": {"lora_name": ["9", 0], "model": ["4", 0]}},
        "4": {"class_type": "CLIPTextEncode", "inputs": {"text": "embedding:bad"}},
    }
    found = read_document(json.dumps(prompt))
    assert found
    assert found.format == "api"
    assert [(row["name"], row["directory"], row["used_by"]) for row in found.needed] == [
        ("two.sft", "text_encoders", [{"node": "57:28", "type": "DualCLIPLoader", "widget": "clip_name2"}]),
        ("one.sft", "text_encoders", [{"node": "57:28", "type": "DualCLIPLoader", "widget": "clip_name1"}]),
    ]
    assert found.mentioned[0]["name"] == "bad"


@pytest.mark.parametrize(
    "wrap", [{"prompt": queued()}, {"workflow": json.dumps(canvas())}, {"prompt": {"prompt": queued()}}]
)
def test_a_workflow_is_found_in_what_is_wrapped_around_it(wrap: object) -> None:
    assert read_document(json.dumps(wrap))


def test_comfyui_writes_nan_and_is_read() -> None:
    text = json.dumps({**queued(), "8": {"class_type": "X", "inputs": {}, "is_changed": [float("nan")]}})
    assert "NaN" in text
    assert read_document(text)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", "3", "null", '{"nodes": 3}', "[" * 10**6, '{"a":' * 10**5, "9" * 10**6, "\xff"],
    ids=lambda text: text[:8] or "empty",
)
def test_what_is_no_workflow_is_none(text: str) -> None:
    assert read_document(text.encode("latin-1")) is None


def test_lone_surrogates_do_not_come_out() -> None:
    bad = "\ud800"
    inside = {**node(1, f"Loader{bad}", models=(described(f"{bad}.pt", bad, hash=bad),)), "id": bad}
    inside["widgets_values"] = {bad: f"{bad}.pt", f"b{bad}": f"embedding:{bad}x"}
    value = canvas({**node(1, bad), "id": bad}, subgraphs=({"id": bad, "nodes": [inside]},), models=[{"name": bad}])
    prompt = {bad: {"class_type": bad, "inputs": {bad: f"{bad}.pt"}}}
    for each in (value, prompt):
        found = read_document(json.dumps(each))
        assert found
        assert found.needed
        assert msgspec.json.encode(found)


def test_a_sentence_that_ends_as_a_model_does_is_none() -> None:
    found = read_document(json.dumps({"1": {"class_type": "CLIPTextEncode", "inputs": {"text": "my model.pt"}}}))
    assert found
    assert found.needed == []


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_any_bytes_are_answered(raw: bytes | str) -> None:
    assert read_document(raw) is None
