"""ONNX models, made byte by byte from the field numbers of onnx.proto3."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.library.formats.header import Code, Header
from modelyard.library.formats.reading import read_header


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def message(field: int, data: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(data)) + data


TENSOR = number(1, 4) + number(1, 3) + number(2, 1) + message(8, b"conv.weight") + message(9, b"\0" * 48)
OUTSIDE = message(1, varint(2) + varint(5)) + number(2, 10) + message(8, b"w") + message(13, b"x")
GOOD = (
    number(1, 8) + message(2, b"pytorch") + message(7, message(1, b"node") + message(2, b"main") + message(5, TENSOR))
)


def read(tmp_path: Path, data: bytes) -> Header:
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    return read_header(path)


def test_names_shapes_and_maker_are_told(tmp_path: Path) -> None:
    header = read(tmp_path, GOOD)
    assert (header.format, header.findings) == ("onnx", ())
    assert {name: (one.dtype, one.shape) for name, one in header.tensors.items()} == {"conv.weight": ("F32", (4, 3))}
    assert header.metadata == {"ir_version": 8, "producer_name": "pytorch", "graph": "main", "nodes": 1}


def test_weights_in_another_file_are_told(tmp_path: Path) -> None:
    data = number(1, 8) + message(2, b"x") + message(7, message(5, OUTSIDE))
    header = read(tmp_path, data)
    assert [problem.code for problem in header.findings] == [Code.EXTERNAL_DATA]
    assert not header.damaged


@pytest.mark.parametrize("data", [GOOD[:-20], GOOD + b"\x0f", number(1, 8) + message(2, b"x") + b"\x3a" + b"\xff" * 12])
def test_damage_is_found(tmp_path: Path, data: bytes) -> None:
    assert read(tmp_path, data).damaged


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_changed_bytes_never_raise(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    raw = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    read(tmp_path_factory.getbasetemp(), bytes(raw))
