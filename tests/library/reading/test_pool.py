"""Children that read headers: in order, limited, and replaced when a file ends one."""

from __future__ import annotations

import json
import os
import signal
import struct
import threading
import time
from pathlib import Path

import pytest

from modelyard.library.formats.header import Code
from modelyard.library.reading.pool import Pool


def weights(path: Path, rank: int = 4) -> str:
    head = {
        "lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight": {"dtype": "F16", "shape": [rank, 3072]},
        "lora_unet_double_blocks_0_img_attn_qkv.lora_up.weight": {"dtype": "F16", "shape": [9216, rank]},
    }
    at = 0
    for one in head.values():
        end = at + 2 * one["shape"][0] * one["shape"][1]
        one["data_offsets"], at = [at, end], end
    raw = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(raw)) + raw)
    os.truncate(path, 8 + len(raw) + at)
    return str(path)


def test_answers_come_in_the_order_of_the_questions(tmp_path: Path) -> None:
    paths = [weights(tmp_path / f"{n}.safetensors", rank=n + 1) for n in range(80)]
    with Pool(2) as pool:
        looks = pool.read(paths)
    assert [look.identity.rank for look in looks] == list(range(1, 81))
    assert {look.identity.kind for look in looks} == {"lora"}


def test_a_missing_and_a_damaged_file_cost_only_themselves(tmp_path: Path) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"\xff" * 100)
    paths = [
        weights(tmp_path / "a.safetensors"),
        str(tmp_path / "none"),
        str(tmp_path / "bad.safetensors"),
        str(tmp_path / "a.safetensors"),
    ]
    with Pool(1) as pool:
        first, missing, bad, again = pool.read(paths)
    assert first == again
    assert [problem.code for problem in missing.findings] == [Code.UNREADABLE]
    assert bad.findings


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX")
def test_a_file_that_holds_its_child_up_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    paths = [weights(tmp_path / f"{n}.safetensors") for n in range(5)]
    with Pool(1, patience=1.0) as pool:
        pool.read(paths)
        child = pool._children[0]._process
        assert child is not None
        os.kill(child.pid, signal.SIGSTOP)  # as a disk that does not answer
        looks = pool.read(paths)
    assert [problem.code for problem in looks[0].findings] == [Code.UNREADABLE]
    assert all(look.identity.kind == "lora" for look in looks[1:])


def test_a_child_that_dies_is_replaced(tmp_path: Path) -> None:
    paths = [weights(tmp_path / f"{n}.safetensors") for n in range(3)]
    with Pool(1) as pool:
        pool.read(paths)
        child = pool._children[0]._process
        assert child is not None
        child.kill()
        child.wait()
        assert [look.identity.kind for look in pool.read(paths)] == ["lora"] * 3


def test_a_child_that_was_begun_before_there_was_anything_to_read_reads_it(tmp_path: Path) -> None:
    pool = Pool(1)
    pool.begin()
    pool.begin()
    pool._threads.submit(int).result()  # what was asked before is done
    child = pool._children[0]._process
    assert child is not None and child.poll() is None
    (look,) = pool.read([weights(tmp_path / "a.safetensors")])
    assert look.identity.kind == "lora" and pool._children[0]._process is child
    pool.close()
    assert child.poll() is not None


def test_closing_leaves_no_process_and_no_thread(tmp_path: Path) -> None:
    pool = Pool(2)
    pool.read([weights(tmp_path / "a.safetensors")] * 70)
    children = [child._process for child in pool._children if child._process]
    pool.close()
    assert all(child.poll() is not None for child in children)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("headers")]


def test_a_header_that_eats_memory_is_refused_in_time(tmp_path: Path) -> None:
    path = tmp_path / "bomb.safetensors"
    raw = b'{"a":{"dtype":"F32","shape":[' + b"1," * 5_900_000 + b'1],"data_offsets":[0,4]}}'
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + b"\0" * 4)
    began = time.monotonic()
    with Pool(1) as pool:
        (look,) = pool.read([str(path)])
        assert time.monotonic() - began < 10
        (after,) = pool.read([weights(tmp_path / "good.safetensors")])
    assert [problem.code for problem in look.findings] == [Code.HEADER_TOO_LARGE]
    assert after.identity.kind == "lora" and not after.findings
