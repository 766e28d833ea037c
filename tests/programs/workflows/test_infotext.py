"""A1111's generation parameters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modelyard.programs.workflows.infotext import read_infotext

TOLD = """a cat, <lora:add detail:0.8> <lora:other:1>, embedding:bad
Negative prompt: dog
Steps: 20, Sampler: "DPM++ 2M, Karras", CFG scale: 7, Model hash: 31E35C80FC, Model: sd_xl_base_1.0, \
VAE hash: 235745AF8D, VAE: sdxl_vae.safetensors, Lora hashes: "add detail: 7C6BAD76EB54, third: ", \
TI hashes: "easy: 0123456789abcdef", \
Hashes: {"model": "31e35c80fc", "lora:other": "aabbccddeeff", "vae": ""}, \
Civitai resources: [{"type": "lora", "modelVersionId": 1375651, "modelName": "A, B"}], Version: v1.10"""


def test_names_and_hashes_come_from_every_place_they_are_told() -> None:
    found = read_infotext(TOLD)
    assert found
    rows = [(row["directory"], row["name"], row.get("hash"), row.get("hash_type")) for row in found.needed]
    assert rows == [
        ("checkpoints", "sd_xl_base_1.0", "31e35c80fc", "autov2"),
        ("vae", "sdxl_vae.safetensors", "235745af8d", "autov2"),
        ("loras", "add detail", "7c6bad76eb54", "autov3"),
        ("loras", "third", None, None),
        ("embeddings", "easy", None, None),
        ("loras", "other", "aabbccddeeff", "autov3"),
        ("loras", "A, B", None, None),
    ]
    assert found.needed[-1]["address"] == "civitai:@1375651"
    assert [row["name"] for row in found.mentioned] == ["bad"]


def test_a_model_that_is_only_a_hash_is_named_by_it() -> None:
    found = read_infotext("Steps: 4, Model hash: 0049942e5c")
    assert found
    assert found.needed[0]["name"] == "0049942e5c"


def test_an_air_is_an_address() -> None:
    air = "urn:air:sdxl:lora:civitai:1221007@1375651"
    found = read_infotext(f"x\nSteps: 4, Resources: {air}")
    assert found
    assert found.needed[0]["address"] == air


def test_a_name_that_leaves_its_folder_is_told() -> None:
    found = read_infotext("Steps: 4, Model: ../../x")
    assert found
    assert found.needed[0]["unsafe"]
    assert found.problems


def test_text_without_steps_is_none_of_this() -> None:
    assert read_infotext("a cat\nNegative prompt: dog") is None


@given(st.text(alphabet='SA:, "\\{}[]<lora>\n1', max_size=300))
def test_anything_behind_steps_is_answered(rest: str) -> None:
    assert read_infotext("Steps: 2, " + rest) is not None


def test_long_nonsense_ends_soon() -> None:
    for piece in ('A: "', 'A: "b,', "A" * 80 + ":", 'Hashes: {"', "<lora:", 'A: "\\'):
        read_infotext("Steps: 1, " + piece * (400_000 // len(piece)))
