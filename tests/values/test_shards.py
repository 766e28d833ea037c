"""The files of one sharded model by their names."""

from __future__ import annotations

import pytest

from modelyard.values.shards import index_of, shard_of


@pytest.mark.parametrize(
    ("name", "shard", "index"),
    [
        ("a-00001-of-00002.safetensors", ("a", "-00001-of-00002.safetensors"), "a.safetensors.index.json"),
        ("a.b-00010-of-00010.bin", ("a.b", "-00010-of-00010.bin"), "a.b.bin.index.json"),
        ("a-1-of-2.safetensors", None, ""),
        ("-00001-of-00002.gguf", None, ""),
        ("a.safetensors", None, ""),
    ],
)
def test_a_shard_names_its_set_and_its_index(name: str, shard: tuple[str, str] | None, index: str) -> None:
    assert shard_of(name) == shard
    assert index_of(name) == index
