"""Content is the same however it is cut, and its containers are valid."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modelyard.testing import Bytes, FromFile, Noise, Sparse, gguf_of_size, safetensors, safetensors_of_size
from modelyard.testing.content import BLOCK, Content, Flipped, NextVersion
from modelyard.testing.models import safetensors_header
from testing.asking import git_hash

SIZE = 2 * BLOCK + 777
HEAD = b"header" * 20
MADE: list[Content] = [
    Noise(SIZE, 3, HEAD),
    Sparse(SIZE, 3, HEAD),
    Noise(SIZE, 3, b"h" * (BLOCK + 5)),
    Flipped(Noise(SIZE, 3, HEAD), BLOCK),
    NextVersion(Noise(SIZE, 3, HEAD)),
    Bytes(b"x" * SIZE),
]
WHOLE = [content.bytes() for content in MADE]


@example(1, SIZE, SIZE)
@given(which=st.integers(0, len(MADE) - 1), a=st.integers(0, SIZE), b=st.integers(0, SIZE))
def test_any_span_equals_the_same_span_of_the_whole(which, a, b):
    start, stop = sorted((a, b))
    assert bytes(MADE[which].read(start, stop)) == WHOLE[which][start:stop]
    assert b"".join(MADE[which].blocks(start, stop)) == WHOLE[which][start:stop]


def test_no_two_blocks_are_alike():
    noise = Noise(4 * BLOCK, 1)
    assert len({bytes(block) for block in noise.blocks()}) == 4


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    assert Noise(1000, 1).bytes() == Noise(1000, 1).bytes() != Noise(1000, 2).bytes()
    assert Noise(1000, 1).tag == Noise(1000, 1).tag != Noise(1000, 2).tag


def test_a_next_version_differs_everywhere_but_in_its_header():
    first, after = WHOLE[0], WHOLE[4]
    assert first[: len(HEAD)] == after[: len(HEAD)]
    assert all(a != b for a, b in zip(first[len(HEAD) :], after[len(HEAD) :], strict=True))


def test_hashes_are_those_of_the_bytes(tmp_path):
    (tmp_path / "x").write_bytes(WHOLE[0])
    for content in (MADE[0], FromFile(tmp_path / "x")):
        assert content.sha256 == hashlib.sha256(WHOLE[0]).hexdigest()
        assert content.git_sha1 == git_hash(WHOLE[0])


@pytest.mark.parametrize("size", [168, 169, 5000, 1_000_003])
def test_safetensors_of_any_size_load(size, tmp_path):
    from safetensors import safe_open

    (tmp_path / "m.safetensors").write_bytes(safetensors_of_size(size).bytes())
    assert (tmp_path / "m.safetensors").stat().st_size == size
    with safe_open(tmp_path / "m.safetensors", "np") as opened:
        assert list(opened.keys()) == ["weight"]


def test_safetensors_with_named_tensors_load(tmp_path):
    from safetensors.numpy import load_file

    content = safetensors({"a": ("F16", (2, 3)), "b": ("F32", (5,))}, metadata={"format": "pt"})
    (tmp_path / "m.safetensors").write_bytes(content.bytes())
    assert {name: array.shape for name, array in load_file(tmp_path / "m.safetensors").items()} == {
        "a": (2, 3),
        "b": (5,),
    }
    assert json.dumps(safetensors_header(content)["a"]["shape"]) == "[2, 3]"


@pytest.mark.parametrize("size", [320, 1_500_000])
def test_gguf_of_any_size_loads(size, tmp_path):
    from gguf import GGUFReader

    (tmp_path / "m.gguf").write_bytes(gguf_of_size(size).bytes())
    reader = GGUFReader(tmp_path / "m.gguf")
    assert [tensor.name for tensor in reader.tensors] == ["token_embd.weight"]
    assert (tmp_path / "m.gguf").stat().st_size == size
