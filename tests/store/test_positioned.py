"""Reading and writing at an offset: the same with the system's calls and without them, from many threads too."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from modelyard.store.positioned import READ, sought_read, sought_read_into, sought_write

DATA = random.Random(5).randbytes(100_000)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "a").write_bytes(DATA)
    descriptor = os.open(tmp_path / "a", os.O_RDWR)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize(("length", "offset"), [(10, 0), (5000, 99_000), (10, 100_000), (10, 200_000), (0, 5)])
def test_bytes_at_an_offset_are_those_that_the_system_reads_there(opened: int, length: int, offset: int) -> None:
    assert sought_read(opened, length, offset) == os.pread(opened, length, offset)
    ours, theirs = [bytearray(length), bytearray(7)], [bytearray(length), bytearray(7)]
    assert sought_read_into(opened, ours, offset) == os.preadv(opened, theirs, offset)
    assert ours == theirs


def test_threads_that_share_a_descriptor_do_not_move_each_others_place(opened: int) -> None:
    def write(number: int) -> None:
        for turn in range(50):
            offset = number * 10_000 + 100 * turn
            assert sought_write(opened, bytes([number]) * 100, offset) == 100
            assert sought_read(opened, 100, offset) == bytes([number]) * 100

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert (
        os.pread(opened, 100_000, 0)
        == b"".join(
            bytes([number]) * 5000 + DATA[number * 10_000 + 5000 : (number + 1) * 10_000] for number in range(8)
        )
        + DATA[80_000:]
    )


def test_a_file_is_opened_to_be_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\r\n\x1a")
    descriptor = os.open(tmp_path / "a", READ)
    assert os.read(descriptor, 10) == b"\r\n\x1a"
    os.close(descriptor)
