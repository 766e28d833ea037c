import hashlib
import json
import os
import zlib

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from modelyard.engine.digesting import Digesting, differences, needed

ALL = ["sha256", "sha512", "sha1", "md5", "blake3", "crc32", "git-sha1", "autov1", "tensor-sha256"]


@given(st.binary(max_size=5000), st.integers(1, 700))
def test_however_bytes_are_cut_the_digests_are_those_of_the_whole(data: bytes, step: int) -> None:
    running = Digesting(ALL, len(data))
    for start in range(0, len(data), step):
        running.update(memoryview(data[start : start + step]))
    got = running.result()
    assert got["sha256"] == hashlib.sha256(data).hexdigest()
    assert got["autov2"] == got["sha256"][:10]
    assert got["blake3"] == blake3(data).hexdigest()
    assert got["crc32"] == f"{zlib.crc32(data):08x}"
    assert got["git-sha1"] == hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@pytest.mark.parametrize("step", [1, 7, 8, 9, 4096])
def test_autov3_is_the_hash_of_the_tensors_alone(step: int) -> None:
    header = json.dumps({"w": {"dtype": "U8", "shape": [99], "data_offsets": [0, 99]}}).encode()
    tensors = os.urandom(99)
    data = len(header).to_bytes(8, "little") + header + tensors
    running = Digesting(["tensor-sha256"], len(data))
    for start in range(0, len(data), step):
        running.update(memoryview(data[start : start + step]))
    assert running.result()["autov3"] == hashlib.sha256(tensors).hexdigest()[:12]


def test_autov1_takes_64_kib_at_one_mebibyte() -> None:
    data = os.urandom(2**21)
    running = Digesting(["autov1"], len(data))
    running.update(memoryview(data))
    assert running.result()["autov1"] == hashlib.sha256(data[2**20 : 2**20 + 65536]).hexdigest()[:8]


def test_what_is_claimed_decides_what_is_measured() -> None:
    assert needed(["autov2", "autov3", "blake3"]) == ["sha256", "tensor-sha256", "blake3"]


def test_autov3_alone_never_condemns_a_file_whose_sha256_is_right() -> None:
    measured = {"sha256": "a" * 64, "autov3": "b" * 12}
    assert differences({"sha256": "a" * 64, "autov3": "c" * 12}, measured) == []
    assert differences({"autov3": "c" * 12}, measured) == ["autov3"]
    assert differences({"sha256": "d" * 64}, measured) == ["sha256"]
